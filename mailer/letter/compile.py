"""Content, letterhead, variant and theme in; a compiled letter out.

1. Merge fields go behind placeholders (fields, draft).
2. The theme is filled in and its styles inlined (html_part); the text part is made from the
   same Markdown (text_part).
3. Both are cut at the placeholders and written as quoted-printable, or as they are where no
   value is merged and nothing need be encoded (quoted), between the headers (headers) of a
   multipart/alternative message, or a plain one.

It is deterministic: the same input gives the same bytes.
"""

import re
from collections.abc import Collection, Iterator

from mailer.errors import WrongInput
from mailer.letter import headers
from mailer.letter.compiled import CompiledLetter
from mailer.letter.content import IssueLetter, Letterhead, NoteLetter, Theme, Variant
from mailer.letter.draft import draft_issue, draft_note, refuse_unknown_fields
from mailer.letter.fields import ISSUE_FIELDS, MERGE_FIELDS, Field, Placeholders, fields_in
from mailer.letter.html_part import html_part
from mailer.letter.merge import Place, Slot
from mailer.letter.plain import plain_content
from mailer.letter.quoted import needs_no_encoding, quoted
from mailer.letter.text_part import issue_text, note_text
from mailer.sentence import Sentence, shown

_FLOWED = "; format=flowed"  # RFC 3676 section 4


def compile_letter(
    content: IssueLetter | NoteLetter,
    head: Letterhead,
    variant: Variant,
    theme: Theme,
    known_fields: Collection[str] | None = None,
) -> CompiledLetter:
    """Compile one variant of a letter; `known_fields` defaults to those of its kind.

    Raises:
        WrongInput: an unknown merge field, a theme that cannot be rendered or has no
            unsubscribe link, a sender that is no mailbox.
    """
    content = plain_content(content)
    if known_fields is None:
        known_fields = ISSUE_FIELDS if isinstance(content, IssueLetter) else MERGE_FIELDS
    refuse_unknown_fields(content, known_fields)
    put = Placeholders.of(variant.language, content, head, variant, theme)
    page = None
    if isinstance(content, IssueLetter):
        issue = draft_issue(content, variant, put)
        text = issue_text(issue, variant, put)
        if variant.format == "html":
            page = html_part(issue, theme, variant, put)
            leave = put.put(Field("unsubscribe_url"))
            if not re.search(rf"""href=["']{leave}["']""", page):
                raise WrongInput(
                    Sentence(
                        "Theme “{theme}” has no unsubscribe link; put "
                        "fields.unsubscribe_url into its footer.",
                        theme=shown(theme.name),
                    )
                )
    else:
        note = draft_note(content, put)
        text = note_text(note, variant, put)
        if variant.format == "html":
            page = html_part(note, theme, variant, put)
    return _assemble(
        variant,
        content.subject,
        [
            *_header(content, head, variant),
            *_body(text, page, put),
        ],
    )


def _header(
    content: IssueLetter | NoteLetter, head: Letterhead, variant: Variant
) -> Iterator[bytes | Slot]:
    yield headers.mailbox_line("From", head.sender)
    if head.reply_to:
        yield headers.mailbox_line("Reply-To", head.reply_to)
    yield Slot("to")
    yield (
        Slot("subject") if fields_in(content.subject) else headers.subject_header(content.subject)
    )
    yield headers.date_line(head.date)
    yield Slot("message_id")
    if isinstance(content, IssueLetter):
        if head.list_id:
            yield headers.list_id_line(head.list_name, head.list_id)
        # RFC 8058 section 3.1; the link is never folded, or some mailbox providers do not see it.
        yield b"List-Unsubscribe: <"
        yield Slot("list_unsubscribe", "unsubscribe_url")
        yield b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    else:
        yield b"Auto-Submitted: auto-generated\r\n"  # RFC 3834: no out-of-office answers
    if re.fullmatch(r"[A-Za-z0-9-]{1,35}", variant.language):
        yield f"Content-Language: {variant.language}\r\n".encode()
    yield b"MIME-Version: 1.0\r\n"


def _body(text: str, page: str | None, put: Placeholders) -> Iterator[bytes | Slot]:
    if page is None:
        yield from _part("plain", text, put)
        return
    # "=_" cannot come up in quoted-printable (RFC 2045 section 6.7, 5).
    boundary = f"=_{put.nonce}"
    yield f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
    for subtype, source in (("plain", text), ("html", page)):
        yield f"--{boundary}\r\n".encode()
        yield from _part(subtype, source, put)
    yield f"--{boundary}--\r\n".encode()


def _part(subtype: str, source: str, put: Placeholders) -> Iterator[bytes | Slot]:
    place: Place = "text" if subtype == "plain" else "html"
    pieces = list(put.cut(source))
    as_is = len(pieces) == 1 and needs_no_encoding(source)
    yield (
        f'Content-Type: text/{subtype}; charset="utf-8"{_FLOWED if place == "text" else ""}\r\n'
        f"Content-Transfer-Encoding: {'7bit' if as_is else 'quoted-printable'}\r\n\r\n"
    ).encode()
    if as_is:
        yield source.replace("\n", "\r\n").encode()
        return
    for at, piece in enumerate(pieces, 1):
        if isinstance(piece, Field):
            yield Slot(place, piece.name, piece.fallback)
        else:
            yield quoted(piece, before_value=at < len(pieces))


def _assemble(variant: Variant, subject: str, pieces: list[bytes | Slot]) -> CompiledLetter:
    slots: list[Slot] = []
    order: list[int] = []
    segments = [b""]
    for piece in pieces:
        if isinstance(piece, bytes):
            segments[-1] += piece
        else:
            if piece not in slots:
                slots.append(piece)
            order.append(slots.index(piece))
            segments.append(b"")
    return CompiledLetter(variant, subject, tuple(slots), tuple(order), tuple(segments))
