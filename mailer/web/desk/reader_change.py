"""What is said of a reader, changed by staff; and their new address, which is asked first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audience, delivery
from mailer.audience import Subscriber
from mailer.clock import today
from mailer.errors import WrongInput
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.tokens import Signer, address_path
from mailer.web.catalogue import languages
from mailer.web.desk.posted import Posted
from mailer.web.desk.reader import known, log
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()


@look(router, "/desk/readers/{reader_id:int}/change", Act.READERS_CHANGE)
def change_form(desk: TheDesk, reader_id: int) -> Response:
    """What is said of a reader, to be changed."""
    with desk.database.read() as session:
        found = audience.by_id(session, known(reader_id))
        new = audience.new_address_of(session, found.id)
    return _change_page(desk, found, _said(desk, found), new, {})


@act(router, "/desk/readers/{reader_id:int}/change", Act.READERS_CHANGE)
def change(desk: TheDesk, form: PostedForm, reader_id: int) -> Response:
    """Change it; a new address is asked first."""
    with desk.database.read() as session:
        found = audience.by_id(session, known(reader_id))
    typed = _typed(form)
    try:
        with desk.database.write() as session:
            changed = audience.amend(
                session,
                found.id,
                name=typed["name"],
                greeting=typed["greeting"],
                language=typed["language"],
                member={"yes": True, "no": False}.get(typed["member"]),
                tags=audience.read_tags(typed["tags"]),
                custom_fields=dict(typed["fields"]),
                day=today(desk.config.organisation.zone, desk.now),
                now=desk.now,
            )
            for what in changed:
                log(desk, session, found.id, Sentence("changed {what}", what=what))
            asked = _ask_address(desk, session, found, typed["address"])
    except WrongInput as error:
        with desk.database.read() as session:
            new = audience.new_address_of(session, found.id)
        return _change_page(desk, found, typed, new, {_field_of(typed): desk.tell(error)})
    if asked:
        said = desk.say("Saved. The new address is used as soon as somebody there confirms it.")
    else:
        said = desk.say("Saved.") if changed else desk.say("Nothing was changed.")
    return desk.back(f"/desk/readers/{found.id}/", said)


def _said(desk: Desk, found: Subscriber) -> dict[str, Any]:
    day = today(desk.config.organisation.zone, desk.now)
    member = audience.is_member(found.member_from, found.member_until, day)
    return {
        "address": found.address.address,
        "name": found.name,
        "greeting": found.greeting,
        "language": found.language,
        "member": "yes" if member else "no",
        "tags": audience.write_tags(found.tags),
        "fields": sorted(found.custom_fields.items()),
    }


def _typed(form: Posted) -> dict[str, Any]:
    fields = list(zip(form.all("field"), form.all("value"), strict=False))
    return {
        **{
            name: form.one(name)
            for name in ("address", "name", "greeting", "language", "member", "tags")
        },
        "fields": [(name, value) for name, value in fields if name and value],
    }


def _ask_address(desk: Desk, session: Session, found: Subscriber, address: str) -> bool:
    """Ask at a new address, where one was typed; True where a letter is on its way."""
    if not address or address == found.address.address:
        return False
    asked = audience.ask_new_address(session, found.id, address, desk.now)
    log(desk, session, found.id, Sentence("gave a new address"))
    if asked is None:
        return False
    due, change = asked
    signer: Signer = desk.request.app.state.site.signer
    path = address_path(signer, found.id, change, desk.now)
    due = replace(
        due,
        language=due.language or desk.config.organisation.language,
        values={"action_url": desk.config.site.url + path},
    )
    delivery.enqueue(session, desk.config, due, desk.now)
    return True


def _field_of(typed: Mapping[str, Any]) -> str:
    """The field that a room would not take: asked of each alone."""
    checks: tuple[tuple[str, Any], ...] = (
        ("name", lambda text: audience.line_of("name", text)),
        ("greeting", lambda text: audience.line_of("greeting", text)),
        ("language", audience.language_of),
        ("tags", audience.read_tags),
        ("address", audience.normalise),
    )
    for field, check in checks:
        try:
            check(typed[field])
        except WrongInput:
            return field
    for name, value in typed["fields"]:
        try:
            audience.field_name(name)
            audience.line_of("field", value)
        except WrongInput:
            return "field"
    return "address"


def _change_page(
    desk: Desk,
    found: Subscriber,
    typed: Mapping[str, Any],
    new: str | None,
    errors: Mapping[str, str],
) -> Response:
    return desk.page(
        "readers/change",
        status=422 if errors else 200,
        reader=found,
        typed=typed,
        choices={"": desk.say("As the site"), found.language: found.language, **languages()},
        new_address=new,
        errors=errors,
    )
