"""Staff: who may work at the desk, and as what.

1. `MAY` is the one table of what each role may; `may` asks it, `ROLES` says it in words.
2. `add`, `describe`, `change_role`, `set_password` and `remove` change accounts; passwords are
   kept as argon2id hashes.
3. `begin` begins a session when somebody has signed in, `signed_in` says whose it is, and
   `sessions` shows them to whoever they belong to, to be ended.
"""

from mailer.staff.accounts import (
    Account,
    account,
    accounts,
    add,
    change_role,
    describe,
    mailbox_of,
    names,
    remove,
    set_password,
)
from mailer.staff.passwords import hash_of, new_password
from mailer.staff.roles import MAY, ROLE_NAMES, ROLES, Act, may
from mailer.staff.sessions import (
    OpenSession,
    SignedIn,
    begin,
    end,
    end_all,
    end_others,
    seen,
    sessions,
    sign_out,
    signed_in,
)

__all__ = [
    "MAY",
    "ROLES",
    "ROLE_NAMES",
    "Account",
    "Act",
    "OpenSession",
    "SignedIn",
    "account",
    "accounts",
    "add",
    "begin",
    "change_role",
    "describe",
    "end",
    "end_all",
    "end_others",
    "hash_of",
    "mailbox_of",
    "may",
    "names",
    "new_password",
    "remove",
    "seen",
    "sessions",
    "set_password",
    "sign_out",
    "signed_in",
]
