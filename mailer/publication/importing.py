"""A parsed listing into the database.

What a listing says is an issue's date, and the title and text of an item or page. An item is
known by its title in its issue, else by its slug, else by its summary (then its title was
corrected). What the listing does not name stays as it is, and a slug is given once for ever.
"""

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import Refused, WrongInput
from mailer.letter import long_date
from mailer.publication.content import slug_from
from mailer.publication.issues import find_row
from mailer.publication.listing import ListedIssue, ListedItem, ListedPage, Listing, in_words
from mailer.publication.models import IssueRow, ItemRow, PageRow, PublicationRow
from mailer.publication.revisions import save_issue, save_page
from mailer.sentence import Sentence

_SHOWN_CHARACTERS = 60

Row = TypeVar("Row", ItemRow, PageRow)
Listed = TypeVar("Listed", ListedItem, ListedPage)
# Ways to know again what the database has, the surest first.
Ways = Sequence[Callable[[Listed, Row], bool]]

ITEMS_KNOWN_BY: Ways[ListedItem, ItemRow] = (
    lambda listed, row: listed.title == row.title,
    lambda listed, row: slug_from(listed.title, (), "item") == row.slug,
    lambda listed, row: listed.summary == row.summary,
)
PAGES_KNOWN_BY: Ways[ListedPage, PageRow] = (
    lambda listed, row: listed.title == row.title,
    lambda listed, row: slug_from(listed.title, (), "page") == row.slug,
    lambda listed, row: listed.body == row.body,
)

PARTS = {
    "title": Sentence("title"),
    "summary": Sentence("summary"),
    "body": Sentence("body"),
}
"""What may be another in the listing than here."""


@dataclass(frozen=True, slots=True)
class ImportedListing:
    """What an import did; `unchanged` counts the items and pages that stood so already."""

    issues_created: int = 0
    issues_updated: int = 0
    items_created: int = 0
    items_updated: int = 0
    pages_created: int = 0
    pages_updated: int = 0
    unchanged: int = 0


def import_listing(
    session: Session, listing: Listing, *, update: bool, now: datetime, actor: str
) -> ImportedListing:
    """Bring in what `listing` has; new issues become public drafts. Again, it changes nothing.

    Where it says otherwise about something known, `update` takes the listing's word.

    Raises:
        Refused: it says otherwise, and `update` is False; the sentence names the difference.
            The transaction is to be undone.
        WrongInput: it names a publication that does not exist.
    """
    work = _Import(session, listing.file, update, now, actor)
    for issue in listing.issues:
        work.take_issue(issue)
    work.take_pages(listing.pages)
    if work.differences and not update:
        more = len(work.differences) - 1
        raise Refused(_differ(work.differences[0], more))
    done = ImportedListing(**work.counts)
    if done != ImportedListing(unchanged=done.unchanged):
        issues, items, pages = (
            work.counts[f"{kind}_created"] + work.counts[f"{kind}_updated"]
            for kind in ("issues", "items", "pages")
        )
        words = Sentence(
            "imported {file}: {issues} issues, {items} items, {pages} pages",
            file=listing.file,
            issues=issues,
            items=items,
            pages=pages,
        )
        audit.record(session, now, actor, "archive", words)
    session.flush()
    return done


