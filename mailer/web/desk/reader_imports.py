"""Readers from a CSV file: uploaded, looked at, run with progress, its refused rows taken along."""

import csv
import io
from collections.abc import Iterable, Iterator

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from mailer import audience, audit, clock, publication, staff
from mailer.audience import ImportStatus
from mailer.errors import WrongInput
from mailer.sentence import Sentence
from mailer.staff import Act
from mailer.web.desk.colleagues import People
from mailer.web.desk.reader import known
from mailer.web.desk.readers import Chip, csv_answer
from mailer.web.desk.shell import Desk, PostedForm, TheDesk, act, look

router = APIRouter()

LOOKED_AT_AT_ONCE = 128 * 1024
"""A file as small as this is looked at while somebody waits; a larger one in the background."""

SHOWN_REFUSALS = 20
LISTED = 20

_PIECE = 256 * 1024
# Of the form around the file.
_AROUND = 64 * 1024
_REFRESH_S = 3


@look(router, "/desk/readers/import/", Act.READERS_CHANGE)
def imports(desk: TheDesk) -> Response:
    """A file to be chosen, and the imports that there were."""
    return _upload_page(desk, "")


@act(router, "/desk/readers/import/", Act.READERS_CHANGE, largest=audience.LARGEST + _AROUND)
def upload(desk: TheDesk, form: PostedForm) -> Response:
    """Keep the file, and look at it at once where it is small."""
    files = form.files("file")
    number = form.ids("publication")
    if not files:
        return _upload_page(desk, desk.say("Choose a CSV file."))
    try:
        with desk.database.read() as session:
            of = publication.publication_by_id(session, number[0] if number else 0)
        import_id = audience.receive(
            desk.database,
            files[0].filename or "",
            _pieces(files[0]),
            publication_id=of.id,
            operator=desk.actor,
            now=desk.now,
        )
    except WrongInput as error:
        return _upload_page(desk, desk.tell(error))
    with desk.database.write() as session:
        audit.record(
            session,
            desk.now,
            desk.actor,
            f"import {import_id}",
            Sentence("uploaded a file of readers"),
        )
        status = audience.import_status(session, import_id)
    if status.octets <= LOOKED_AT_AT_ONCE:
        audience.carry_on(desk.database, desk.config.organisation.zone, clock.now, only=import_id)
    return desk.back(f"/desk/readers/import/{import_id}/")


def _pieces(file: UploadFile) -> Iterator[bytes]:
    file.file.seek(0)
    while piece := file.file.read(_PIECE):
        yield piece


@look(router, "/desk/readers/import/{import_id:int}/", Act.READERS_CHANGE)
def one(desk: TheDesk, import_id: int) -> Response:
    """How an import stands: what would become of its rows, how far it is, how it ended."""
    return _import_page(desk, import_id, "")


@look(router, "/desk/readers/import/{import_id:int}/progress", Act.READERS_CHANGE)
def progress(desk: TheDesk, import_id: int) -> Response:
    """The same in figures, for the page's script."""
    with desk.database.read() as session:
        status = audience.import_status(session, known(import_id))
    return JSONResponse(
        {
            "state": status.state,
            "done": status.done,
            "rows": status.rows,
            "words": _far(desk, status),
        }
    )


@act(router, "/desk/readers/import/{import_id:int}/run", Act.READERS_CHANGE)
def run(desk: TheDesk, form: PostedForm, import_id: int) -> Response:
    """Let it begin, on the ground that is stated."""
    try:
        with desk.database.write() as session:
            audience.import_status(session, known(import_id))
            audience.run_import(session, import_id, form.one("ground"), desk.now)
            audit.record(
                session,
                desk.now,
                desk.actor,
                f"import {import_id}",
                Sentence("let an import begin"),
            )
    except WrongInput as error:
        return _import_page(desk, import_id, desk.tell(error), form.one("ground"))
    return desk.back(f"/desk/readers/import/{import_id}/")


@act(router, "/desk/readers/import/{import_id:int}/stop", Act.READERS_CHANGE)
def stop(desk: TheDesk, import_id: int) -> Response:
    """End it before its next rows; those that are in stay."""
    with desk.database.write() as session:
        audience.import_status(session, known(import_id))
        audience.stop_import(session, import_id, desk.now)
        audit.record(
            session, desk.now, desk.actor, f"import {import_id}", Sentence("stopped an import")
        )
    return desk.back(f"/desk/readers/import/{import_id}/", desk.say("Stopped."))


