"""The letter beside the composer: what its panel shows, made by the compiler itself.

`panel` gives the values of `templates/desk/issues/letter_panel.html.j2`, which stands on a page of
its own (`letters`) and beside the composer; `shown` the same letter for the panel's script.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from sqlalchemy.orm import Session

from mailer import audience, delivery, publication
from mailer.audience import Recipient
from mailer.delivery import NOBODY, Preview
from mailer.errors import MailerError, WrongInput
from mailer.letter import Finding, LinkAnswer, Variant
from mailer.publication import Issue
from mailer.staff import Act
from mailer.web.desk.letter_choice import Choice
from mailer.web.desk.letter_frame import framed
from mailer.web.desk.shell import Desk

MATCHING = 8
NEARLY_FULL = 0.88
"""From so much of what Gmail shows on the meter warns; preflight's own warning begins there."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The letter as chosen, or in words why there is none; `reader` is who gets it."""

    preview: Preview | None = None
    fault: str = ""
    reader: Recipient = NOBODY


@dataclass(frozen=True, slots=True)
class LedTo:
    """A finding in the language of whoever looks, and the way to the field that mends it."""

    severity: str
    place: str
    reason: str
    remedy: str
    path: str
    field: str = field(default="")


def look_at(desk: Desk, session: Session, issue: Issue, chosen: Choice) -> Looked:
    """The letter of `issue`, which need not be saved, for whom it was chosen."""
    reader, variant = NOBODY, _variant(issue, chosen)
    try:
        if chosen.reader and desk.may(Act.READERS_SEE):
            variant, reader = delivery.sample_reader_by_id(
                session, desk.config, issue, chosen.reader, desk.now
            )
        if variant is None:
            return Looked(fault=desk.say("This issue has nothing for such a reader."))
        made = delivery.preview(desk.config, issue, variant, desk.now, reader)
    except WrongInput as error:
        return Looked(fault=desk.tell(error), reader=reader)
    return Looked(made, reader=reader)


def _variant(issue: Issue, chosen: Choice) -> Variant | None:
    return delivery.chosen_variant(
        issue,
        language=chosen.language,
        form=chosen.form,
        member=chosen.member,
        topics=chosen.topics or None,
    )


def meter(desk: Desk, made: Preview | None) -> dict[str, Any]:
    """How large the letter is, in words and as a bar of 100."""
    octets, most = (made.octets, made.most) if made else (0, 102_000)
    share = octets / most
    sizes = {"size": octets // 1000, "most": most // 1000}
    if share > 1:
        words = desk.say("{size} of {most} KB: Gmail cuts off the end.", **sizes)
    elif share > NEARLY_FULL:
        words = desk.say("{size} of {most} KB: nearly full.", **sizes)
    else:
        words = desk.say("{size} of {most} KB", **sizes)
    level = "bad" if share > 1 else "warn" if share > NEARLY_FULL else "good"
    return {"words": words, "level": level, "used": round(min(share, 1) * 100, 1)}


def inbox(desk: Desk, issue: Issue, made: Preview | None) -> dict[str, str]:
    """One line of an inbox: who writes, the subject, and what stands behind it."""
    name, address = parseaddr(issue.publication.sender or desk.config.mail.from_)
    return {
        "sender": name or address,
        "subject": made.subject if made else issue.subject,
        "beginning": made.beginning if made else issue.preheader,
    }


def missing(desk: Desk, made: Preview | None) -> str:
    """What this reader does not get, in words."""
    if made is None or not made.missing:
        return ""
    return desk.count(
        "{n} item is for members and not in this letter.",
        "{n} items are for members and not in this letter.",
        made.missing,
    )


def shown(desk: Desk, issue: Issue, chosen: Choice, looked: Looked) -> dict[str, Any]:
    """The letter for the panel's script, as JSON."""
    made = looked.preview
    html = made.html if made else None
    return {
        "html": None if html is None else framed(desk.config, html, chosen.scheme),
        "text": made.text if made else "",
        "fault": looked.fault,
        "inbox": inbox(desk, issue, made),
        "meter": meter(desk, made),
        "missing": missing(desk, made),
    }


def panel(desk: Desk, session: Session, issue: Issue, chosen: Choice) -> dict[str, Any]:
    """What the panel's template shows of `issue` before any script runs."""
    looked = look_at(desk, session, issue, chosen)
    made = looked.preview
    return {
        "issue": issue,
        "mailing": delivery.statuses(session, [issue.id]).get(issue.id, "draft"),
        "chosen": chosen,
        "letter": made,
        "fault": looked.fault,
        "reader": looked.reader if chosen.reader else None,
        "inbox": inbox(desk, issue, made),
        "meter": meter(desk, made),
        "missing": missing(desk, made),
        "topics": sorted({item.topic for item in issue.items if item.topic}),
        "findings": findings(desk, session, issue),
    }


def findings(
    desk: Desk,
    session: Session,
    issue: Issue,
    *,
    keys: Mapping[int, str] | None = None,
    answers: tuple[LinkAnswer, ...] = (),
) -> tuple[LedTo, ...]:
    """What is to be looked at before the issue is sent, errors first.

    `keys` names items that have no id yet, by their place among the items.
    """
    try:
        earlier = publication.earlier_items(session, issue)
        found = delivery.check_issue(desk.config, issue, earlier, answers)
    except MailerError as error:
        return (LedTo("error", desk.say("the letter"), desk.tell(error), "", ""),)
    return tuple(_led_to(desk, issue, one, keys or {}) for one in found)


def _led_to(desk: Desk, issue: Issue, found: Finding, keys: Mapping[int, str]) -> LedTo:
    where, path, field_id = found.where, "", ""
    field_name, composer = where.field.replace("_", "-"), f"/desk/issues/{issue.id}/"
    if where.thing == "issue" and field_name and desk.may(Act.WRITE):
        field_id = f"issue-{field_name}"
        path = f"{composer}#{field_id}"
    elif where.thing == "item" and desk.may(Act.WRITE):
        item = issue.items[where.item - 1]
        key = keys.get(where.item) or str(item.id)
        field_id = f"item-{key}-{field_name or 'title'}"
        opened = "" if where.item in keys else f"?open={item.id}"
        path = f"{composer}{opened}#{field_id}"
    elif where.thing == "publication" and desk.may(Act.SETTINGS):
        part = "settings" if where.field == "sender" else "look"
        path = f"/desk/publications/{issue.publication.slug}/{part}#{where.field}"
    return LedTo(
        found.severity,
        desk.tell(found.place),
        desk.tell(found.reason),
        desk.tell(found.remedy),
        path,
        field_id,
    )


def matching_readers(session: Session, asked: str) -> list[dict[str, Any]]:
    """Some readers whom `asked` may mean: the beginnings of words of their name or address."""
    found = audience.search(session, asked, limit=MATCHING).readers
    return [
        {"id": one.id, "words": f"{one.name}, {one.address}" if one.name else one.address}
        for one in found
    ]
