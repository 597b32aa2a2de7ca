"""The letters that greet new subscribers: written, seen as they are written, and tried."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from mailer import audit, delivery, publication
from mailer.errors import NotFound, WrongInput
from mailer.publication import ChangedMeanwhile, Publication, Welcome
from mailer.sentence import Sentence
from mailer.staff import LANGUAGES, Act
from mailer.web.desk.letter_choice import Choice
from mailer.web.desk.letter_frame import frame, framed
from mailer.web.desk.publications import HOME, told, version_in
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, act, look

router = APIRouter()


@look(router, "/desk/publications/{slug}/welcome", Act.SETTINGS)
def begin(desk: TheDesk, slug: str) -> Response:
    """To the one in the publication's language."""
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
    return desk.back(f"{HOME}{slug}/welcome/{_served(found.language)}")


@look(router, "/desk/publications/{slug}/welcome/{language}", Act.SETTINGS)
def page(desk: TheDesk, slug: str, language: str) -> Response:
    """The letter in one language."""
    found, welcome = _find(desk, slug, language)
    return _form(desk, found, welcome, {})


@look(router, "/desk/publications/{slug}/welcome/{language}/letter.html", Act.SETTINGS)
def document(desk: TheDesk, request: Request, slug: str, language: str) -> Response:
    """The letter as it is saved, for the page's frame."""
    found, welcome = _find(desk, slug, language)
    shown = delivery.preview_welcome(desk.config, found, welcome, desk.now)
    return frame(desk.config, shown.html or "", Choice.of(request.query_params).scheme)


@act(router, "/desk/publications/{slug}/welcome/{language}/preview", Act.SETTINGS)
def preview(desk: TheDesk, form: PostedForm, slug: str, language: str) -> Response:
    """For the page's script: the letter as it is being written. Nothing is saved."""
    found, welcome = _find(desk, slug, language)
    typed = _typed(form, welcome)
    faults = publication.faults_in_welcome(typed)
    if faults:
        fault = next(iter(told(desk, faults).values()))
        return JSONResponse({"html": None, "text": "", "fault": fault})
    try:
        shown = delivery.preview_welcome(desk.config, found, typed, desk.now)
    except WrongInput as error:
        return JSONResponse({"html": None, "text": "", "fault": desk.tell(error)})
    scheme = "dark" if form.one("scheme") == "dark" else "light"
    html = framed(desk.config, shown.html or "", scheme)  # type: ignore[arg-type]
    return JSONResponse({"html": html, "text": shown.text, "fault": ""})


@act(router, "/desk/publications/{slug}/welcome/{language}", Act.SETTINGS)
def change(desk: TheDesk, form: PostedForm, slug: str, language: str) -> Response:
    """Keep it; and where that was asked, send it to whoever wrote it."""
    found, welcome = _find(desk, slug, language)
    typed = _typed(form, welcome)
    faults = publication.faults_in_welcome(typed)
    if not faults and form.has("test"):
        # It is tried as it would be sent: with a subject, and with something to say.
        active = Welcome(found.id, language, typed.subject, typed.body, active=True)
        faults = publication.faults_in_welcome(active)
    if faults:
        return _form(desk, found, typed, told(desk, faults))
    try:
        with desk.database.write() as session:
            kept = publication.change_welcome(session, typed, desk.now)
            words = Sentence("changed the welcome letter ({language})", language=language)
            audit.record(session, desk.now, desk.actor, f"publication {found.id}", words)
            if form.has("test"):
                address = desk.account.mailbox
                delivery.try_welcome(session, desk.config, kept, address, desk.now)
    except ChangedMeanwhile as error:
        return _form(desk, found, typed, {}, meanwhile=error)
    said = desk.say("Saved.")
    if form.has("test"):
        said = desk.say("Saved, and on its way to {mailbox}.", mailbox=desk.account.mailbox)
    return desk.back(f"{HOME}{slug}/welcome/{language}", said)


def _find(desk: Desk, slug: str, language: str) -> tuple[Publication, Welcome]:
    if language not in LANGUAGES:
        raise NotFound("There is no welcome letter in that language.")
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
        return found, publication.welcome_in(session, found.id, language)


def _served(language: str) -> str:
    primary = language.partition("-")[0].lower()
    return primary if primary in LANGUAGES else "en"


def _typed(form: Posted, stands: Welcome) -> Welcome:
    return Welcome(
        stands.publication_id,
        stands.language,
        form.text("subject").strip(),
        form.text("body").strip(),
        form.has("active"),
        form.has("when_added"),
        version_in(form),
    )


def _form(
    desk: Desk,
    found: Publication,
    typed: Welcome,
    errors: dict[str, str],
    *,
    meanwhile: ChangedMeanwhile | None = None,
) -> Response:
    stands = meanwhile.stands if meanwhile else None
    return desk.page(
        "publications/welcome",
        status=409 if meanwhile else 422 if errors else 200,
        publication=found,
        typed=typed,
        version=stands.version if stands else typed.version,
        stands=stands,
        errors=errors,
        meanwhile=desk.tell(meanwhile) if meanwhile else "",
    )
