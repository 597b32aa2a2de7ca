"""`mailer serve`, `web`, `work`, `init`, `demo`, `doctor`: running the whole thing."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.door import Door
from mailer.cli.ending import Ending

if TYPE_CHECKING:
    from mailer.config import Config
    from mailer.database import Database


def register(app: typer.Typer) -> None:
    """Put these commands at the top level of `app`."""
    for command in (init, serve, web, work, demo, doctor):
        app.command()(command)


def serve(context: typer.Context) -> None:
    """Run everything in one process: pages, schedule and sender."""
    ending = Ending()
    from mailer.cli.process import run
    from mailer.web import create_app

    door: Door = context.obj
    app = create_app(door.config, door.database)
    run(door.database, door.config, app=app, work=True, ending=ending)


def web(context: typer.Context) -> None:
    """Run the pages alone."""
    ending = Ending()
    from mailer.cli.process import run
    from mailer.web import create_app

    door: Door = context.obj
    app = create_app(door.config, door.database)
    run(door.database, door.config, app=app, work=False, ending=ending)


def work(context: typer.Context) -> None:
    """Run schedule and sender alone; several may share one PostgreSQL."""
    ending = Ending()
    from mailer.cli.process import run

    door: Door = context.obj
    run(door.database, door.config, work=True, ending=ending)


def run_sender(
    database: "Database", config: "Config", *, until: Callable[[], bool], every_s: float
) -> None:
    """Send in this process until `until()`, which is asked every so many seconds."""
    from mailer.cli.process import run

    run(database, config, work=True, until=until, every_s=every_s)


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the site will live.")] = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Take the defaults, ask nothing.")] = False,
) -> None:
    """Write a configuration with fresh secrets, create the database and the first account."""
    from mailer.cli.new_site import new_site

    new_site(context.obj, folder, yes=yes)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Send, leave the letters as .eml files, and end.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the pages are served; 0 takes any.")
    ] = 8000,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder to work in; else a scratch one.")
    ] = None,
) -> None:
    """Show the whole thing on sample data: an archive, an Update sent, and its readers' inbox."""
    from mailer.cli.demo.show import show_demo

    show_demo(once=once, port=port, folder=folder)


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Check configuration, database, relay and DNS; each line says what to do."""
    from mailer.cli.doctor import examine

    examine(context.obj, as_json=as_json)