@look(router, "/desk/readers/import/{import_id:int}/refused.csv", Act.READERS_CHANGE)
def refused(desk: TheDesk, import_id: int) -> Response:
    """The refused rows: line, value, reason."""
    with desk.database.read() as session:
        audience.import_status(session, known(import_id))
        rows = audience.import_refusals(session, import_id)
    head = (desk.say("line"), desk.say("value"), desk.say("reason"))
    told = ((str(row.line), row.value, desk.tell(row.reason)) for row in rows)
    return csv_answer([_csv([head, *told])], f"refused-{import_id}.csv")


def _csv(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([audience.harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def state_chip(desk: Desk, state: str) -> Chip:
    """How an import stands, in a word."""
    return {
        "looking": Chip(desk.say("being read"), "", "…"),
        "looked": Chip(desk.say("waits for you"), "warn"),
        "waiting": Chip(desk.say("begins"), "", "…"),
        "running": Chip(desk.say("running"), "", "…"),
        "done": Chip(desk.say("done"), "good"),
        "stopped": Chip(desk.say("stopped"), "", "■"),
        "failed": Chip(desk.say("not a file of readers"), "bad"),
    }[state]


def _upload_page(desk: Desk, error: str) -> Response:
    with desk.database.read() as session:
        listed = audience.imports(session, LISTED)
        people = People(desk, staff.names(session))
        publications = publication.publications(session)
    return desk.page(
        "readers/import",
        status=422 if error else 200,
        publications=publications,
        rows=[
            (status, state_chip(desk, status.state), people.name(status.operator))
            for status in listed
        ],
        largest=audience.LARGEST // 1024**2,
        error=error,
    )


def _import_page(desk: Desk, import_id: int, error: str, ground: str = "") -> Response:
    with desk.database.read() as session:
        status = audience.import_status(session, known(import_id))
        refusals = audience.import_refusals(session, import_id, SHOWN_REFUSALS)
        titles = {of.id: of.title for of in publication.publications(session)}
        people = People(desk, staff.names(session))
    columns, rows = (
        audience.first_rows(desk.database, status) if status.state == "looked" else ((), [])
    )
    at_work = status.state in ("looking", "waiting", "running")
    return desk.page(
        "readers/one_import",
        status=422 if error else 200,
        one=status,
        chip=state_chip(desk, status.state),
        title_of=titles.get(status.publication_id or 0, ""),
        by=people.name(status.operator),
        far=_far(desk, status),
        at_work=at_work,
        refresh=_REFRESH_S if at_work and not error else 0,
        columns=[(name, _meaning(desk, name)) for name in columns],
        first_rows=rows,
        figures=_figures(desk, status),
        refusals=[(row.line, row.value, desk.tell(row.reason)) for row in refusals],
        error=error,
        ground=ground,
    )


def _far(desk: Desk, status: ImportStatus) -> str:
    """In one sentence how it stands."""
    number = desk.catalogue.number
    if status.state == "looking":
        return desk.count("{n} row read so far.", "{n} rows read so far.", status.rows)
    if status.state == "looked":
        return desk.count(
            "{n} row was read; nothing has been changed yet.",
            "{n} rows were read; nothing has been changed yet.",
            status.rows,
        )
    if status.state == "waiting":
        return desk.say("It begins in a moment.")
    if status.state == "failed" and status.problem is not None:
        return desk.tell(status.problem)
    if status.state == "done":
        return desk.count("{n} row is done.", "All {n} rows are done.", status.rows)
    said = {"done": number(status.done), "rows": number(status.rows)}
    if status.state == "stopped":
        return desk.say("It was stopped after {done} of {rows} rows; those are in.", **said)
    return desk.say("{done} of {rows} rows are done.", **said)


def _figures(desk: Desk, status: ImportStatus) -> list[tuple[str, int, str]]:
    """What became, or would become, of the rows: each is counted once."""
    return [
        (desk.say("new"), status.created, desk.say("will read it from the next letter on")),
        (desk.say("known, changed"), status.updated, desk.say("something about them is different")),
        (
            desk.say("unchanged"),
            status.unchanged,
            desk.say("known as they are, or have left: an import brings nobody back"),
        ),
        (desk.say("suppressed"), status.suppressed, desk.say("get no mail, and stay so")),
        (desk.say("refused"), status.rejected, desk.say("cannot be taken as they are")),
    ]


def _meaning(desk: Desk, column: str) -> str:
    """What a column is taken for."""
    return {
        "email": desk.say("address"),
        "name": desk.say("name"),
        "greeting": desk.say("greeting"),
        "member": desk.say("whether they are members"),
        "language": desk.say("language"),
        "tags": desk.say("tags"),
        "subscription_state": desk.say("state of the subscription"),
        "subscription_format": desk.say("format of letters"),
        "": desk.say("not read: it has no name"),
    }.get(column, desk.say("a further field, kept under this name"))
