"""What one reader gets: the message, whatever their name is."""

import html
import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import WrongInput
from mailer.letter import (
    CompiledLetter,
    IssueLetter,
    Letterhead,
    Mailbox,
    MergeValues,
    NoteLetter,
    Theme,
    Variant,
    compile_letter,
    merge,
)
from mailer.letter.headers import mailbox_line, to_line
from mailer.letter.plain import one_line, plain_lines
from mailer.letter.quoted import quoted_value
from tests.letter.conftest import with_field

PUBLIC = Variant("en", "html", member=False)
MEMBER = Variant("en", "html", member=True)
PLAIN = Variant("en", "text", member=False)

wild_text = st.text(st.characters(), max_size=200)
names = st.one_of(wild_text, st.text("Añ日 .,\"\\<>@=?_\r\n\t(:;'e", max_size=90))


@pytest.fixture(scope="session")
def letter(issue: IssueLetter, head: Letterhead, theme: Theme) -> CompiledLetter:
    return compile_letter(issue, head, PUBLIC, theme)


def read(message: bytes) -> EmailMessage:
    """The message as Python's parser sees it: without a defect anywhere."""
    parsed = message_from_bytes(message, policy=policy.default)
    for part in parsed.walk():
        assert not part.defects
        for header in part.values():
            assert not header.defects  # type: ignore[attr-defined]
    return parsed


def check_wire(message: bytes) -> None:
    assert message.endswith(b"\r\n")
    assert not message.endswith(b"\r\n\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", message)
    header, _, body = message.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in header.split(b"\r\n"))
    lines = body.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    assert not re.search(rb"[ \t]{2}|[ \t](\r\n|\Z)", body)


def cleaned(value: str) -> str:
    return one_line(value).strip()


def test_headers(letter: CompiledLetter, ana: MergeValues) -> None:
    message = letter.merge(ana)
    check_wire(message)
    parsed = read(message)
    assert [name for name, _ in parsed.items()] == [
        "From",
        "Reply-To",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
    ]
    assert parsed["From"] == "Andes Updates <updates@andes.example>"
    assert parsed["Reply-To"] == "office@andes.example"
    assert parsed["To"] == "Ana Quispe <ana@example.org>"
    assert parsed["Subject"] == "Update 120: water for everybody"
    assert parsed["Date"].datetime.isoformat() == "2026-03-31T09:00:00+00:00"
    assert parsed["Message-ID"] == "<1.x7@andes.example>"
    assert parsed["List-Id"] == '"Update" <updates.updates.example.org>'
    assert parsed["List-Unsubscribe"] == f"<{ana.fields['unsubscribe_url']}>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert b"\r\nList-Unsubscribe: <https://" in message


def test_the_same_reader_gets_the_same_bytes(
    issue: IssueLetter, head: Letterhead, theme: Theme, letter: CompiledLetter, ana: MergeValues
) -> None:
    assert compile_letter(issue, head, PUBLIC, theme) == letter
    stored = CompiledLetter.from_bytes(letter.to_bytes())
    assert stored == letter
    assert stored.merge(ana) == letter.merge(ana)


