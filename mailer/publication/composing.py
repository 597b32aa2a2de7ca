"""Issues and announcements: what is proposed for the next, how one is made, and its own fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import audit
from mailer.errors import NotFound, WrongInput
from mailer.letter import long_date
from mailer.publication.cadence import next_date, read_cadence
from mailer.publication.content import Issue
from mailer.publication.issues import NEWEST_FIRST, find_row, issue_by_id
from mailer.publication.items import EMPTY, new_row, rows_of
from mailer.publication.merging import Fields, Value
from mailer.publication.models import IssueRow, PublicationRow
from mailer.publication.revisions import OF_HEAD, head_fields, save_issue
from mailer.publication.saving import HEAD, Overtaken, Saved, fit_in, hold_issue, overwrite
from mailer.publication.texts import (
    WrongFields,
    fit,
    fit_date,
    fit_language,
    fit_number,
)
from mailer.sentence import Sentence

_PARTING = " .:,;·|–—-"
"""What stands between an issue's title and date and the words after them in a subject."""


@dataclass(frozen=True, slots=True)
class Place:
    """One item of a shape: what it was about, and for whom."""

    topic: str
    members_only: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the next issue would be; `shape` is how the last one, `shape_of`, was made."""

    number: int
    date: date
    title: str
    subject: str
    shape_of: Issue | None
    shape: tuple[Place, ...]


def propose(session: Session, publication_id: int, today: date) -> Proposal:
    """The next number, the date that the cadence says, and how the last issue was made.

    Raises:
        NotFound: there is no such publication.
    """
    publication = _publication(session, publication_id)
    last = _last(session, publication_id)
    after = next_number(session, publication_id)
    try:
        cadence = read_cadence(publication.cadence)
    except WrongInput:
        cadence = None
    day = next_date(cadence, last.date if last else None, today)
    title = f"{publication.title} {after}"
    if last is None:
        return Proposal(
            after, day, title, _usual_subject(title, day, publication.language), None, ()
        )
    shape_of = issue_by_id(session, last.id)
    shape = tuple(Place(item.topic, item.members_only) for item in shape_of.items)
    subject = subject_after(last.subject, (last.title, last.date), (title, day), last.language)
    return Proposal(after, day, title, subject, shape_of, shape)


def next_number(session: Session, publication_id: int) -> int:
    """The number after the highest."""
    query = select(func.max(IssueRow.number)).where(IssueRow.publication_id == publication_id)
    return (session.scalar(query) or 0) + 1


def subject_after(
    subject: str, last: tuple[str, date], following: tuple[str, date], language: str
) -> str:
    """The subject of the issue that follows, after the pattern of the last one's.

    Title and date in it become the new ones. Words of its own are not taken over.
    """
    for before, after in zip(last, following, strict=True):
        if isinstance(before, date) and isinstance(after, date):
            subject = subject.replace(
                long_date(before, language), f"\0{long_date(after, language)}\1"
            )
        else:
            subject = subject.replace(str(before), f"\0{after}\1")
    head, mark, words = subject.rpartition("\1")
    if not mark or head.partition("\0")[0].strip(_PARTING):
        return ""
    parting = words[: len(words) - len(words.lstrip(_PARTING))]
    return (head + parting).replace("\0", "").replace("\1", "")


def create_issue(
    session: Session,
    publication_id: int,
    given: Fields,
    now: datetime,
    actor: str,
    *,
    shape: Sequence[Place] = (),
) -> Issue:
    """Make the issue with the number and date that are given, with an empty item for each place.

    A title or subject that is not given is the usual one.

    Raises:
        NotFound: there is no such publication.
        WrongFields: a field cannot be taken, or the number is taken.
    """
    publication = _publication(session, publication_id, held=True)
    fields = _fit_head(given)
    if not isinstance(fields.get("number"), int):
        raise WrongFields({"number": Sentence("An issue has a number.")})
    _require_free(session, publication, fields["number"])
    return _create(session, publication, "issue", fields, now, actor, shape)


def create_announcement(
    session: Session, publication_id: int, given: Fields, now: datetime, actor: str
) -> Issue:
    """Make an announcement: it has no number, and a title of its own.

    Raises:
        NotFound: there is no such publication.
        WrongFields: a field cannot be taken, or there is no title.
    """
    publication = _publication(session, publication_id, held=True)
    fields = _fit_head(given) | {"number": None}
    if not fields.get("title"):
        raise WrongFields(
            {"title": Sentence("Say what it is about, like “Annual meeting on 23 June”.")}
        )
    return _create(session, publication, "announcement", fields, now, actor, [Place("", False)])


def change_issue(
    session: Session, issue_id: int, given: Fields, base_version: int, now: datetime, actor: str
) -> Saved | Overtaken:
    """Give an issue other fields of its own, typed on top of what they were at `base_version`.

    Where title or subject are the usual ones, they follow number and date.

    Raises:
        NotFound: there is no such issue.
        WrongFields: a field cannot be taken, or the number is taken or fixed.
    """
    issue = hold_issue(session, issue_id)
    fields = _fit_head(given)
    fitted = fit_in(session, issue, fields, base_version)
    if isinstance(fitted, Overtaken):
        return fitted
    renumbers = fitted.fields.get("number", issue.number) != issue.number
    publication = _publication(session, issue.publication_id, held=renumbers)
    following = _following(issue, publication, dict(fitted.fields))
    if renumbers and issue.kind == "issue":
        _require_may_renumber(session, issue, publication, following["number"])
    by = issue.head_changed_by if fitted.from_theirs else ""
    if overwrite(session, issue, following, now, actor) and save_issue(
        session, issue, now, actor, typing=True
    ):
        words = Sentence("changed the head of {issue}", issue=issue.title)
        audit.record(session, now, actor, f"issue {issue.id}", words)
    return Saved(
        HEAD, issue.head_version, head_fields(issue), issue.version, fitted.from_theirs, by
    )


def reach(issue: Issue, status: str) -> Sentence | None:
    """What a change of an issue in this status reaches, where that is more than a draft.

    `status` is that of its mailing, "draft" where it has none.
    """
    if status in {"sending", "paused"}:
        return Sentence(
            "{issue} is on its way. What you change now changes in the archive only; to correct "
            "letters that have not gone out, stop the press first.",
            issue=issue.title,
        )
    if status in {"sent", "cancelled"}:
        return Sentence(
            "{issue} was mailed. What you change now changes in the archive only: whoever has "
            "the letter keeps it as it was.",
            issue=issue.title,
        )
    if status == "scheduled":
        return Sentence(
            "{issue} is scheduled. What you change before then goes out with it.", issue=issue.title
        )
    if issue.public:
        return Sentence(
            "{issue} stands in the archive. What you change is seen there at once.",
            issue=issue.title,
        )
    return None


def _create(
    session: Session,
    publication: PublicationRow,
    kind: str,
    fields: dict[str, Value],
    now: datetime,
    actor: str,
    shape: Sequence[Place],
) -> Issue:
    day = date.fromisoformat(str(fields["date"])) if fields.get("date") else now.date()
    language = str(fields.get("language") or publication.language)
    title = str(fields.get("title") or f"{publication.title} {fields['number']}")
    usual = _usual_subject(title, day, language) if kind == "issue" else title
    row = IssueRow(
        publication_id=publication.id,
        kind=kind,
        number=fields["number"],
        date=day,
        title=title,
        subject=fields.get("subject", usual),
        preheader=fields.get("preheader", ""),
        language=language,
        head_changed_at=now,
        head_changed_by=actor,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    for place in shape:
        of_place = EMPTY | {"topic": place.topic, "members_only": place.members_only}
        new_row(session, row, rows_of(session, row.id), of_place, now, actor)
    save_issue(session, row, now, actor)
    words = Sentence("began {issue}", issue=row.title)
    audit.record(session, now, actor, f"issue {row.id}", words)
    return issue_by_id(session, row.id)


def _fit_head(given: Fields) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    wrong: dict[str, Sentence] = {}
    for name in (name for name in OF_HEAD if name in given):
        try:
            fields[name] = _fit(name, given[name])
        except WrongInput as error:
            wrong[name] = error.args[0]
    if wrong:
        raise WrongFields(wrong)
    return fields


def _fit(name: str, value: Value) -> Value:
    if name == "number":
        return _number(value)
    if name == "date":
        try:
            return fit_date(date.fromisoformat(str(value))).isoformat()
        except ValueError:
            said = Sentence("There is no date “{text}”; choose one.", text=str(value)[:20])
            raise WrongInput(said) from None
    return fit_language(str(value)) if name == "language" else fit(name, str(value or ""))


def _number(value: Value) -> int | None:
    if value is None:
        return None
    if isinstance(value, int):
        return fit_number(value)
    text = str(value).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise WrongInput(Sentence("“{text}” is no number.", text=text[:20]))
    return fit_number(int(text))


def _following(issue: IssueRow, publication: PublicationRow, fields: dict[str, Value]) -> Fields:
    """`fields`, with title and subject as usual where they were so, and a title at least."""
    if issue.kind == "announcement":
        fields["number"] = None
    elif fields.get("number", issue.number) is None:
        raise WrongFields({"number": Sentence("An issue has a number.")})
    usual = f"{publication.title} {issue.number}"
    title = fields.get("title", issue.title)
    if issue.number is not None and title in {usual, ""}:
        title = f"{publication.title} {fields.get('number', issue.number)}"
    fields["title"] = title or issue.title
    was = _usual_subject(issue.title, issue.date, issue.language)
    if fields.get("subject", issue.subject) == was:
        day = date.fromisoformat(str(fields.get("date", issue.date)))
        language = str(fields.get("language", issue.language))
        fields["subject"] = _usual_subject(str(fields["title"]), day, language)
    return fields


def _usual_subject(title: str, day: date, language: str) -> str:
    return f"{title}. {long_date(day, language)}"


def _require_may_renumber(
    session: Session, issue: IssueRow, publication: PublicationRow, number: Value
) -> None:
    if issue.published_at is not None:
        raise WrongFields(
            {
                "number": Sentence(
                    "{issue} has been public: its number stays, since links lead to it.",
                    issue=issue.title,
                )
            }
        )
    _require_free(session, publication, number)


def _require_free(session: Session, publication: PublicationRow, number: Value) -> None:
    assert isinstance(number, int)
    taken = find_row(session, publication.id, number)
    if taken is not None:
        raise WrongFields(
            {
                "number": Sentence(
                    "{publication} {number} is there already, of {date}; the next is {next}.",
                    publication=publication.title,
                    number=number,
                    date=long_date(taken.date, publication.language),
                    next=next_number(session, publication.id),
                )
            }
        )


def _last(session: Session, publication_id: int) -> IssueRow | None:
    query = select(IssueRow).where(
        IssueRow.publication_id == publication_id, IssueRow.number.is_not(None)
    )
    return session.scalar(query.order_by(*NEWEST_FIRST).limit(1))


def _publication(session: Session, publication_id: int, *, held: bool = False) -> PublicationRow:
    query = select(PublicationRow).where(PublicationRow.id == publication_id)
    row = session.scalar(query.with_for_update() if held else query)
    if row is None:
        raise NotFound(Sentence("There is no publication with the id {id}.", id=publication_id))
    return row
