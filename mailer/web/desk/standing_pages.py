"""Standing pages at the desk: "Aims", "Contact us"; written, moved, removed and put back."""

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from mailer import audit, publication
from mailer.errors import WrongInput
from mailer.publication import ChangedMeanwhile, Page
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.publications import version_in
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

HOME = "/desk/pages/"


@look(router, HOME, Act.PAGES)
def listed(desk: TheDesk) -> Response:
    """The pages in their order, and those that were removed."""
    with desk.database.read() as session:
        return desk.page(
            "pages/list",
            pages=publication.pages(session),
            removed=publication.removed_pages(session),
        )


@look(router, "/desk/pages/new", Act.PAGES)
def new(desk: TheDesk) -> Response:
    """The form for a new page."""
    return _form(desk, None, "", "")


@act(router, "/desk/pages/new", Act.PAGES)
def create(desk: TheDesk, form: PostedForm) -> Response:
    """Make it; it stands on the site at once."""
    title, body = form.text("title").strip(), form.text("body")
    try:
        with desk.database.write() as session:
            made = publication.create_page(session, title, body, desk.now, desk.actor)
            _note(desk, session, made, Sentence("made the page {title}", title=made.title))
    except WrongInput as error:
        return _form(desk, None, title, body, error=desk.tell(error))
    return desk.back(
        HOME + f"{made.id}/", desk.say("“{title}” stands on the site.", title=made.title)
    )


@look(router, "/desk/pages/{page_id}/", Act.PAGES)
def page(desk: TheDesk, page_id: int) -> Response:
    """One page, to be changed, with what it was before."""
    with desk.database.read() as session:
        found = publication.page_by_id(session, page_id)
        saves = publication.page_revisions(session, page_id)
    return _form(desk, found, found.title, found.body, saves=saves)


@act(router, "/desk/pages/{page_id}/", Act.PAGES)
def change(desk: TheDesk, form: PostedForm, page_id: int) -> Response:
    """Save it, unless somebody else saved it meanwhile; then both texts are shown."""
    title, body = form.text("title").strip(), form.text("body")
    with desk.database.read() as session:
        found = publication.page_by_id(session, page_id)
    try:
        with desk.database.write() as session:
            made = publication.edit_page(
                session, page_id, version_in(form), title, body, desk.now, desk.actor
            )
            if made.version != found.version:
                _note(desk, session, made, Sentence("changed the page {title}", title=made.title))
    except ChangedMeanwhile as error:
        return _form(desk, error.stands, title, body, meanwhile=desk.tell(error))
    except WrongInput as error:
        return _form(desk, found, title, body, error=desk.tell(error))
    return desk.back(HOME + f"{page_id}/", desk.say("Saved."))


@act(router, "/desk/pages/{page_id}/move", Act.PAGES)
def move(desk: TheDesk, form: PostedForm, page_id: int) -> Response:
    """One place up or down."""
    with desk.database.write() as session:
        moved = publication.move_page(session, page_id, 1 if form.has("down") else -1)
        if moved:
            found = publication.page_by_id(session, page_id)
            _note(desk, session, found, Sentence("moved the page {title}", title=found.title))
    return desk.back(HOME, desk.say("Moved.") if moved else "")


@act(router, "/desk/pages/{page_id}/remove", Act.PAGES)
def remove(desk: TheDesk, page_id: int) -> Response:
    """Take it off the site; it is kept."""
    with desk.database.write() as session:
        gone = publication.remove_page(session, page_id, desk.now)
        _note(desk, session, gone, Sentence("removed the page {title}", title=gone.title))
    return desk.back(HOME, desk.say("“{title}” is off the site, and kept below.", title=gone.title))


@act(router, "/desk/pages/{page_id}/put-back", Act.PAGES)
def put_back(desk: TheDesk, page_id: int) -> Response:
    """Show it again."""
    with desk.database.write() as session:
        back = publication.put_back(session, page_id)
        _note(desk, session, back, Sentence("put the page {title} back", title=back.title))
    return desk.back(HOME, desk.say("“{title}” stands on the site again.", title=back.title))


def _note(desk: Desk, session: Session, of: Page, words: Sentence) -> None:
    audit.record(session, desk.now, desk.actor, f"page {of.id}", words)


def _form(
    desk: Desk,
    found: Page | None,
    title: str,
    body: str,
    *,
    error: str = "",
    meanwhile: str = "",
    saves: tuple[publication.PageRevision, ...] = (),
) -> Response:
    """The form with what was typed; `found` is the page as it stands."""
    return desk.page(
        "pages/edit",
        status=409 if meanwhile else 422 if error else 200,
        found=found,
        typed_title=title,
        typed_body=body,
        errors={"title" if not title or len(title) > 200 else "body": error} if error else {},
        meanwhile=meanwhile,
        saves=saves,
    )
