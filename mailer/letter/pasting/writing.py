"""Writing: blocks as Markdown, in the dialect that `markdown` reads."""

import re
import textwrap
from collections.abc import Iterable, Iterator

from mailer.letter.pasting.blocks import (
    BREAK,
    Block,
    Cell,
    Code,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
)
from mailer.letter.pasting.wording import cell, heading, line, paragraphs

ALIGNED = {"right": "--:", "center": ":-:"}


def write_blocks(blocks: Iterable[Block]) -> str:
    """The Markdown of a page; its highest heading becomes ##, as our own pages show it."""
    kept = list(_kept(blocks))
    highest = min(_levels(kept), default=1)
    return _written(kept, highest - 2)


def _kept(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks that say something; lists that go on are one list."""
    last: Block | None = None
    for block in blocks:
        for whole in _said(block):
            if isinstance(whole, Listing) and isinstance(last, Listing) and _goes_on(last, whole):
                last.items += whole.items
            else:
                if last:
                    yield last
                last = whole
    if last:
        yield last


def _said(block: Block) -> Iterator[Block]:
    match block:
        case Paragraph():
            yield from paragraphs(block.runs, block.level)
        case Code():
            text = "\n".join(row.rstrip() for row in block.text.expandtabs(4).split("\n"))
            if text := text.strip("\n"):
                yield Code(text)
        case Rule():
            yield block
        case Quote():
            if inner := list(_kept(block.blocks)):
                yield Quote(inner)
        case Listing():
            if items := [inner for item in block.items if (inner := list(_kept(item)))]:
                yield Listing(block.start, items)
        case Table():
            rows = [row for row in block.rows if any(cell(one.runs) for one in row)]
            if rows:
                yield Table(rows)


def _goes_on(last: Listing, listing: Listing) -> bool:
    if last.start is None or listing.start is None:
        return last.start is listing.start
    return listing.start == last.start + len(last.items)


def _numbered(block: Block | None) -> bool:
    return isinstance(block, Listing) and block.start is not None


def _levels(blocks: Iterable[Block]) -> Iterator[int]:
    for block in blocks:
        match block:
            case Paragraph(level=level) if level:
                yield level
            case Quote(inner):
                yield from _levels(inner)
            case Listing(items=items):
                for item in items:
                    yield from _levels(item)


def _written(blocks: list[Block], lift: int, *, tight: bool = False) -> str:
    written, other = [], False
    for before, block in zip([None, *blocks], blocks, strict=False):
        # Two numbered lists in a row are told apart by what stands behind the number.
        other = _numbered(before) and _numbered(block) and not other
        written.append(_block(block, lift, ")" if other else "."))
    return ("\n" if tight else "\n\n").join(written)


def _block(block: Block, lift: int, behind_number: str) -> str:
    match block:
        case Paragraph(runs, 0):
            rows: list[list[Run]] = [[]]
            for run in runs:
                if run.text == BREAK:
                    rows.append([])
                else:
                    rows[-1].append(run)
            return "\\\n".join(line(row) for row in rows)
        case Paragraph(runs, level):
            return f"{'#' * min(6, level - lift)} {heading(runs)}"
        case Code(text):
            longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            return f"{fence}\n{text}\n{fence}"
        case Rule():
            # Neither a bullet nor the line under a heading begins like this.
            return "___"
        case Quote(inner):
            quoted = _written(inner, lift).split("\n")
            return "\n".join(f"> {row}" if row else ">" for row in quoted)
        case Listing():
            return _listing(block, lift, behind_number)
        case Table(table):
            return _table(table)


def _listing(listing: Listing, lift: int, behind_number: str) -> str:
    tight = all(map(_is_tight, listing.items))
    number, entries = listing.start or 0, []
    for item in listing.items:
        mark = "- " if listing.start is None else f"{number}{behind_number} "
        number += 1
        body = textwrap.indent(_written(item, lift, tight=tight), " " * len(mark))
        entries.append(mark + body[len(mark) :])
    return ("\n" if tight else "\n\n").join(entries)


def _is_tight(item: list[Block]) -> bool:
    """Whether an entry needs no empty line: only a list from 1 may follow words without one."""
    return isinstance(item[0], Paragraph | Listing) and all(
        isinstance(block, Listing) and block.start in (None, 1) for block in item[1:]
    )


def _table(rows: list[list[Cell]]) -> str:
    wide = max(sum(one.span for one in row) for row in rows)
    written = []
    for at, row in enumerate(rows):
        cells: list[str] = []
        for one in row:
            cells += [cell(one.runs, heads=at == 0), *[""] * (one.span - 1)]
        written.append(cells + [""] * (wide - len(cells)))
    aligns = [align for one in rows[0] for align in [one.align] * one.span]
    aligns += [""] * (wide - len(aligns))
    between = [ALIGNED.get(align, "---") for align in aligns]
    return "\n".join(f"| {' | '.join(row)} |" for row in [written[0], between, *written[1:]])
