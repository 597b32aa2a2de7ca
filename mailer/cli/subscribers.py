"""`mailer subscribers`: who reads."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.door import Door, make_sure, remark, show, show_json, show_table
from mailer.clock import now, today
from mailer.sentence import Sentence

if TYPE_CHECKING:
    from mailer.audience import ImportOutcome, Story

app = typer.Typer(help="Those who read.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="The reader's email address.")]
PublicationSlug = Annotated[
    str | None,
    typer.Option("-p", "--publication", help="The publication, where there are several."),
]
Ground = Annotated[str, typer.Option(help="On what ground: where and how they agreed.")]


@app.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file with at least a column email.")],
    ground: Ground = "",
    publication: PublicationSlug = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="Where refused rows go; else NAME.rejects.csv in the current folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Subscribe the readers in a CSV file."""
    from mailer import audience, audit
    from mailer.publication import find_publication

    door: Door = context.obj
    started = now()
    with door.database.read() as session:
        found = find_publication(session, publication)
    with _progress("Importing") as progress:
        outcome = audience.import_csv(
            door.database,
            file,
            publication_id=found.id,
            ground=audience.ground_of(ground),
            operator=door.operator,
            now=started,
            day=today(door.config.organisation.zone, started),
            rejects_path=rejects,
            progress=progress,
        )
    with door.database.write() as session:
        audit.record(
            session,
            now(),
            door.operator,
            f"publication {found.id}",
            Sentence(
                "imported readers: {rows} rows, {created} created, {updated} updated, "
                "{unchanged} unchanged, {rejected} rejected, {suppressed} suppressed",
                rows=outcome.rows,
                created=outcome.created,
                updated=outcome.updated,
                unchanged=outcome.unchanged,
                rejected=outcome.rejected,
                suppressed=outcome.suppressed,
            ),
        )
    if as_json:
        show_json(
            {
                "rows": outcome.rows,
                "created": outcome.created,
                "updated": outcome.updated,
                "unchanged": outcome.unchanged,
                "rejected": outcome.rejected,
                "suppressed": outcome.suppressed,
                "rejects_file": str(outcome.rejects_file) if outcome.rejects_file else None,
            }
        )
        return
    show(f"{found.title}: {_counts(outcome)}.")
    if outcome.rejects_file:
        show(f"The refused rows and the reasons are in {outcome.rejects_file}")


@app.command()
def add(
    context: typer.Context,
    address: Address,
    name: Annotated[str, typer.Option(help="The reader's name.")] = "",
    greeting: Annotated[str, typer.Option(help='As letters greet them: "Ana and Tom".')] = "",
    language: Annotated[str, typer.Option(help="A language tag, like en or es.")] = "",
    member: Annotated[bool | None, typer.Option(help="Whether they are a member.")] = None,
    ground: Ground = "",
    publication: PublicationSlug = None,
) -> None:
    """Subscribe one reader, at once."""
    from mailer import audience, audit
    from mailer.publication import find_publication, welcome_due

    door: Door = context.obj
    at = now()
    with door.database.write() as session:
        found = find_publication(session, publication)
        added = audience.add(
            session,
            address,
            publication_id=found.id,
            operator=door.operator,
            now=at,
            name=name,
            greeting=greeting,
            language=language,
            member=member,
            ground=ground,
            day=today(door.config.organisation.zone, at),
        )
        if added.outcome is not audience.Outcome.UNCHANGED:
            audit.record(
                session,
                at,
                door.operator,
                f"subscriber {added.subscriber_id}",
                Sentence("added a reader"),
            )
            spoken = language or found.language
            due = welcome_due(session, found.id, added.subscriber_id, spoken, by_hand=True)
            if due is not None:
                from mailer import delivery

                delivery.enqueue(session, door.config, due, at)
    words = {
        audience.Outcome.CREATED: f"reads {found.title} from now on.",
        audience.Outcome.UPDATED: f"was known, and reads {found.title}.",
    }
    show(f"{address} {words.get(added.outcome, f'reads {found.title} already; nothing changed.')}")


