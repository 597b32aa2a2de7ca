"""`mailer issues pause`, `resume`, `cancel`, `correct`: ruling over what is being sent."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.about import About, Correction
from mailer.cli.door import Door, make_sure, show
from mailer.cli.issues import Number, PublicationSlug, find
from mailer.cli.sending import send_here, warn
from mailer.cli.status import status_now
from mailer.clock import now
from mailer.errors import WrongInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def pause(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    correction: Correction = False,
) -> None:
    """Let nothing more of the issue go out, until it is resumed."""
    from mailer import delivery

    door: Door = context.obj

    def change(session: "Session", about: About) -> None:
        delivery.pause(session, about.issue, now(), door.operator, kind=about.kind)

    _rule(door, number, slug, change, "is paused", correction)


def resume(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="From now on with the issue as it stands.")
    ] = False,
    as_it_was: Annotated[
        bool, typer.Option("--as-it-was", help="With the text that it began with.")
    ] = False,
    correction: Correction = False,
) -> None:
    """Go on with a paused issue."""
    from mailer import delivery

    door: Door = context.obj
    if corrected and as_it_was:
        raise WrongInput("It goes on either --corrected or --as-it-was; leave one out.")
    if correction and (corrected or as_it_was):
        raise WrongInput("A correction goes on as it is; leave --corrected and --as-it-was out.")
    if corrected:
        _resume_corrected(door, number, slug)
        return

    def change(session: "Session", about: About) -> None:
        delivery.resume(
            session,
            door.config,
            about.issue,
            now(),
            door.operator,
            as_it_was=as_it_was,
            kind=about.kind,
        )

    _rule(door, number, slug, change, "goes on", correction)


def _resume_corrected(door: Door, number: int, slug: str | None) -> None:
    from mailer import delivery

    with door.database.read() as session:
        issue = find(session, number, slug)
    warn(door, issue)
    if delivery.resume_corrected(door.database, door.config, issue, now(), door.operator):
        show(f"{issue.title} goes on; who has not got it yet gets it as it stands now.")
    else:
        show(f"{issue.title} goes on; nothing in its letters has changed.")


def cancel(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    correction: Correction = False,
) -> None:
    """End the sending of an issue: what is sent stays sent, the rest is skipped."""
    from mailer import delivery

    door: Door = context.obj
    with door.database.read() as session:
        about = About(find(session, number, slug), correction)
    make_sure(f"End the sending of {about} for good?", yes=yes)
    with door.database.write() as session:
        mailing = delivery.cancel(session, about.issue, now(), door.operator, kind=about.kind)
        before = delivery.status_of(session, about.issue.id, about.kind, now())
    # A worker may skip some in our place: what is told is how the counts came out.
    delivery.skip_rest(door.database, mailing, now())
    after = status_now(door, about)
    skipped, doubtful = after.skipped - before.skipped, after.in_doubt - before.in_doubt
    were = "reader who waited for it was" if skipped == 1 else "readers who waited for it were"
    words = f"{about.first} is cancelled; {skipped} {were} skipped."
    if doubtful:
        which = f"{number} --correction" if correction else f"{number}"
        lists = f"`mailer issues doubts {which}` lists what is in doubt."
        words += f" {doubtful} more may have received it: {lists}"
    show(words)


def _rule(
    door: Door,
    number: int,
    slug: str | None,
    change: "Callable[[Session, About], None]",
    words: str,
    correction: bool,
) -> None:
    with door.database.write() as session:
        about = About(find(session, number, slug), correction)
        change(session, about)
    show(f"{about.first} {words}.")


def correct(
    context: typer.Context,
    number: Number,
    slug: PublicationSlug = None,
    text: Annotated[
        str | None, typer.Option(help="What to say: what was wrong, and what is right.")
    ] = None,
    text_file: Annotated[Path | None, typer.Option(help="The same, from a file.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Send in this process, until it is done.")
    ] = False,
) -> None:
    """Write a short letter to those who got the issue before it was corrected."""
    from mailer import delivery

    door: Door = context.obj
    if text is not None and text_file is not None:
        raise WrongInput("Give either --text or --text-file, not both.")
    if text_file is not None:
        text = _read(text_file)
    with door.database.read() as session:
        about = About(find(session, number, slug), correction=True)
    delivery.correct(door.database, door.config, about.issue, now(), door.operator, text)
    if not wait:
        show(f"{about.first} is being sent; `mailer issues status {number}` says how far it is.")
    elif not send_here(door, about, door.config.pace.give_up.total_seconds()):
        raise typer.Exit(1)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WrongInput(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise WrongInput(f"{file} is no text in UTF-8; save it as such.") from None


COMMANDS = (pause, resume, cancel, correct)
