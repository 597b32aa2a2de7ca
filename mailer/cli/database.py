"""`mailer db`: the database."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.door import Door, make_sure, show
from mailer.clock import now

app = typer.Typer(help="The database: create, check, back up, restore.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Create what is missing: database, tables, and the first publication."""
    door: Door = context.obj
    upgrade_database(door)
    show("The database is ready.")


def upgrade_database(door: Door) -> None:
    """Bring the schema to the newest, and make sure that there is a publication."""
    from mailer.database import connect, upgrade
    from mailer.publication import ensure_first

    config = door.config
    database = connect(config.database.url, config.database.pool_size)
    try:
        upgrade(config.database.url, database.engine)
        with database.write() as session:
            ensure_first(session, config.organisation.language, now())
    finally:
        database.close()


@app.command()
def check(context: typer.Context) -> None:
    """Check that the database can be reached, has the newest schema, and is sound."""
    from mailer.database import require_sound

    door: Door = context.obj
    require_sound(door.database)
    show("The database is sound, and its schema is the newest.")


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
) -> None:
    """Write a consistent copy of the database, also while it is in use."""
    from mailer.database import back_up

    door: Door = context.obj
    back_up(door.database, file)
    show(f"The backup is in {file}.")


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `mailer db backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in place of the database; everything since then is gone."""
    from mailer.database import restore

    door: Door = context.obj
    make_sure("Everything in the present database is lost. Restore?", yes=yes)
    restore(door.config.database.url, file)
    show("The backup is in place; `mailer db upgrade` brings it to the newest schema.")
