"""`mailer staff`: accounts."""

import sys
from typing import Annotated

import typer

from mailer.cli.door import Door, make_sure, show, show_json, show_table
from mailer.clock import now

app = typer.Typer(help="Accounts of those who work at the desk.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="The email address of the account.")]


@app.command("add")
def add_account(
    context: typer.Context,
    address: Address,
    role: Annotated[str, typer.Option(help="owner, editor, writer, secretary or auditor.")],
) -> None:
    """Add an account; its password is read from standard input, or made and shown once."""
    from mailer import staff

    door: Door = context.obj
    password, made = _password()
    with door.database.write() as session:
        account = staff.add(session, address, role, password, now(), door.operator)
    show(f"{account.mailbox} may work here as {account.role}.")
    _show_made(password, made=made)


@app.command("list")
def list_accounts(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the accounts."""
    from mailer import staff

    door: Door = context.obj
    with door.database.read() as session:
        found = staff.accounts(session)
    if as_json:
        show_json([{"address": account.mailbox, "role": account.role} for account in found])
    elif not found:
        show("Nobody yet; `mailer staff add ADDRESS --role owner` adds the first.")
    else:
        show_table(("address", "role"), [(account.mailbox, account.role) for account in found])


@app.command("password")
def new_password(context: typer.Context, address: Address) -> None:
    """Give an account a new password, read from standard input, or made and shown once."""
    from mailer import staff

    door: Door = context.obj
    password, made = _password()
    with door.database.write() as session:
        staff.set_password(session, address, password, now(), door.operator)
    show(f"{address} has a new password.")
    _show_made(password, made=made)


@app.command("remove")
def remove_account(
    context: typer.Context,
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End an account."""
    from mailer import staff

    door: Door = context.obj
    make_sure(f"End the account of {address}?", yes=yes)
    with door.database.write() as session:
        staff.remove(session, address, now(), door.operator)
    show(f"{address} may not sign in any more.")


@app.command("invite")
def invite_somebody(
    context: typer.Context,
    address: Address,
    role: Annotated[str, typer.Option(help="owner, editor, writer, secretary or auditor.")],
    language: Annotated[
        str, typer.Option(help="The language of the letter, en or es; else the organisation's.")
    ] = "",
) -> None:
    """Send a letter whose link leads to a new account, for seven days, once."""
    from mailer import delivery, staff

    door: Door = context.obj
    with door.database.write() as session:
        due = staff.invite(
            session,
            address,
            role,
            language=language or door.config.organisation.language,
            page=f"{door.config.site.url}/desk/invitation/",
            now=now(),
            actor=door.operator,
        )
        delivery.enqueue(session, door.config, due, now())
    show(f"{due.address} is invited as {role}; `mailer work` or `serve` sends the letter.")


@app.command("unlock")
def unlock(
    context: typer.Context,
    address: Address,
    totp: Annotated[
        bool, typer.Option("--totp", help="Ask for no code from a telephone any more.")
    ] = False,
) -> None:
    """Let somebody try to sign in again at once, whatever was tried in their name."""
    from mailer import staff

    door: Door = context.obj
    site = door.config.site
    keys = staff.Keys(site.secret_key, site.old_secret_keys)
    with door.database.write() as session:
        account = staff.find(session, address)
        staff.unlock(session, keys, address, now(), door.operator)
        if totp:
            staff.turn_off(session, account.id, now(), door.operator)
    show(f"{account.mailbox} may try to sign in again.")
    if totp:
        show("The password alone is asked for, until two-step sign-in is set up anew.")


@app.command("end-sessions")
def end_sessions(context: typer.Context, address: Address) -> None:
    """Sign somebody out everywhere."""
    from mailer import staff

    door: Door = context.obj
    with door.database.write() as session:
        account = staff.find(session, address)
        ended = staff.end_all(session, account.id, now(), door.operator)
    show(f"{account.mailbox} was signed in {ended} times, and is nowhere now.")


def _password() -> tuple[str, bool]:
    """The password from a pipe, or a new one where a person sits at the terminal."""
    from mailer.staff import new_password

    if not sys.stdin.isatty() and (typed := sys.stdin.readline().rstrip("\r\n")):
        return typed, False
    return new_password(), True


def _show_made(password: str, *, made: bool) -> None:
    if made:
        show(f"Password, shown only now: {password}")
