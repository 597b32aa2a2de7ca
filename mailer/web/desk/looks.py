"""What a publication's letters look like: its colours, fonts, logo and footer, seen at once."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from mailer import audit, delivery, publication
from mailer.errors import WrongInput
from mailer.letter import DARK_PAPERS, PAPERS, READABLE, contrast, shown_accent
from mailer.publication import ChangedMeanwhile, Look, Publication
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.letter_choice import Choice
from mailer.web.desk.letter_frame import frame, framed
from mailer.web.desk.publications import HOME, told, version_in
from mailer.web.desk.sample_issue import sample_issue
from mailer.web.desk.shell import Desk, Posted, PostedForm, TheDesk, act, look

LARGEST_LOGO = 10 * 1024 * 1024

router = APIRouter()


@look(router, "/desk/publications/{slug}/look", Act.SETTINGS)
def page(desk: TheDesk, slug: str) -> Response:
    """The form, and a letter that looks so."""
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
    return _form(desk, found, found.look, {})


@look(router, "/desk/publications/{slug}/look.html", Act.SETTINGS)
def document(desk: TheDesk, request: Request, slug: str) -> Response:
    """A sample letter in the saved look, for the page's frame."""
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
    shown = _letter(desk, found)
    return frame(desk.config, shown.html or "", Choice.of(request.query_params).scheme)


@act(router, "/desk/publications/{slug}/look/preview", Act.SETTINGS)
def preview(desk: TheDesk, form: PostedForm, slug: str) -> Response:
    """For the page's script: a sample letter in the look that is being chosen. Nothing is saved."""
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
    typed = _typed(form, found.look)
    faults = publication.faults_in_look(typed)
    answer: dict[str, Any] = {"html": None, "text": "", "fault": ""}
    if faults:
        answer["fault"] = next(iter(told(desk, faults).values()))
    else:
        try:
            shown = _letter(desk, replace(found, look=typed))
        except WrongInput as error:
            answer["fault"] = desk.tell(error)
        else:
            scheme = "dark" if form.one("scheme") == "dark" else "light"
            html = framed(desk.config, shown.html or "", scheme)  # type: ignore[arg-type]
            answer |= {"html": html, "text": shown.text, "colours": _colours(desk, typed)}
    return JSONResponse({**answer, "notes": _contrasts(desk, typed)})


@act(router, "/desk/publications/{slug}/look", Act.SETTINGS, largest=LARGEST_LOGO + 100_000)
def change(desk: TheDesk, form: PostedForm, slug: str) -> Response:
    """Have letters look so from now on."""
    with desk.database.read() as session:
        found = publication.find_publication(session, slug)
    typed = _typed(form, found.look)
    faults = publication.faults_in_look(typed)
    try:
        if not faults:
            # Before the transaction: a picture takes its time, and others write meanwhile.
            developed = _developed(form) if typed.with_logo else None
            with desk.database.write() as session:
                if developed is not None:
                    logo = publication.keep_picture(session, developed.content, desk.now)
                    typed = replace(typed, logo=logo)
                publication.change_look(session, found.id, version_in(form), typed)
                words = Sentence("changed what letters look like")
                audit.record(session, desk.now, desk.actor, f"publication {found.id}", words)
    except ChangedMeanwhile as error:
        return _form(desk, error.stands, typed, {}, meanwhile=desk.tell(error))
    except WrongInput as error:
        # Only the picture is left to be wrong.
        return _form(desk, found, typed, {"logo": desk.tell(error)})
    if faults:
        return _form(desk, found, typed, told(desk, faults))
    return desk.back(f"{HOME}{slug}/look", desk.say("Saved. The next letter looks like this."))


def _typed(form: Posted, stands: Look) -> Look:
    kind = form.one("logo_kind")
    return Look(
        accent=form.one("accent"),
        accent_dark=form.one("accent_dark"),
        heading_font=form.one("heading_font"),
        text_font=form.one("text_font"),
        footer=form.text("footer").strip(),
        logo=stands.logo if kind == "own" else None,
        with_logo=kind != "none",
    )


def _developed(form: Posted) -> publication.Developed | None:
    """The logo that was chosen with the form, fit for letters, without its metadata."""
    for file in form.files("logo"):
        return publication.develop(file.file.read(LARGEST_LOGO + 1))
    return None


def _letter(desk: Desk, of: Publication) -> delivery.Preview:
    issue = sample_issue(desk, of)
    variant = delivery.chosen_variant(issue)
    assert variant is not None
    return delivery.preview(desk.config, issue, variant, desk.now)


def _accents(desk: Desk, typed: Look) -> list[tuple[str, str, Any, Any]]:
    configured = desk.config.organisation
    return [
        ("accent", typed.accent or configured.accent, "light", PAPERS),
        ("accent_dark", typed.accent_dark or configured.accent_dark, "dark", DARK_PAPERS),
    ]


def _contrasts(desk: Desk, typed: Look) -> dict[str, str]:
    """How well each accent can be read, in words."""
    notes = {}
    for name, colour, scheme, papers in _accents(desk, typed):
        try:
            shown = shown_accent(colour, scheme).colour
        except WrongInput:
            notes[name] = ""
            continue
        ratio = f"{min(contrast(colour, paper) for paper in papers):.1f}"
        if shown == colour.upper():
            notes[name] = desk.say("Contrast {ratio}: it can be read.", ratio=ratio)
        else:
            notes[name] = desk.say(
                "Contrast {ratio}, and {wanted} is wanted: letters show {shown} in its place.",
                ratio=ratio,
                wanted=READABLE,
                shown=shown,
            )
    return notes


def _colours(desk: Desk, typed: Look) -> dict[str, str]:
    """The accents as letters show them."""
    return {
        name: shown_accent(colour, scheme).colour
        for name, colour, scheme, _ in _accents(desk, typed)
    }


def _form(
    desk: Desk, found: Publication, typed: Look, errors: dict[str, str], *, meanwhile: str = ""
) -> Response:
    shown = Look() if publication.faults_in_look(typed) else typed
    return desk.page(
        "publications/look",
        status=409 if meanwhile else 422 if errors else 200,
        publication=found,
        typed=typed,
        errors=errors,
        notes=_contrasts(desk, typed),
        colours=_colours(desk, shown),
        letter=_letter(desk, replace(found, look=shown)),
        meanwhile=meanwhile,
    )
