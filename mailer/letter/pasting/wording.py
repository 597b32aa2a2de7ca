"""Wording: runs of words as lines of Markdown that shows the same words again.

Where Markdown cannot say what was bold or italic (the rules for asterisks are those of
CommonMark 0.31.2, section 6.2), the look goes and the words stay.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Literal

from mailer.letter.pasting.blocks import BREAK, Paragraph, Run
from mailer.letter.pasting.habits import SCHEME

_FIELD = re.compile(r"\{\{[^{}]*\}\}")
_NOTHING = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
_ESCAPED = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|~(?=~)|(?<=~)~", re.ASCII)
_LINE_START = re.compile(r"(?=[>|]|[-+](?:\s|$)|-[-|:]|:[-|:]|=+\s*$|~~~|#{1,6}(?:\s|$))")
_NUMBERED_LINE = re.compile(r"\A(\d{1,9})([.)])(?=\s|$)", re.ASCII)
_PLAIN_URL = re.compile(r"(?:https?://|mailto:)[A-Za-z0-9._~:/?#@!$&'()*+,;=\-]+")
_BARE_URL = re.compile(
    r"(?<![\w.+\-/:@])https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=\-]*[A-Za-z0-9_~/=\-](?![{\w])"
)
_ADDRESS = re.compile(r"[A-Za-z0-9._+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")


def paragraphs(runs: list[Run], level: int = 0) -> Iterator[Paragraph]:
    """What one block of a page says: two line breaks in a row begin a new paragraph."""
    runs = tidy(runs)
    if level:
        runs = tidy([run.saying(" ") if run.text == BREAK else run for run in runs])
    kept: list[Run] = []
    for run in runs:
        if run.text == BREAK and kept and kept[-1].text == BREAK:
            kept.pop()
            yield Paragraph(kept, level)
            kept = []
        elif run.text != BREAK or kept:
            kept.append(run)
    if kept and kept[-1].text == BREAK:
        kept.pop()
    if kept:
        yield Paragraph(kept, level)


def tidy(runs: list[Run]) -> list[Run]:
    """The same words: one space at a time, none at the end of a line, alike runs made one."""
    spaced: list[Run] = []
    for run in runs:
        if run.text == BREAK:
            _strip_end(spaced)
            spaced.append(Run(BREAK))
            continue
        text = _SPACE.sub(" ", _NOTHING.sub("", run.text))
        if not spaced or spaced[-1].text == BREAK or spaced[-1].text.endswith(" "):
            text = text.removeprefix(" ")
        if text:
            look = replace(run, bold=False, italic=False) if run.code else run
            spaced.append(look.saying(text))
    _strip_end(spaced)
    # Spaces never belong to a link or to code: they stand before and behind.
    parted: list[Run] = []
    for run in spaced:
        if (run.url or run.code) and run.text != BREAK:
            words = run.text.strip(" ")
            before, _, behind = run.text.partition(words) if words else (run.text, "", "")
            inner = replace(run, code=False)
            parted += [inner.saying(before), run.saying(words)]
            parted += [inner.saying(behind)]
        else:
            parted.append(run)
    return [run for run in _joined(parted) if run.text]


def line(runs: list[Run]) -> str:
    """One line of words, which may begin with anything."""
    written = _line(runs)
    written = _NUMBERED_LINE.sub(r"\1\\\2", written)
    return f"\\{written}" if _LINE_START.match(written) else written


def heading(runs: list[Run]) -> str:
    """The words of a heading; that all of them are bold goes without saying."""
    if all(run.bold or run.text.isspace() for run in runs):
        runs = [replace(run, bold=False) for run in runs]
    # Number signs at the end would be taken for the heading's own.
    return re.sub(r"(?<!\\)#(#*)$", r"\\#\1", _line(list(_joined(runs))))


def cell(runs: list[Run], *, heads: bool = False) -> str:
    """The words of a cell, where a bar would end it."""
    runs = tidy([run.saying(" ") if run.text == BREAK else run for run in tidy(runs)])
    if heads and all(run.bold or run.text.isspace() for run in runs):
        runs = list(_joined([replace(run, bold=False) for run in runs]))
    written, at, cut = _line(runs), 0, []
    for field in _FIELD.finditer(written):
        cut += [written[at : field.start()].replace("|", "\\|"), field[0]]
        at = field.end()
    return "".join([*cut, written[at:].replace("|", "\\|")])


def _strip_end(runs: list[Run]) -> None:
    while runs and runs[-1].text != BREAK and not runs[-1].text.rstrip(" "):
        runs.pop()
    if runs and runs[-1].text != BREAK:
        runs[-1] = runs[-1].saying(runs[-1].text.rstrip(" "))


def _joined(runs: list[Run]) -> Iterator[Run]:
    """Alike neighbours made one; a break stays for itself."""
    alike = groupby(
        (run for run in runs if run.text),
        lambda run: (run.bold, run.italic, run.code, run.url, run.text == BREAK),
    )
    for key, group in alike:
        if key[-1]:
            yield from group
        else:
            several = list(group)
            yield several[0].saying("".join(run.text for run in several))


def _line(runs: list[Run]) -> str:
    pieces: list[tuple[str | None, list[Run]]] = []
    for url, group in groupby(_linked(runs), lambda run: run.url):
        inner = list(group)
        words = "".join(run.text for run in inner)
        core = words.strip(" ")
        if url is None or not core:
            pieces.append((None, [replace(run, url=None) for run in inner]))
            continue
        if words[0] == " ":
            pieces.append((None, [Run(" ")]))
            inner[0] = inner[0].saying(inner[0].text.lstrip(" "))
        if words[-1] == " ":
            inner[-1] = inner[-1].saying(inner[-1].text.rstrip(" "))
        pieces.append((url, [run for run in inner if run.text]))
        if words[-1] == " ":
            pieces.append((None, [Run(" ")]))
    # A space that stood in a link stands among the words beside it now.
    flat = [(url, run) for url, inner in pieces for run in inner]
    groups = [
        (url, list(_joined([run for _, run in group])))
        for url, group in groupby(flat, lambda pair: pair[0])
    ]
    written = ""
    for at, (url, inner) in enumerate(groups):
        if url is None:
            before = " " if at == 0 else ")"
            behind = " " if at + 1 == len(groups) else "["
            written += _words(inner, before, behind)
        else:
            written += _link(inner, url)
    return written


def _linked(runs: list[Run]) -> Iterator[Run]:
    """The runs, and where an address of the web stands in them bare, a link to it."""
    for run in runs:
        at = 0
        if run.url is None and not run.code and "://" in run.text:
            for bare in _BARE_URL.finditer(run.text):
                if _destination(bare[0]) == bare[0] and "{{" not in bare[0]:
                    yield run.saying(run.text[at : bare.start()])
                    yield Run(bare[0], url=bare[0])
                    at = bare.end()
        yield run.saying(run.text[at:])


def _link(runs: list[Run], url: str) -> str:
    destination = _destination(url)
    words = "".join(run.text for run in runs)
    if destination is None:
        return _words([replace(run, url=None) for run in runs], ")", "[")
    if not any(run.code for run in runs):
        if words in (url, destination) and _PLAIN_URL.fullmatch(words) and words == destination:
            return f"<{words}>"
        if _ADDRESS.fullmatch(words) and destination == f"mailto:{words}":
            return f"<{words}>"
    return f"[{_words(runs, '[', ']')}]({destination})"


def _destination(url: str) -> str | None:
    """`url` as it can stand in a link, merge fields as they are."""
    from markdown_it.common.normalize_url import normalizeLink

    pieces, at = [], 0
    try:
        if not _FIELD.search(url):
            url = normalizeLink(url)
            url = normalizeLink(url)
    except ValueError:
        return None
    for field in [*_FIELD.finditer(url), None]:
        fixed = url[at : field.start() if field else None]
        fixed = re.sub(
            r"[\x00-\x20<>()\\\"|`^{}\[\]]", lambda match: f"%{ord(match[0]):02X}", fixed
        )
        pieces.append(re.sub(r"&(?=#?\w+;)", r"\\&", fixed))
        if field:
            pieces.append(field[0])
            at = field.end()
    done = "".join(pieces)
    return done if done and not (SCHEME.match(done) and SCHEME.fullmatch(done)) else None


def _words(runs: list[Run], before: str, behind: str) -> str:
    """Words and code, given the characters that stand before and behind them."""
    groups = [(is_code, list(group)) for is_code, group in groupby(runs, lambda run: run.code)]
    written = ""
    for at, (is_code, inner) in enumerate(groups):
        if is_code:
            written += _code("".join(run.text for run in inner))
        else:
            left = before if at == 0 else "`"
            right = behind if at + 1 == len(groups) else "`"
            written += _emphasised(inner, left, right)
    return written


def _code(text: str) -> str:
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _emphasised(runs: list[Run], before: str, behind: str) -> str:
    text = "".join(run.text for run in runs)
    fields = [field.span() for field in _FIELD.finditer(text)]
    escaped = {match.start() for match in _ESCAPED.finditer(text)}
    for start, end in fields:
        escaped -= set(range(start, end))
    if behind == "[" and text.endswith("!"):
        escaped.add(len(text) - 1)
    letters = [f"\\{letter}" if at in escaped else letter for at, letter in enumerate(text)]
    if any(run.bold or run.italic for run in runs):
        strong, em = bytearray(), bytearray()
        for run in runs:
            strong += bytes([run.bold]) * len(run.text)
            em += bytes([run.italic]) * len(run.text)
        for start, end in fields:
            for marks in (strong, em):
                marks[start:end] = bytes([marks[start]]) * (end - start)
        around = before + text + behind
        for marks in (strong, em):
            for start, end in _stretches(marks):
                _settle(marks, start, end, around)
        _untangle(strong, em)
        # An underscore between letters is harmless, but not one between a letter and asterisks.
        for start, end in _stretches(strong) + _stretches(em):
            for at in (start - 1, start, end - 1, end):
                if text[at : at + 1] == "_":
                    letters[at] = "\\_"
        for marks, sign in ((strong, "**"), (em, "*")):
            for start, end in _stretches(marks):
                letters[start] = sign + letters[start]
                letters[end - 1] += sign
    return "".join(letters)


def _stretches(marks: bytearray) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(b"\x01+", marks)]


def _settle(marks: bytearray, start: int, end: int, around: str) -> None:
    """Takes from both ends of a stretch what asterisks cannot stand next to."""
    first, last = start, end
    while first < last and not _may_stand(around[first], around[first + 1]):
        first += 1
    while first < last and not _may_stand(around[last + 1], around[last]):
        last -= 1
    # Half a merge field would be none.
    if any(letter in "{}" for letter in around[start + 1 : first + 1] + around[last + 1 : end + 1]):
        first = last
    marks[start:end] = bytes(first - start) + b"\x01" * (last - first) + bytes(end - last)


def _may_stand(outside: str, inside: str) -> bool:
    """Whether asterisks between these two characters open or close towards the inside."""
    if (kind := _kind(inside)) == "letter":
        return True
    return kind == "sign" and (outside not in "{}") and _kind(outside) != "letter"


@cache
def _kind(letter: str) -> Literal["space", "sign", "letter"]:
    from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace

    if isWhiteSpace(ord(letter)):
        return "space"
    return "sign" if isMdAsciiPunct(ord(letter)) or isPunctChar(letter) else "letter"


def _untangle(strong: bytearray, em: bytearray) -> None:
    """Takes marks away until none begins where another ends, and none ends within another."""
    for start, end in _stretches(em):
        if end < len(em) and strong[end - 1] and strong[end]:
            within = strong.rfind(0, start, end) + 1
            if within > start:
                em[start:within] = bytes(within - start)
        if start > 0 and strong[start - 1] and strong[start]:
            within = strong.find(0, start, end)
            if within >= 0:
                em[within:end] = bytes(end - within)
    # Three asterisks in a row can be told apart, if not two more come between them and their end.
    for outer, inner in ((strong, em), (em, strong)):
        for start, end in _stretches(outer):
            ended = inner.find(0, start, end)
            if inner[start] and ended >= 0 and inner.find(1, ended, end) >= 0:
                inner[start:ended] = bytes(ended - start)
    for one, other in ((strong, em), (em, strong)):
        ends = {end for _, end in _stretches(one)}
        for start, end in _stretches(other):
            if start in ends:
                other[start:end] = bytes(end - start)