def test_text_variant_has_no_html(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    plain = compile_letter(issue, head, PLAIN, theme)
    check_wire(plain.merge(ana))
    assert read(plain.merge(ana)).get_content_type() == "text/plain"
    html, text = plain.parts(ana)
    assert html is None
    assert "A promise about water & rivers" in text


def test_a_note_is_generated_and_has_no_list(
    note: NoteLetter, head: Letterhead, note_theme: Theme, ana: MergeValues
) -> None:
    letter = compile_letter(note, head, PUBLIC, note_theme)
    check_wire(letter.merge(ana))
    parsed = read(letter.merge(ana))
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert not [name for name in parsed if name.startswith("List-")]
    html, text = letter.parts(ana)
    assert html is not None
    button = re.search(r"<a [^>]*>Confirm my subscription</a>", html)
    assert button is not None
    assert f'href="{ana.fields["action_url"]}"' in button[0]
    # Outlook on Windows gives a link no padding, but the cell round it.
    assert re.search(r"<td [^>]*mso-padding-alt:12px 24px[^>]*>" + re.escape(button[0]), html)
    assert f"Confirm my subscription:\n{ana.fields['action_url']}" in text
    for part in (html, text):
        assert "1 Example Street" in part


@pytest.mark.parametrize(
    ("fields", "to_name", "dear"),
    [
        ({"greeting": "Ana and Tom", "name": "Ana"}, "Ana Quispe", "Ana and Tom"),
        ({"name": "Ana"}, "Ana Quispe", "Ana"),
        ({"greeting": ""}, "Ana Quispe", "Ana Quispe"),
        ({"greeting": "  "}, "", "reader"),
        ({"greeting": "  ", "name": "Ana"}, "", "Ana"),
        ({}, "", "reader"),
    ],
)
def test_greeting_and_its_fallbacks(
    letter: CompiledLetter, ana: MergeValues, fields: dict[str, str], to_name: str, dear: str
) -> None:
    links = {name: url for name, url in ana.fields.items() if name.endswith("_url")}
    html, text = letter.parts(replace(ana, to_name=to_name, fields={**links, **fields}))
    assert html is not None
    assert f"Dear {dear}," in html
    assert f"Dear {dear}," in text
    author = "friend" if dear == "reader" else dear
    assert f"Help us, {author}, to greet José." in " ".join(text.split())


def test_subject_with_a_merge_field(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    content = replace(issue, subject="For {{ greeting | you }}: Update 120")
    letter = compile_letter(content, head, PUBLIC, theme)
    bad = with_field(ana, greeting="Ana\r\nBcc: eve@example.net")
    assert read(letter.merge(ana))["Subject"] == "For Ana and Tom: Update 120"
    assert read(letter.merge(bad))["Subject"] == "For Ana Bcc: eve@example.net: Update 120"
    assert "Bcc" not in read(letter.merge(bad))


@given(value=wild_text)
def test_any_value_stays_a_value(letter: CompiledLetter, ana: MergeValues, value: str) -> None:
    message = letter.merge(with_field(replace(ana, to_name=""), greeting=value))
    check_wire(message)
    parsed = read(message)
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    shown = cleaned(value) or "reader"
    page, text = (
        parsed.get_body((kind,)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
        for kind in ("html", "plain")
    )
    assert text.split("\n\n")[2] == f"Dear {shown},"
    greeting = page.partition(">Dear ")[2].partition(",</p>")[0]
    assert "<" not in greeting
    assert '"' not in greeting


@given(name=names)
def test_any_name_stays_a_name(letter: CompiledLetter, ana: MergeValues, name: str) -> None:
    message = letter.merge(replace(ana, to_name=name))
    check_wire(message)
    (to,) = read(message)["To"].addresses
    assert to.addr_spec == "ana@example.org"
    if len(cleaned(name).encode()) <= 40:
        assert to.display_name.split() == cleaned(name).split()
    # In a phrase Python keeps the space between two encoded-words, which RFC 2047 6.2 drops.
    assert "".join(to.display_name.split()) == "".join(cleaned(name).split())


@given(subject=wild_text.filter(lambda text: "{{" not in text))
def test_any_subject_arrives(
    note: NoteLetter, head: Letterhead, note_theme: Theme, ana: MergeValues, subject: str
) -> None:
    letter = compile_letter(
        replace(note, subject=subject), head, Variant("en", "text", member=False), note_theme
    )
    message = letter.merge(ana)
    check_wire(message)
    assert read(message)["Subject"] == cleaned(plain_lines(subject))
    assert all(len(line) <= 78 for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n"))


@pytest.mark.parametrize(
    "address",
    ["", "ana", "ana@", "@b", "a b@c", "a@b\r\nBcc: x@y", "a@b>,<c@d", "a@b,c@d", "a@b\ud800"],
)
def test_what_is_no_address_is_refused(
    letter: CompiledLetter, ana: MergeValues, address: str
) -> None:
    with pytest.raises(WrongInput, match="no email address"):
        letter.merge(replace(ana, to_address=address))


@pytest.mark.parametrize("message_id", ["", "1@b", "<1>", "<1@b>\r\nX: y", "<1@b c>", "<é@b>"])
def test_what_is_no_message_id_is_refused(
    letter: CompiledLetter, ana: MergeValues, message_id: str
) -> None:
    with pytest.raises(WrongInput, match="Message-ID"):
        letter.merge(replace(ana, message_id=message_id))


@pytest.mark.parametrize(
    "url", ["", "javascript:x", "https://a.example/>,<mailto:b@c", "https://a b"]
)
def test_what_is_no_unsubscribe_link_is_refused(
    letter: CompiledLetter, ana: MergeValues, url: str
) -> None:
    with pytest.raises(WrongInput, match="unsubscribe"):
        letter.merge(with_field(ana, unsubscribe_url=url))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", 'https://a"b', "/here", " "])
@pytest.mark.parametrize("field", ["preferences_url", "letter_url"])
def test_a_link_leads_to_a_web_address(
    letter: CompiledLetter, ana: MergeValues, field: str, url: str
) -> None:
    with pytest.raises(WrongInput, match=field):
        letter.merge(with_field(ana, **{field: url}))


plain_value = st.text("AbcXyz 019-.,'&=<>\"_~éF", max_size=170)


@given(value=st.one_of(wild_text, plain_value))
def test_a_value_is_written_the_same_the_short_way_and_the_long(value: str) -> None:
    value = cleaned(value)
    text, markup = merge._written(value)
    assert text == quoted_value(value)
    assert markup == quoted_value(html.escape(value))


@given(rest=st.text("Ab0-_~/.?&='()%,;F", min_size=1, max_size=170))
def test_a_link_is_written_the_same_the_short_way_and_the_long(rest: str) -> None:
    link = f"https://{rest}"
    assert merge._link("letter_url", link) == (quoted_value(link), quoted_value(html.escape(link)))


@given(name=names, local=st.text("ab.-'+=0é", min_size=1, max_size=60))
def test_a_recipient_is_written_the_same_the_short_way_and_the_long(name: str, local: str) -> None:
    address = f"{local}@example.org"
    assert to_line(name, address) == mailbox_line("To", Mailbox(name, address))


def test_foreign_mailboxes(
    issue: IssueLetter, head: Letterhead, theme: Theme, ana: MergeValues
) -> None:
    sender = Mailbox("Círculo de Amigos del Perú, Londres – Boletín", "news@Bücher.example")
    letter = compile_letter(issue, replace(head, sender=sender), PUBLIC, theme)
    message = letter.merge(replace(ana, to_address="josé@peru.example"))
    assert b"To: Ana Quispe <jos\xc3\xa9@peru.example>\r\n" in message
    (parsed,) = message_from_bytes(message, policy=policy.default)["From"].addresses
    assert parsed.addr_spec == "news@xn--bcher-kva.example"
    assert parsed.display_name.replace(" ", "") == sender.name.replace(" ", "")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"no letter",
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: b"[]\n",
        lambda data: data.replace(b'"format": 1', b'"format": 2'),
        lambda data: data.replace(b'"to"', b'"xx"'),
    ],
)
def test_a_damaged_letter_is_refused(letter: CompiledLetter, damage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(WrongInput):
        CompiledLetter.from_bytes(damage(letter.to_bytes()))
