"""What staff do about one reader: subscribe, unsubscribe, suppress, lift, erase."""

from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audience, delivery, publication
from mailer.audience import Subscriber
from mailer.errors import MailerError, NotFound
from mailer.publication import Publication
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.posted import Posted
from mailer.web.desk.reader import known, log, reader_page
from mailer.web.desk.readers import greet
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

Doing = Callable[[Session, Subscriber, Publication], str]


@act(router, "/desk/readers/{reader_id:int}/forget-address", Act.READERS_CHANGE)
def forget_address(desk: TheDesk, reader_id: int) -> Response:
    """Let a new address be that nobody has confirmed."""
    with desk.database.write() as session:
        audience.by_id(session, known(reader_id))
        audience.forget_new_address(session, reader_id)
        log(desk, session, reader_id, Sentence("took a new address back"))
    return desk.back(f"/desk/readers/{reader_id}/", desk.say("The new address was taken back."))


@act(router, "/desk/readers/{reader_id:int}/subscribe", Act.READERS_CHANGE)
def subscribe(desk: TheDesk, form: PostedForm, reader_id: int) -> Response:
    """Let them get a publication, on the ground that is stated."""
    if not form.one("ground"):
        said = desk.say("Say who asked for it, when and how.")
        return reader_page(desk, known(reader_id), {f"ground-{form.one('publication')}": said})

    def do(session: Session, found: Subscriber, of: Publication) -> str:
        added = audience.add(
            session,
            found.address.address,
            publication_id=of.id,
            operator=desk.actor,
            ground=form.one("ground"),
            now=desk.now,
        )
        if added.outcome is not audience.Outcome.UNCHANGED:
            greet(desk, session, of, found.id)
        log(desk, session, found.id, Sentence("subscribed to {publication}", publication=of.title))
        return desk.say("Letters of {publication} go to this reader again.", publication=of.title)

    return _do(desk, form, reader_id, do)


@act(router, "/desk/readers/{reader_id:int}/unsubscribe", Act.READERS_CHANGE)
def unsubscribe(desk: TheDesk, form: PostedForm, reader_id: int) -> Response:
    """End one subscription, with what is said about it."""

    def do(session: Session, found: Subscriber, of: Publication) -> str:
        audience.leave(
            session,
            found.id,
            of.id,
            method="staff",
            network=None,
            now=desk.now,
            ground=audience.ground_of(form.one("ground")),
        )
        words = Sentence("unsubscribed from {publication}", publication=of.title)
        log(desk, session, found.id, words)
        return desk.say("No letters of {publication} go there any more.", publication=of.title)

    return _do(desk, form, reader_id, do)


@act(router, "/desk/readers/{reader_id:int}/format", Act.READERS_CHANGE)
def set_format(desk: TheDesk, form: PostedForm, reader_id: int) -> Response:
    """Let letters come with layout, or as plain text."""

    def do(session: Session, found: Subscriber, of: Publication) -> str:
        if not audience.set_format(session, found.id, of.id, form.one("format"), desk.now):
            return desk.say("Nothing was changed.")
        words = Sentence("changed the format of {publication}", publication=of.title)
        log(desk, session, found.id, words)
        return desk.say("Saved.")

    return _do(desk, form, reader_id, do)


@act(router, "/desk/readers/{reader_id:int}/leave-all", Act.READERS_CHANGE)
def leave_all(desk: TheDesk, form: PostedForm, reader_id: int) -> Response:
    """End everything, as the reader asked for it."""
    with desk.database.write() as session:
        found = audience.by_id(session, known(reader_id))
        ground = audience.ground_of(form.one("ground"))
        audience.leave_all(
            session, found.id, method="staff", network=None, now=desk.now, ground=ground
        )
        log(desk, session, found.id, Sentence("unsubscribed from everything"))
    return desk.back(f"/desk/readers/{reader_id}/", desk.say("Nothing is sent there any more."))


@act(router, "/desk/readers/{reader_id:int}/suppress", Act.READERS_CHANGE)
def suppress(desk: TheDesk, reader_id: int) -> Response:
    """Send nothing to the address, whatever its subscriptions say."""
    with desk.database.write() as session:
        found = audience.by_id(session, known(reader_id))
        audience.suppress(session, found.address.address, "address", "staff", desk.now)
        log(desk, session, found.id, Sentence("suppressed the address"))
    said = desk.say("Suppressed. Nothing is sent there until somebody here lifts it.")
    return desk.back(f"/desk/readers/{reader_id}/", said)


@act(router, "/desk/readers/{reader_id:int}/lift", Act.READERS_CHANGE)
def lift(desk: TheDesk, reader_id: int) -> Response:
    """Undo it, where that is staff's to do."""
    try:
        with desk.database.write() as session:
            found = audience.by_id(session, known(reader_id))
            audience.lift_by_staff(session, found.address.mailbox)
            log(desk, session, found.id, Sentence("lifted the suppression of the address"))
    except NotFound:
        raise
    except MailerError as error:
        return desk.back(f"/desk/readers/{reader_id}/", desk.tell(error), wrong=True)
    said = desk.say("Lifted. Letters go there again, as its subscriptions say.")
    return desk.back(f"/desk/readers/{reader_id}/", said)


@look(router, "/desk/readers/{reader_id:int}/erase", Act.READERS_CHANGE)
def erase_form(desk: TheDesk, reader_id: int) -> Response:
    """Whether they are really to be erased."""
    return _erase_page(desk, known(reader_id), "")


@act(router, "/desk/readers/{reader_id:int}/erase", Act.READERS_CHANGE)
def erase(desk: TheDesk, form: PostedForm, reader_id: int) -> Response:
    """Erase all that names them, in every room; the files are cleared of it at night."""
    if form.one("sure") != "yes":
        said = desk.say("Tick the box if you mean it. It cannot be undone.")
        return _erase_page(desk, known(reader_id), said)
    with desk.database.write() as session:
        found = audience.by_id(session, known(reader_id))
        for address in audience.addresses_of(session, found.id):
            delivery.erase(session, found.id, address)
        audience.erase(session, found.id, desk.now)
        log(desk, session, found.id, Sentence("erased a reader"))
    said = desk.say(
        "Erased. What is left is reader {number}, without name or address.", number=reader_id
    )
    return desk.back("/desk/readers/", said)


def _do(desk: Desk, form: Posted, reader_id: int, do: Doing) -> Response:
    """What concerns one publication; what a room refuses is said on the reader's page."""
    number = form.ids("publication")
    try:
        with desk.database.write() as session:
            found = audience.by_id(session, known(reader_id))
            of = publication.publication_by_id(session, number[0] if number else 0)
            said = do(session, found, of)
    except NotFound:
        raise
    except MailerError as error:
        return desk.back(f"/desk/readers/{reader_id}/", desk.tell(error), wrong=True)
    return desk.back(f"/desk/readers/{reader_id}/", said)


def _erase_page(desk: Desk, reader_id: int, error: str) -> Response:
    with desk.database.read() as session:
        found = audience.by_id(session, reader_id)
    return desk.page("readers/erase", status=422 if error else 200, reader=found, error=error)
