"""A back catalogue as plain text, parsed without looking at any database.

    • Title of an item

        Update 120. 31 March 2007

        Its summary. Further paragraphs are its body.

      • Title of a standing page

        Its text, where bullets set further in make a list.

An entry begins with a bullet at most three columns in. One whose text begins with a line like
"Update 120. 31 March 2007" is an item of that issue; any other is a standing page. Whatever
looks like damage is refused with its line, since half an article looks like a whole one to
everybody but its author.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from mailer.errors import WrongInput
from mailer.sentence import Sentence

BULLET = "•"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
LARGEST_FILE = 20_000_000
LONGEST_TITLE = 300
YEARS = range(1900, 2200)
LOST_CHARACTERS = Sentence("this is no text: it holds characters that were lost")
CONTROL_CHARACTERS = Sentence("this is no text: it holds control characters")
_SHORT = 40
"""Characters of a call that may close a page without a full stop ("Become a member")."""

_ENTRY = re.compile(rf" {{0,3}}{BULLET}(.*)")
_ISSUE_LINE = re.compile(r"(\S.{0,199}?) ([0-9]{1,9})\. ([0-9]{1,2}) ([^\W\d_]+) ([0-9]{4})")
# Behind a publication's title: nothing, a number, or words that end in a year.
_ALMOST_AN_ISSUE = r"(\s*|\s+[0-9].*|\W.{0,40}\b[0-9]{4}\W*)"
_SENTENCE_END = re.compile(r"""[.!?…]['"’”»)\]]*$""")
# A first line that ends like this is meant for an issue and its date.
_DATE_AT_END = re.compile(r"(?:.{0,40}\W)?[0-9]{1,2}\W+[^\W\d_]{3,}\W+[0-9]{4}\W*")
# A line of text holds no control characters; a file that does is not a text. Nor does it hold the
# mark of a character that was lost, or one that makes the rest run the other way.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffd-\uffff]"
)


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item as the listing has it; `line` is where it begins."""

    title: str
    summary: str
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class ListedIssue:
    """An issue with its items in the listing's order; `publication` is a title."""

    publication: str
    number: int
    date: date
    items: tuple[ListedItem, ...]


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A standing page as the listing has it; `body` is Markdown."""

    title: str
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole listing; `file` is the name to use in sentences about it."""

    file: str
    issues: tuple[ListedIssue, ...]
    pages: tuple[ListedPage, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A title, and the lines below it; `column` is where its bullet stands."""

    title: str
    line: int
    column: int
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True)
class _IssueLine:
    publication: str
    number: int
    date: date
    line: int


def read_listing(path: Path, publication_titles: Collection[str]) -> Listing:
    """Read and parse the file at `path`.

    Raises:
        WrongInput: the file cannot be read, is not UTF-8, or is damaged.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise WrongInput(Sentence("There is no file {file}; check the name.", file=path)) from None
    except IsADirectoryError:
        raise WrongInput(
            Sentence("{file} is a folder; name the listing in it.", file=path)
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WrongInput(
            Sentence("The file {file} cannot be read: {reason}.", file=path, reason=reason)
        ) from None
    if len(content) > LARGEST_FILE:
        raise WrongInput(Sentence("{file} is larger than 20 MB, which no listing is.", file=path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse(path.name, line, Sentence("this is not UTF-8 text; save the file as UTF-8"))
    return parse_listing(text, path.name, publication_titles)


def parse_listing(text: str, file: str, publication_titles: Collection[str]) -> Listing:
    """Parse `text`, which came from `file`, for the publications with these titles.

    Raises:
        WrongInput: something is damaged; the sentence names file, line and reason.
    """
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        lost = found[0] == "\ufffd"
        _refuse(file, line, LOST_CHARACTERS if lost else CONTROL_CHARACTERS)
    entries = list(_entries(text, file))
    issues: dict[tuple[str, int], tuple[_IssueLine, list[ListedItem]]] = {}
    pages: list[ListedPage] = []
    seen: dict[tuple[str, int, str], int] = {}
    for entry in entries:
        _refuse_lost_bullet(entry, file)
        issue = _issue_line(entry, file, publication_titles)
        if issue is None:
            page = _page(entry, file)
            _refuse_twice(seen, ("", 0, page.title), page.line, file)
            pages.append(page)
            continue
        item = _item(entry, file)
        key = (issue.publication, issue.number)
        _refuse_twice(seen, (*key, item.title), item.line, file)
        first, items = issues.setdefault(key, (issue, []))
        if first.date != issue.date:
            _refuse(
                file,
                issue.line,
                Sentence(
                    "{publication} {number} is dated {ours} here and {theirs} in "
                    "line {line}; make them the same",
                    publication=issue.publication,
                    number=issue.number,
                    ours=in_words(issue.date),
                    theirs=in_words(first.date),
                    line=first.line,
                ),
            )
        items.append(item)
    return Listing(
        file,
        tuple(
            ListedIssue(publication, number, first.date, tuple(items))
            for (publication, number), (first, items) in issues.items()
        ),
        tuple(pages),
    )


def in_words(day: date) -> str:
    """A date as listings write it: "31 March 2007"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _refuse(file: str, line: int, reason: Sentence) -> NoReturn:
    raise WrongInput(
        Sentence(
            "{file}:{line}: {reason}; nothing was imported.", file=file, line=line, reason=reason
        )
    )


def _refuse_twice(
    seen: dict[tuple[str, int, str], int], key: tuple[str, int, str], line: int, file: str
) -> None:
    publication, number, title = key
    if key in seen:
        twice = (
            Sentence(
                "the item of {publication} {number} “{title}” stands in line {line} already",
                publication=publication,
                number=number,
                title=title,
                line=seen[key],
            )
            if publication
            else Sentence(
                "the page “{title}” stands in line {line} already", title=title, line=seen[key]
            )
        )
        _refuse(file, line, twice)
    seen[key] = line


def _entries(text: str, file: str) -> Iterator[_Entry]:
    """The entries of the listing: a bullet's title, and the lines below it."""
    title, begin, column, lines = None, 0, 0, list[_Line]()
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        line = raw.expandtabs(4)
        if bullet := _ENTRY.fullmatch(line):
            if title is not None:
                yield _Entry(title, begin, column, tuple(lines))
            title, begin, column, lines = bullet[1].strip(), number, line.index(BULLET), []
            if not title:
                _refuse(file, number, Sentence("a bullet without a title"))
            if len(title) > LONGEST_TITLE:
                _refuse(
                    file,
                    number,
                    Sentence("a title of more than {limit} characters", limit=LONGEST_TITLE),
                )
        elif title is not None:
            lines.append(_Line(number, line))
        elif line.strip():
            _refuse(
                file, number, Sentence("text before the first bullet ({bullet})", bullet=BULLET)
            )
    if title is None:
        _refuse(
            file,
            1,
            Sentence("the file is empty: no entry begins with a bullet ({bullet})", bullet=BULLET),
        )
    yield _Entry(title, begin, column, tuple(lines))


def _refuse_lost_bullet(entry: _Entry, file: str) -> None:
    """Refuse text that stands as far left as a title, where the rest is set in."""
    texts = [line for line in entry.lines if line.text.strip()]
    if not texts or _indent(texts[0]) <= entry.column:
        return
    for line in texts:
        if _indent(line) <= entry.column:
            _refuse(
                file,
                line.number,
                Sentence(
                    "“{text}” stands where a title does, without a bullet ({bullet})",
                    text=line.text.strip()[:_SHORT],
                    bullet=BULLET,
                ),
            )


def _indent(line: _Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _issue_line(entry: _Entry, file: str, titles: Collection[str]) -> _IssueLine | None:
    """The line that says which issue an entry belongs to; None for a standing page."""
    texts = [line for line in entry.lines if line.text.strip()]
    if not texts:
        _refuse(
            file,
            entry.line,
            Sentence("“{title}” is cut off: nothing stands below its title", title=entry.title),
        )
    first, *others = texts
    for other in others:
        if _ISSUE_LINE.fullmatch(other.text.strip()):
            _refuse(
                file,
                other.number,
                Sentence(
                    "“{text}” stands in the middle of “{title}”; a title with its "
                    "bullet is missing before it",
                    text=other.text.strip(),
                    title=entry.title,
                ),
            )
    words = first.text.strip()
    match = _ISSUE_LINE.fullmatch(words)
    if match is None:
        almost = any(re.fullmatch(re.escape(title) + _ALMOST_AN_ISSUE, words) for title in titles)
        if (almost or _DATE_AT_END.fullmatch(words)) and titles:
            example = f"{min(titles)} 120. 31 March 2007"
            _refuse(
                file,
                first.number,
                Sentence(
                    "“{words}” is no issue and date; write “{example}”",
                    words=words,
                    example=example,
                ),
            )
        return None
    publication, number, day, month, year = match.groups()
    if int(number) == 0:
        _refuse(file, first.number, Sentence("issues are numbered from 1"))
    if publication not in titles:
        known = ", ".join(sorted(titles)) or "none yet"
        _refuse(
            file,
            first.number,
            Sentence(
                "there is no publication “{publication}” (there is: {known})",
                publication=publication,
                known=known,
            ),
        )
    return _IssueLine(
        publication, int(number), _date(day, month, year, file, first.number), first.number
    )


def _date(day: str, month: str, year: str, file: str, line: int) -> date:
    try:
        found = date(int(year), MONTHS.index(month) + 1, int(day))
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        _refuse(
            file,
            line,
            Sentence(
                "“{day} {month} {year}” is no date; write it like 31 March 2007",
                day=day,
                month=month,
                year=year,
            ),
        )
    return found


def _item(entry: _Entry, file: str) -> ListedItem:
    begin = next(at for at, line in enumerate(entry.lines) if line.text.strip()) + 1
    blocks = _blocks(entry.lines[begin:], file)
    if not blocks:
        _refuse(
            file, entry.line, Sentence("“{title}” is cut off: it has no summary", title=entry.title)
        )
    if not _is_whole(blocks[-1]):
        _refuse_cut(entry, file)
    return ListedItem(entry.title, blocks[0], "\n\n".join(blocks[1:]), entry.line)


def _page(entry: _Entry, file: str) -> ListedPage:
    blocks = _blocks(entry.lines, file)
    a_call = len(blocks) > 1 and len(blocks[-1]) <= _SHORT
    if not a_call and not _is_whole(blocks[-1]):
        _refuse_cut(entry, file)
    return ListedPage(entry.title, "\n\n".join(blocks), entry.line)


def _is_whole(block: str) -> bool:
    """Whether a block ends where a sentence does; a list has no sentences."""
    return block.startswith("- ") or _SENTENCE_END.search(block) is not None


def _refuse_cut(entry: _Entry, file: str) -> NoReturn:
    end = max(line.number for line in entry.lines if line.text.strip())
    _refuse(
        file,
        end,
        Sentence(
            "“{title}” is cut off in the middle of a sentence; if it is "
            "whole, end it with a full stop",
            title=entry.title,
        ),
    )


def _blocks(lines: tuple[_Line, ...], file: str) -> list[str]:
    """Paragraphs, each on one line, and lists, as Markdown."""
    blocks: list[list[str]] = []
    within = False
    for line in lines:
        words = line.text.strip()
        if not words:
            within = False
        elif words.startswith(BULLET):
            point = words.removeprefix(BULLET).strip()
            if not point:
                _refuse(file, line.number, Sentence("a bullet without words"))
            if blocks and blocks[-1][0].startswith("- "):
                blocks[-1].append(f"- {point}")
            else:
                blocks.append([f"- {point}"])
            within = True
        elif within:
            blocks[-1][-1] += f" {words}"
        else:
            blocks.append([words])
            within = True
    return ["\n".join(block) for block in blocks]
