"""Header fields (RFC 5322), exactly as they go on the wire.

Words that are not plain ASCII become encoded-words (RFC 2047), each at most 75 characters
and cut between characters; never in a List-* field, a Message-ID or an address, where they
would not be understood. The domain of an address becomes A-labels (RFC 5890); a local part
that is not ASCII stays UTF-8 (RFC 6532). Whatever could end a line, or begin another header
or recipient, is taken out of names and subjects and refused in addresses, ids and links.
"""

import re
import textwrap
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime

from mailer.errors import WrongInput
from mailer.letter.content import Mailbox
from mailer.letter.plain import one_line
from mailer.sentence import Sentence, shown

_LINE = 76
LONGEST_LINK = 900
"""List-Unsubscribe is not folded, and a line has 998 octets at most (RFC 5322 section 2.1.1)."""
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE = re.compile(r"[!-~]+(?: [!-~]+)*")
_ADDRESS = re.compile(
    r"[^\s\x00-\x20\x7f-\x9f\ud800-\udfff<>()\[\]\\,;:@\"]+"
    r"@[^\s\x00-\x20\x7f-\x9f\ud800-\udfff<>()\[\]\\,;:@\"]+"
)
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_LIST_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_LINK = re.compile(r"https?://[!#-;=?-~]+")
_MAILBOX = re.compile(r"\s*(?P<name>.*?)\s*<\s*(?P<address>[^<>]*?)\s*>\s*", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# A mailbox that needs neither quotation marks nor encoding, and the characters that stand for
# themselves in a link wherever it stands (as a table, since one loop in C is the quickest look).
_ATEXT = r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+"
_PLAIN_MAILBOX = re.compile(rf"{_ATEXT}(?: {_ATEXT})* <{_ATEXT}(?:\.{_ATEXT})*@[A-Za-z0-9.-]+>")
_NOT_IN_PLAIN_LINK = bytes(not 0x20 < byte < 0x7F or byte in b"\"'&<=>" for byte in range(256))
# RFC 2047 section 5 (3): what may stand as itself in an encoded-word inside a phrase.
_Q_SELF = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def subject_header(subject: str) -> bytes:
    """The Subject field, folded, with its CRLF."""
    text = one_line(subject).strip()
    if _PRINTABLE.fullmatch(text) and "=?" not in text:
        room = _LINE - len("Subject: ")
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        if max(map(len, lines)) <= room:
            return b"Subject: " + "\r\n ".join(lines).encode() + b"\r\n"
    return b"Subject: " + _encoded_words(text, len("Subject: ")).encode() + b"\r\n"


def to_line(name: str, address: str) -> bytes:
    """The To field: `mailbox_line("To", …)`, at once where there is nothing to fold or encode.

    Raises:
        WrongInput: the address is none.
    """
    line = f"{name} <{address}>"
    if len(line) <= _LINE - len("To: ") and _PLAIN_MAILBOX.fullmatch(line):
        return f"To: {line}\r\n".encode()
    return mailbox_line("To", Mailbox(name, address))


def mailbox_line(field: str, mailbox: Mailbox) -> bytes:
    """An address field with one mailbox (From, Reply-To, To), folded, with its CRLF."""
    return f"{field}: {_mailbox(mailbox.name, mailbox.address, len(field) + 2)}\r\n".encode()


def mailbox_header(mailbox: Mailbox) -> str:
    """The mailbox as it stands in an address field.

    Raises:
        WrongInput: the address is none.
    """
    return _mailbox(mailbox.name, mailbox.address, 0)


def parse_mailbox(text: str) -> Mailbox:
    """Read `Name <name@example.org>`, `"Name, Jr" <…>` or a bare address.

    Raises:
        WrongInput: it is neither, or holds a line break or another control character.
    """
    if one_line(text) != text:
        raise WrongInput(
            Sentence(
                "“{text}” holds a line break or control character; write one line.",
                text=shown(text),
            )
        )
    match = _MAILBOX.fullmatch(text)
    name, address = (match["name"], match["address"]) if match else ("", text.strip())
    if written := _QUOTED.fullmatch(name):
        name = re.sub(r"\\(.)", r"\1", written[1])
    if not _ADDRESS.fullmatch(address) or ('"' in name and not written):
        raise WrongInput(
            Sentence(
                "“{text}” is no mailbox; write it like Ana Quispe <ana@example.org>.",
                text=shown(text),
            )
        )
    return Mailbox(name, address)


def date_line(moment: datetime) -> bytes:
    """The Date field of an aware moment."""
    from email.utils import format_datetime

    return f"Date: {format_datetime(moment)}\r\n".encode()


def message_id_line(message_id: str) -> bytes:
    """The Message-ID field of "<left@domain>".

    Raises:
        WrongInput: it has not that form.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise WrongInput(
            Sentence(
                "“{id}” is no Message-ID; it must be like <left@example.org>.", id=shown(message_id)
            )
        )
    return b"Message-ID: " + message_id.encode() + b"\r\n"


def list_id_line(name: str, list_id: str) -> bytes:
    """The List-Id field (RFC 2919), never folded: a name that is no plain ASCII, or too long for
    the line, is left out.

    Raises:
        WrongInput: the identifier is none.
    """
    if not _LIST_ID.fullmatch(list_id):
        raise WrongInput(
            Sentence(
                "“{id}” is no list identifier; write it like updates.example.org.",
                id=shown(list_id),
            )
        )
    line = f"List-Id: {_quoted_string(name)} <{list_id}>\r\n"
    if not _PRINTABLE.fullmatch(name) or "=?" in name or len(line) > _LINE + 2:
        line = f"List-Id: <{list_id}>\r\n"
    return line.encode()


def is_link(url: str) -> bool:
    """Whether `url` is a plain http or https address: one that ends neither field nor attribute."""
    return len(url) <= LONGEST_LINK and _LINK.fullmatch(url) is not None


def plain_link(url: str) -> bytes | None:
    """`url` where it is a link in which nothing needs escaping, be it in HTML or anywhere else."""
    if url.startswith(("https://", "http://")) and len(url) <= LONGEST_LINK and url.isascii():
        line = url.encode()
        if 1 not in line.translate(_NOT_IN_PLAIN_LINK) and line[-1] != 0x2F:
            return line
    return None


def _mailbox(name: str, address: str, used: int) -> str:
    spec = _addr_spec(address)
    name = one_line(name).strip()
    if not name:
        return spec
    if _ATOMS.fullmatch(name) and "=?" not in name:
        phrase = name
    elif _PRINTABLE.fullmatch(name) and "=?" not in name:
        phrase = _quoted_string(name)
    else:
        phrase = ""
    if not phrase or used + len(phrase) > _LINE:
        phrase = _encoded_words(name, used)
    used = used + len(phrase) if "\r\n" not in phrase else len(phrase) - phrase.rindex("\r\n") - 2
    gap = "\r\n " if used + len(spec) + 3 > _LINE + 2 else " "
    return f"{phrase}{gap}<{spec}>"


def _addr_spec(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise WrongInput(
            Sentence(
                "“{address}” is no email address; it must be like ana@example.org.",
                address=shown(address),
            )
        )
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    import idna

    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        raise WrongInput(
            Sentence(
                "“{domain}” in “{address}” is no domain name.",
                domain=shown(domain),
                address=shown(address),
            )
        ) from None


def _quoted_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded_words(text: str, used: int) -> str:
    """`text` as encoded-words, each on a line of its own; `used` columns are taken before."""
    data = text.encode()
    as_q = sum(1 if byte in _Q_SELF or byte == 0x20 else 3 for byte in data)
    letter = "q" if as_q <= len(data) * 4 / 3 else "b"
    words = []
    room = _LINE - 1 - max(used, 1) - len("=?utf-8?q??=")
    word = b""
    for character in (c.encode() for c in text):
        if word and len(_word(letter, word + character)) > room:
            words.append(word)
            word, room = b"", _LINE - 1 - len("=?utf-8?q??=")
        word += character
    words.append(word)
    return "\r\n ".join(f"=?utf-8?{letter}?{_word(letter, word)}?=" for word in words if word)


def _word(letter: str, data: bytes) -> str:
    return b64encode(data).decode() if letter == "b" else "".join(_q(data))


def _q(data: bytes) -> Iterator[str]:
    for byte in data:
        yield chr(byte) if byte in _Q_SELF else "_" if byte == 0x20 else f"={byte:02X}"
