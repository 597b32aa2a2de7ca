"""Staff: who may work at the desk, and as what.

1. `ROLES` says in words what each role is for.
2. `add`, `set_password` and `remove` change accounts; passwords are kept as argon2id hashes.
3. `accounts` lists those that are not removed.
"""

from mailer.staff.accounts import (
    Account,
    accounts,
    add,
    mailbox_of,
    new_password,
    remove,
    set_password,
)
from mailer.staff.roles import MAY, ROLES, Act, may
from mailer.staff.sessions import SignedIn, begin, end, seen, signed_in

__all__ = [
    "MAY",
    "ROLES",
    "Account",
    "Act",
    "SignedIn",
    "accounts",
    "add",
    "begin",
    "end",
    "mailbox_of",
    "may",
    "new_password",
    "remove",
    "seen",
    "set_password",
    "signed_in",
]
