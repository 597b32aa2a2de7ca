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


def _password() -> tuple[str, bool]:
    """The password from a pipe, or a new one where a person sits at the terminal."""
    from mailer.staff import new_password

    if not sys.stdin.isatty() and (typed := sys.stdin.readline().rstrip("\r\n")):
        return typed, False
    return new_password(), True


def _show_made(password: str, *, made: bool) -> None:
    if made:
        show(f"Password, shown only now: {password}")