@dataclass(slots=True)
class _Import:
    session: Session
    file: str
    update: bool
    now: datetime
    actor: str
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Sentence] = field(default_factory=list)

    def take_issue(self, listed: ListedIssue) -> None:
        publication = self.session.scalar(
            select(PublicationRow).where(PublicationRow.title == listed.publication)
        )
        if publication is None:
            raise WrongInput(
                Sentence(
                    "{file}: there is no publication “{publication}”; nothing was imported.",
                    file=self.file,
                    publication=listed.publication,
                )
            )
        row = find_row(self.session, publication.id, listed.number)
        created = row is None
        if row is None:
            row = self._new_issue(publication, listed)
        dated = self._take_date(row, listed)
        if self._take_items(row, listed) or created or dated:
            save_issue(self.session, row, self.now, self.actor)
        self.counts["issues_created"] += created
        self.counts["issues_updated"] += dated

    def take_pages(self, listed: tuple[ListedPage, ...]) -> None:
        rows = list(self.session.scalars(select(PageRow)))
        known = _known(listed, rows, PAGES_KNOWN_BY)
        for page, row in zip(listed, known, strict=True):
            if row is None:
                row = PageRow(
                    slug=slug_from(page.title, {row.slug for row in rows}, "page"),
                    title=page.title,
                    body=page.body,
                    position=max((row.position for row in rows), default=0) + 1,
                    created_at=self.now,
                    updated_at=self.now,
                )
                self.session.add(row)
                rows.append(row)
                outcome = "pages_created"
            else:
                place = Sentence(
                    "{file}:{line}: the page “{title}”",
                    file=self.file,
                    line=page.line,
                    title=row.title,
                )
                changed = self._differs(row, "title", page.title, place)
                changed |= self._differs(row, "body", page.body, place)
                outcome = "pages_updated" if changed else "unchanged"
            self.counts[outcome] += 1
            if outcome != "unchanged":
                save_page(self.session, row, self.now, self.actor)

    def _new_issue(self, publication: PublicationRow, listed: ListedIssue) -> IssueRow:
        title = f"{publication.title} {listed.number}"
        row = IssueRow(
            publication_id=publication.id,
            number=listed.number,
            date=listed.date,
            title=title,
            subject=f"{title}. {long_date(listed.date, publication.language)}",
            preheader=listed.items[0].title,
            language=publication.language,
            public=True,
            published_at=self.now,
            created_at=self.now,
            updated_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def _take_date(self, row: IssueRow, listed: ListedIssue) -> bool:
        """Whether the issue has another date; under `update` it gets the listing's."""
        if row.date == listed.date:
            return False
        if self.update:
            before, after = (long_date(day, row.language) for day in (row.date, listed.date))
            row.subject = row.subject.replace(before, after)
            row.date = listed.date
        else:
            self.differences.append(
                Sentence(
                    "{file}:{line}: {issue} is dated {ours} here and {theirs} in the listing",
                    file=self.file,
                    line=listed.items[0].line,
                    issue=row.title,
                    ours=in_words(row.date),
                    theirs=in_words(listed.date),
                )
            )
        return True

    def _take_items(self, issue: IssueRow, listed: ListedIssue) -> bool:
        """Whether an item of the issue was created or changed."""
        rows = list(self.session.scalars(select(ItemRow).where(ItemRow.issue_id == issue.id)))
        before = self.counts["unchanged"]
        known = _known(listed.items, rows, ITEMS_KNOWN_BY)
        for item, row in zip(listed.items, known, strict=True):
            if row is None:
                row = ItemRow(
                    issue_id=issue.id,
                    position=max((row.position for row in rows), default=0) + 1,
                    slug=slug_from(item.title, {row.slug for row in rows}, "item"),
                    title=item.title,
                    summary=item.summary,
                    body=item.body,
                )
                self.session.add(row)
                rows.append(row)
                self.counts["items_created"] += 1
                continue
            place = Sentence(
                "{file}:{line}: “{title}” of {issue}",
                file=self.file,
                line=item.line,
                title=row.title,
                issue=issue.title,
            )
            changed = self._differs(row, "title", item.title, place)
            changed |= self._differs(row, "summary", item.summary, place)
            # A listing often has summaries only; it then says nothing about the body.
            changed |= bool(item.body) and self._differs(row, "body", item.body, place)
            self.counts["items_updated" if changed else "unchanged"] += 1
        return self.counts["unchanged"] - before < len(listed.items)

    def _differs(self, row: ItemRow | PageRow, name: str, said: str, place: Sentence) -> bool:
        """Whether a text is another than the listing's; under `update` it becomes the same."""
        here = getattr(row, name)
        if here == said:
            return False
        if self.update:
            setattr(row, name, said)
        else:
            ours, theirs = _where_they_part(here, said)
            self.differences.append(
                Sentence(
                    "{place}: its {part} is “{ours}” here and “{theirs}” in the listing",
                    place=place,
                    part=PARTS[name],
                    ours=ours,
                    theirs=theirs,
                )
            )
        return True


def _known(
    listed: Sequence[Listed], rows: Sequence[Row], ways: Ways[Listed, Row]
) -> list[Row | None]:
    """For each thing listed the row that it is about, or None; each row at most once."""
    known: list[Row | None] = [None] * len(listed)
    left = list(rows)
    for same in ways:
        for at, thing in enumerate(listed):
            if known[at] is None:
                row = next((row for row in left if same(thing, row)), None)
                if row is not None:
                    known[at] = row
                    left.remove(row)
    return known


def _differ(first: Sentence, more: int) -> Sentence:
    """Why a listing is refused that says otherwise than what is here, in so many places."""
    if not more:
        return Sentence(
            "{difference}; nothing was imported; --update takes what the listing says.",
            difference=first,
        )
    if more == 1:
        return Sentence(
            "{difference} (and 1 more difference); nothing was imported; --update takes what the "
            "listing says.",
            difference=first,
        )
    return Sentence(
        "{difference} (and {count} more differences); nothing was imported; --update takes what "
        "the listing says.",
        difference=first,
        count=more,
    )


def _where_they_part(here: str, said: str) -> tuple[str, str]:
    """Both texts, cut to the place where they differ."""
    same = 0
    while same < min(len(here), len(said)) and here[same] == said[same]:
        same += 1
    begin = here.rfind(" ", 0, max(0, same - _SHOWN_CHARACTERS // 3)) + 1

    def cut(text: str) -> str:
        words = textwrap.shorten(text[begin:], _SHOWN_CHARACTERS, placeholder=" …")
        return f"{'… ' if begin else ''}{words}"

    return cut(here), cut(said)
