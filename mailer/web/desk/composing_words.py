"""What composing says: fields by their names, who changed what, and what happened to a save."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from mailer import publication, staff
from mailer.publication import Issue, Overtaken, Piece, Saved, WrongFields
from mailer.sentence import Sentence
from mailer.web.desk.shell import Desk

FIELDS: Mapping[str, Sentence] = {
    "number": Sentence("Number"),
    "date": Sentence("Date"),
    "title": Sentence("Title"),
    "subject": Sentence("Subject"),
    "preheader": Sentence("Preheader"),
    "language": Sentence("Language"),
    "topic": Sentence("Topic"),
    "summary": Sentence("Summary"),
    "body": Sentence("Text"),
    "link": Sentence("Link"),
    "picture_hash": Sentence("Picture"),
    "picture_alt": Sentence("What the picture shows"),
    "picture_caption": Sentence("Caption"),
    "members_only": Sentence("Who may read it"),
}
SEVERAL_LINES = frozenset({"summary", "body"})


@dataclass(frozen=True, slots=True)
class BothTexts:
    """A field that two people changed: `theirs`, `yours`, and what differs between them."""

    name: str
    theirs: Any
    yours: Any
    pieces: tuple[Piece, ...] = field(default=())


def person(desk: Desk, session: Session, actor: str) -> str:
    """Who "staff 3" is, in words."""
    return persons(desk, session, [actor])[actor]


def persons(desk: Desk, session: Session, actors: Iterable[str]) -> dict[str, str]:
    """The same for several, each by what the log calls them."""
    known = staff.names(session)
    return {actor: _person(desk, known, actor) for actor in actors}


def _person(desk: Desk, known: Mapping[int, str], actor: str) -> str:
    kind, _, number = actor.partition(" ")
    if kind == "staff" and number.isdecimal():
        return known.get(int(number)) or desk.say("somebody who is gone")
    return desk.say("the command line")


def saved_words(desk: Desk) -> str:
    """ "Saved 10:42", now."""
    time = desk.catalogue.time(desk.now, desk.config.organisation.zone)
    return desk.say("Saved {time}", time=time)


def named(desk: Desk, names: Iterable[str]) -> str:
    """Fields by their names: "Title, Text"."""
    return ", ".join(desk.tell(FIELDS[name]) for name in names)


def facts_of(desk: Desk, fields: Mapping[str, Any]) -> str:
    """What an item is, beside its title: "Members only · Water · 120 words · picture"."""
    words = len(f"{fields['summary']} {fields['body']}".split())
    facts = [
        desk.say("Members only") if fields["members_only"] else "",
        fields["topic"],
        desk.count("{n} word", "{n} words", words),
        desk.say("picture") if fields["picture_hash"] else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def saved_as_json(desk: Desk, session: Session, saved: Saved) -> JSONResponse:
    """For scripts: what was saved, and what of it somebody else had changed."""
    told = ""
    if saved.from_theirs:
        told = desk.say(
            "{person} saved meanwhile. Both are put together: {fields}.",
            person=person(desk, session, saved.by),
            fields=named(desk, saved.from_theirs),
        )
    return JSONResponse(
        {
            "said": saved_words(desk),
            "told": told,
            "version": saved.version,
            "fields": dict(saved.fields),
            "from_theirs": list(saved.from_theirs),
            "facts": facts_of(desk, saved.fields) if "body" in saved.fields else "",
        }
    )


def wrong_as_json(desk: Desk, wrong: WrongFields) -> JSONResponse:
    """For scripts: which fields cannot be taken, and why."""
    fields = {name: desk.tell(said) for name, said in wrong.fields.items()}
    return JSONResponse({"said": next(iter(fields.values())), "fields": fields}, 422)


def told_of_both(
    desk: Desk, session: Session, issue: Issue, overtaken: Overtaken, path: str
) -> Response:
    """Both texts, to choose from or to put together: a page, or for scripts a piece of one."""
    values = {
        "issue": issue,
        "overtaken": overtaken,
        "person": person(desk, session, overtaken.by) if overtaken.by else desk.say("Somebody"),
        "both": [_both(overtaken, name) for name in overtaken.undecided],
        "kept": {
            name: value
            for name, value in overtaken.proposal.items()
            if name not in overtaken.undecided
        },
        "names": FIELDS,
        "several_lines": SEVERAL_LINES,
        "longest": publication.LONGEST,
        "action": path,
    }
    if not desk.wants_json:
        return desk.page("issues/overtaken", status=409, **values)
    html = desk.paper.render(
        "issues/both_texts", desk.language, nonce="", csrf_token=desk.csrf, **values
    )
    said = desk.say("{person} saved the same a moment before you.", person=values["person"])
    return JSONResponse(
        {
            "said": said,
            "html": html,
            "version": overtaken.version,
            "theirs": dict(overtaken.theirs),
            "undecided": list(overtaken.undecided),
            "removed": overtaken.removed,
        },
        409,
    )


def _both(overtaken: Overtaken, name: str) -> BothTexts:
    theirs, yours = overtaken.theirs.get(name), overtaken.yours.get(name)
    texts = isinstance(theirs, str) and isinstance(yours, str)
    pieces = publication.differences(str(theirs), str(yours)) if texts else ()
    return BothTexts(name, theirs, yours, pieces)
