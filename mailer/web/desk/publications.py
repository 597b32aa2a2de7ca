"""Publications at the desk: the list, a new one, and the settings of each."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audit, delivery, publication
from mailer.errors import WrongInput
from mailer.publication import ChangedMeanwhile, Publication, Settings
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, act, look

router = APIRouter()

HOME = "/desk/publications/"


@look(router, "/desk/settings/", Act.LOOK)
def settings_home(desk: TheDesk) -> Response:
    """Where everything stands that is set once and then left alone."""
    return desk.page("settings/home")


@look(router, HOME, Act.LOOK)
def listed(desk: TheDesk) -> Response:
    """Every publication, with what it is and how it goes out."""
    with desk.database.read() as session:
        found = publication.publications(session)
        return desk.page("publications/list", publications=found, mail=desk.config.mail)


@look(router, "/desk/publications/new", Act.SETTINGS)
def new(desk: TheDesk) -> Response:
    """The form for a new publication."""
    empty = Settings("", desk.config.organisation.language)
    return _form(desk, None, empty, {}, slug="")


@act(router, "/desk/publications/new", Act.SETTINGS)
def create(desk: TheDesk, form: PostedForm) -> Response:
    """Make it."""
    typed, slug = _typed(form), form.one("slug")
    with desk.database.write() as session:
        known = publication.publications(session)
        faults = publication.faults_in_settings(typed, frozenset(one.title for one in known))
        faults |= _theme_fault(desk, typed)
        if slug and (fault := publication.fault_in_slug(slug, publication.taken_slugs(session))):
            faults["slug"] = fault
        if not faults:
            made = publication.create_publication(session, typed, desk.now, slug)
            _note(desk, session, made, Sentence("made the publication {title}", title=made.title))
    if faults:
        return _form(desk, None, typed, faults, slug=slug)
    return desk.back(f"{HOME}{made.slug}/settings", desk.say("{title} is there.", title=made.title))


@look(router, "/desk/publications/{slug}/settings", Act.SETTINGS)
def settings(desk: TheDesk, slug: str) -> Response:
    """Its settings."""
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
    return _form(desk, found, Settings.of(found), {})


@act(router, "/desk/publications/{slug}/settings", Act.SETTINGS)
def change(desk: TheDesk, form: PostedForm, slug: str) -> Response:
    """Change them, unless somebody else has done so meanwhile."""
    typed = _typed(form)
    try:
        with desk.database.write() as session:
            found = publication.find_publication(session, slug)
            others = (one for one in publication.publications(session) if one.id != found.id)
            titles = frozenset(one.title for one in others)
            faults = publication.faults_in_settings(typed, titles) | _theme_fault(desk, typed)
            if not faults:
                publication.change_settings(session, found.id, version_in(form), typed)
                _note(desk, session, found, Sentence("changed the settings"))
    except ChangedMeanwhile as error:
        return _form(desk, error.stands, typed, {}, meanwhile=error)
    if faults:
        return _form(desk, found, typed, faults, version=version_in(form))
    return desk.back(f"{HOME}{slug}/settings", desk.say("Saved."))


def version_in(form: Posted) -> int:
    """The version that the form was opened with."""
    given = form.one("version")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0


def told(desk: Desk, faults: dict[str, Sentence]) -> dict[str, str]:
    """What is wrong, by field, in the language of whoever looks."""
    return {name: desk.tell(fault) for name, fault in faults.items()}


def _typed(form: Posted) -> Settings:
    one_line = ("title", "language", "sender", "reply_to", "cadence", "theme")
    values = {name: form.text(name).strip() for name in one_line}
    return Settings(description=form.text("description").strip(), **values)


def _theme_fault(desk: Desk, typed: Settings) -> dict[str, Sentence]:
    if typed.theme and typed.theme not in delivery.theme_names(desk.config):
        return {"theme": Sentence("There is no such theme; choose one of the list.")}
    return {}


def _form(
    desk: Desk,
    found: Publication | None,
    typed: Settings,
    faults: dict[str, Sentence],
    *,
    version: int = 0,
    meanwhile: WrongInput | None = None,
    **more: Any,
) -> Response:
    status = 409 if meanwhile else 422 if faults else 200
    return desk.page(
        "publications/settings",
        status=status,
        publication=found,
        typed=typed,
        errors=told(desk, faults),
        themes=delivery.theme_names(desk.config),
        mail=desk.config.mail,
        version=version or (found.version if found else 0),
        meanwhile=desk.tell(meanwhile) if meanwhile else "",
        **more,
    )


def _note(desk: Desk, session: Session, of: Publication, words: Sentence) -> None:
    audit.record(session, desk.now, desk.actor, f"publication {of.id}", words)
