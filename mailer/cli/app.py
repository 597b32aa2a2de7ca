"""The command line as a whole."""

import atexit
import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import database, issues, running, sending, staff, subscribers
from mailer.cli.door import Door, remark
from mailer.errors import MailerError

app = typer.Typer(
    name="mailer",
    help="An email newsletter and membership mailer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in sending.COMMANDS:
    issues.app.command(command.__name__.removeprefix("send_"))(command)
app.add_typer(issues.app, name="issues")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(staff.app, name="staff")
app.add_typer(database.app, name="db")
running.register(app)


@app.callback()
def _open(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration; else $MAILER_CONFIG, else ./config.toml."),
    ] = None,
) -> None:
    context.obj = door = Door(config)
    context.call_on_close(door.close)


def main() -> None:
    """Run the command that was typed, and end with its status."""
    # Imports make many objects and hardly any garbage; the default would look for it all the time.
    gc.set_threshold(50_000)
    # Nor is there a need to look through all of them once more when the process ends anyway.
    atexit.register(gc.freeze)
    try:
        app()
    except MailerError as error:
        remark(f"mailer: {error}")
        sys.exit(error.exit_status)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if not _is_database_error(error):
            raise
        from mailer.database import database_error

        remark(f"mailer: {database_error(error)}")  # type: ignore[arg-type]
        sys.exit(1)


def _is_database_error(error: Exception) -> bool:
    """Whether SQLAlchemy raised it; a command that never needed the database never imports it."""
    errors = sys.modules.get("sqlalchemy.exc")
    return errors is not None and isinstance(error, errors.SQLAlchemyError)
