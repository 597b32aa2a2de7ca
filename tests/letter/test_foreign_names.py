"""Names, subjects and organisations of everywhere, in every header field that has them."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from mailer.letter import (
    IssueLetter,
    Letterhead,
    Mailbox,
    MergeValues,
    Theme,
    Variant,
    compile_letter,
)

NAMES = {
    "Spanish": "Asociación de Niñas y Niños «El Ángel», Iquitos",
    "Quechua": "Ñuqanchik Llaqtanchikmanta Q'ipi",
    "Chinese": "秘魯支援團體的通訊",
    "Arabic": "مجموعة دعم بيرو",
    "emoji": "👩🏽‍🌾 Farmers 🇵🇪 & friends ✊🏾",
    "long": "María de los Ángeles " * 9 + "de la Cruz",
    "long, one word": "Ñ" * 200,
    "quotes and commas": 'Quispe, Ana "Anita" (Lima); <x@y.example>, \\o/',
    "looks encoded": "=?utf-8?q?Ana?=",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_arrives_as_it_is(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues, name: str
) -> None:
    content = replace(
        issue,
        subject=f"{name}: Update 120",
        organisation=replace(issue.organisation, name=name),
    )
    head = replace(
        head,
        sender=Mailbox(name, "updates@andes.example"),
        reply_to=Mailbox(name, "office@andes.example"),
        list_name=name,
    )
    letter = compile_letter(content, head, Variant("en", "html", member=False), theme)
    message = letter.merge(replace(ana, to_name=name, fields={**ana.fields, "greeting": name}))
    header, _, _ = message.partition(b"\r\n\r\n")
    fields = header.replace(b"\r\n ", b" ").split(b"\r\n")
    assert header.isascii()
    assert all(len(line) <= 78 for line in header.split(b"\r\n") if b"http" not in line)
    for field in fields:
        if field.startswith((b"List-", b"Message-ID")):
            assert b"=?" not in field.replace(name.encode(), b"")
    parsed = message_from_bytes(message, policy=policy.default)
    for field_name in ("From", "Reply-To", "To"):
        (mailbox,) = parsed[field_name].addresses
        # In a phrase Python keeps the space between two encoded-words, which RFC 2047 6.2 drops.
        assert "".join(mailbox.display_name.split()) == "".join(name.split())
        assert mailbox.addr_spec.endswith(".example") or mailbox.addr_spec == "ana@example.org"
    assert parsed["Subject"] == f"{name}: Update 120"
    assert [key for key, _ in parsed.items()].count("To") == 1
    for kind in ("html", "plain"):
        part = parsed.get_body((kind,))
        assert part is not None
        shown = part.get_content()
        for mark, character in (("&#x27;", "'"), ("&#34;", '"'), ("&#39;", "'"), ("&quot;", '"'),
                                ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):  # fmt: skip
            shown = shown.replace(mark, character)
        assert name in " ".join(shown.split())