@app.command("show")
def show_reader(
    context: typer.Context,
    address: Address,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show all that is kept about one reader."""
    from mailer import audience
    from mailer.publication import publications

    door: Door = context.obj
    day = today(door.config.organisation.zone)
    with door.database.read() as session:
        reader = audience.find(session, address)
        titles = {found.id: found.title for found in publications(session)}
        if as_json:
            show_json(audience.export_person(session, reader.id, titles, day))
            return
        told = audience.story(session, reader.id, titles)
    _tell(told, door)


@app.command()
def export(context: typer.Context, publication: PublicationSlug = None) -> None:
    """Write a publication's readers as CSV to standard output."""
    from mailer import audience
    from mailer.publication import find_publication

    door: Door = context.obj
    with door.database.read() as session:
        found = find_publication(session, publication)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    audience.export_csv(door.database, sys.stdout, found.id, today(door.config.organisation.zone))


@app.command()
def unsubscribe(
    context: typer.Context,
    address: Address,
    publication: PublicationSlug = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every publication, and nothing new either.")
    ] = False,
) -> None:
    """End a reader's subscription."""
    from mailer import audience, audit
    from mailer.errors import WrongInput
    from mailer.publication import find_publication

    door: Door = context.obj
    at = now()
    if everything and publication is not None:
        raise WrongInput("Say either -p or --all, not both.")
    with door.database.write() as session:
        reader = audience.find(session, address)
        if everything:
            what = "everything"
            ended = audience.leave_all(session, reader.id, method="staff", network=None, now=at)
        else:
            found = find_publication(session, publication)
            what = found.title
            ended = audience.leave(
                session, reader.id, found.id, method="staff", network=None, now=at
            )
        if ended or everything:
            audit.record(
                session,
                at,
                door.operator,
                f"subscriber {reader.id}",
                Sentence("unsubscribed from everything")
                if everything
                else Sentence("unsubscribed from {publication}", publication=what),
            )
    shown = reader.address.address
    show(
        f"{shown} gets {'nothing' if everything else f'no {what}'} any more."
        if ended or everything
        else f"{shown} does not read {what}; nothing changed."
    )


@app.command()
def erase(
    context: typer.Context,
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase all that names a reader; they are never mailed again unless they ask to be."""
    from mailer import audience, audit, delivery

    door: Door = context.obj
    with door.database.read() as session:
        reader = audience.find(session, address)
    make_sure(f"Erase all that is kept about {reader.address.address}?", yes=yes)
    with door.database.write() as session:
        for known in audience.addresses_of(session, reader.id):
            delivery.erase(session, reader.id, known)
        audience.erase(session, reader.id, now())
        erased = Sentence("erased a reader")
        audit.record(session, now(), door.operator, f"subscriber {reader.id}", erased)
    audience.scrub(door.database)
    show(f"Erased. What is left is reader {reader.id}, without name or address.")


def _counts(outcome: "ImportOutcome") -> str:
    return (
        f"{outcome.rows} rows, {outcome.created} created, {outcome.updated} updated, "
        f"{outcome.unchanged} unchanged, {outcome.rejected} rejected, "
        f"{outcome.suppressed} suppressed"
    )


def _tell(told: "Story", door: Door) -> None:
    reader, zone = told.subscriber, door.config.organisation.zone
    show(f"{reader.address.address} (reader {reader.id})")
    member = ""
    if reader.member_from:
        until = f" until {reader.member_until}" if reader.member_until else ""
        member = f"from {reader.member_from}{until}"
    for label, value in (
        ("name", reader.name),
        ("greeting", reader.greeting),
        ("language", reader.language),
        ("member", member),
        ("tags", ", ".join(reader.tags)),
        *sorted(reader.custom_fields.items()),
        ("suppressed", told.suppression.reason if told.suppression else ""),
    ):
        if value:
            show(f"  {label}: {value}")
    if told.standings:
        show()
        show_table(
            ("publication", "subscription", "format"),
            ((s.publication, s.state, s.format) for s in told.standings),
        )
    if told.happenings:
        show()
        for event in told.happenings:
            show(f"{event.at.astimezone(zone):%Y-%m-%d %H:%M}  {event.words}")
            if event.wording:
                show(f"                  shown: {event.wording}")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to tell how far it is: a bar on a terminal, a line at every tenth elsewhere."""
    if not sys.stderr.isatty():
        told = 0

        def line(done: int, of: int) -> None:
            nonlocal told
            if (tenths := done * 10 // max(of, 1)) > told:
                told = tenths
                remark(f"{what}: {done} of {of} rows")

        yield line
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
