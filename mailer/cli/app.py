"""The command line as a whole."""

import atexit
import errno
import gc
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from mailer.cli import (
    database,
    issues,
    ruling,
    running,
    sending,
    settling,
    staff,
    status,
    subscribers,
)
from mailer.cli.deliveries import deliveries
from mailer.cli.door import Door, remark
from mailer.cli.ending import RUN_ON, no_command_of_these
from mailer.errors import MailerError, WrongInput

_LONGEST = 600
_NO_SUCH_NAME = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL}

app = typer.Typer(
    name="mailer",
    help="An email newsletter and membership mailer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (*sending.COMMANDS, *ruling.COMMANDS, *status.COMMANDS, *settling.COMMANDS):
    issues.app.command(command.__name__.removeprefix("send_"))(command)
app.add_typer(issues.app, name="issues")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(staff.app, name="staff")
app.add_typer(database.app, name="db")
app.command()(deliveries)
running.register(app)


@app.callback()
def _open(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration; else $MAILER_CONFIG, else ./config.toml."),
    ] = None,
) -> None:
    if context.invoked_subcommand not in RUN_ON:
        no_command_of_these()
    context.obj = door = Door(config)
    context.call_on_close(door.close)


def main() -> None:
    """Run the command that was typed, and end with its status."""
    # Imports make many objects and hardly any garbage; the default would look for it all the time.
    gc.set_threshold(50_000)
    # Nor is there a need to look through all of them once more when the process ends anyway.
    atexit.register(gc.freeze)
    try:
        _refuse_what_is_no_text(sys.argv[1:])
        status = app(prog_name="mailer", standalone_mode=False)
    except MailerError as error:
        remark(f"mailer: {_shown(str(error))}")
        sys.exit(error.exit_status)
    except TyperException as error:
        remark(_usage(error))
        sys.exit(2)
    except typer.Abort:
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        remark(f"mailer: {_shown(str(error.filename))} cannot be used: {error.strerror}.")
        sys.exit(2 if error.errno in _NO_SUCH_NAME else 1)
    except Exception as error:
        if not _is_database_error(error):
            raise
        from mailer.database import database_error

        remark(f"mailer: {database_error(error)}")  # type: ignore[arg-type]
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _refuse_what_is_no_text(arguments: list[str]) -> None:
    """Raise WrongInput at an argument whose bytes are no text: what it says would get lost."""
    for argument in arguments:
        if not argument.isprintable() and any("\ud800" <= c <= "\udfff" for c in argument):
            shown = argument.encode("utf-8", "backslashreplace").decode()
            raise WrongInput(
                f"The argument {_shown(shown)} is not UTF-8; type or name it in UTF-8."
            )


def _usage(error: TyperException) -> str:
    """What is wrong with the command line, in a sentence; or the help that it asked for."""
    said = error.format_message()
    if "\n" in said.strip() and said.lstrip().startswith("Usage"):
        return said
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mailer"
    words = _shown(" ".join(said.split()).rstrip("."))
    return f"mailer: {words}; `{command} --help` says what it takes."


def _shown(text: str) -> str:
    """`text` on one line, and no longer than one reads."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _is_database_error(error: Exception) -> bool:
    """Whether SQLAlchemy raised it; a command that never needed the database never imports it."""
    errors = sys.modules.get("sqlalchemy.exc")
    return errors is not None and isinstance(error, errors.SQLAlchemyError)
