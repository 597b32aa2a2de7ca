"""Pictures of items: sent, or chosen from those used lately; and texts that are pasted."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from mailer import publication
from mailer.errors import WrongInput
from mailer.letter import markdown_from_html
from mailer.publication import LARGEST_UPLOAD, Overtaken, issue_by_id
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.composer import ITEM, Id
from mailer.web.desk.composing_words import told_of_both
from mailer.web.desk.shell import PostedForm, TheDesk, act, look

router = APIRouter()


@act(router, "/desk/pictures/", Act.WRITE, largest=LARGEST_UPLOAD + 100_000)
def keep(desk: TheDesk, form: PostedForm) -> Response:
    """For scripts: keep a picture, and say what an item has it by."""
    files = form.files("picture")
    if not files:
        raise WrongInput(Sentence("Choose a picture first."))
    developed = publication.develop(files[0].file.read(LARGEST_UPLOAD + 1))
    with desk.database.write() as session:
        kept = publication.keep_picture(session, developed.content, desk.now)
    return JSONResponse(
        {
            "hash": kept.hash,
            "width": kept.width,
            "height": kept.height,
            "path": publication.picture_path(kept.hash),
            "said": desk.tell(developed.said)
            or desk.say("The picture is here. Say what it shows."),
        }
    )


@look(router, ITEM + "pictures", Act.WRITE)
def recent(desk: TheDesk, issue_id: Id, item_id: Id) -> Response:
    """The pictures that were kept lately, to choose one for an item."""
    with desk.database.read() as session:
        issue = issue_by_id(session, issue_id)
        item = next((one for one in issue.items if one.id == item_id), None)
        if item is None:
            return desk.back(f"/desk/issues/{issue_id}/?removed={item_id}")
        found = publication.recent_pictures(session)
    return desk.page("issues/pictures", issue=issue, item=item, pictures=found)


@act(router, ITEM + "pictures", Act.WRITE)
def choose(desk: TheDesk, form: PostedForm, issue_id: Id, item_id: Id) -> Response:
    """Give an item one of them, and what was said of it last."""
    given = {"picture_hash": form.one("picture_hash"), "picture_alt": form.one("picture_alt")}
    version = (form.ids("version") or [0])[0]
    with desk.database.write() as session:
        saved = publication.change_item(
            session, issue_id, item_id, given, version, desk.now, desk.actor
        )
    there = f"/desk/issues/{issue_id}/"
    if isinstance(saved, Overtaken):
        with desk.database.read() as session:
            issue = issue_by_id(session, issue_id)
            return told_of_both(desk, session, issue, saved, f"{there}items/{item_id}/")
    said = desk.say("The picture is here. Say what it shows.")
    return desk.back(f"{there}?open={item_id}#item-{item_id}-picture-alt", said)


@act(router, "/desk/paste", Act.WRITE)
def paste(form: PostedForm) -> Response:
    """For scripts: what was copied elsewhere, as the Markdown that somebody would have written."""
    html = form.json.get("html") if isinstance(form.json, dict) else None
    if not isinstance(html, str):
        raise WrongInput(Sentence("There is nothing to paste."))
    return JSONResponse({"markdown": markdown_from_html(html)})
