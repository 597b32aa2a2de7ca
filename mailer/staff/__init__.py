"""Staff: who may work at the desk, and as what.

1. `MAY` is the one table of what each role may; `may` asks it, `ROLES` says it in words.
2. `add`, `describe`, `change_role`, `set_password` and `remove` change accounts; passwords are
   kept as argon2id hashes.
3. Somebody comes through a letter: `invite` makes it, and `accept` what its link leads to; or
   `forgot` makes it, and `reset` sets the new password.
4. Somebody signs in: `check_password`, and `check_code` where `turn_on` has made it two steps.
   Tries in vain are slowed down, in the database (`throttle`).
5. `begin` begins a session then, `signed_in` says whose it is, and `sessions` shows them to
   whoever they belong to, to be ended.

What the site's secret key is needed for goes through `Keys`, made once.
"""

from mailer.staff.accounts import (
    Account,
    account,
    accounts,
    add,
    change_role,
    describe,
    find,
    mailbox_of,
    names,
    remove,
    set_password,
)
from mailer.staff.invitations import (
    Invitation,
    accept,
    invitation,
    invitations,
    invite,
    invite_again,
    withdraw,
)
from mailer.staff.keys import Keys
from mailer.staff.passwords import LEAST as PASSWORD_LEAST
from mailer.staff.passwords import hash_of, new_password
from mailer.staff.resets import count_asking, forgot, reset, who_forgot
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
from mailer.staff.sign_in import (
    NotSignedIn,
    Passed,
    TooLate,
    TooOften,
    check_code,
    check_password,
    confirm_password,
    unlock,
)
from mailer.staff.two_step import (
    RECOVERY_CODES,
    Offer,
    new_recovery_codes,
    offer,
    offer_again,
    recovery_codes_left,
    turn_off,
    turn_on,
)

__all__ = [
    "MAY",
    "PASSWORD_LEAST",
    "RECOVERY_CODES",
    "ROLES",
    "ROLE_NAMES",
    "Account",
    "Act",
    "Invitation",
    "Keys",
    "NotSignedIn",
    "Offer",
    "OpenSession",
    "Passed",
    "SignedIn",
    "TooLate",
    "TooOften",
    "accept",
    "account",
    "accounts",
    "add",
    "begin",
    "change_role",
    "check_code",
    "check_password",
    "confirm_password",
    "count_asking",
    "describe",
    "end",
    "end_all",
    "end_others",
    "find",
    "forgot",
    "hash_of",
    "invitation",
    "invitations",
    "invite",
    "invite_again",
    "mailbox_of",
    "may",
    "names",
    "new_password",
    "new_recovery_codes",
    "offer",
    "offer_again",
    "recovery_codes_left",
    "remove",
    "reset",
    "seen",
    "sessions",
    "set_password",
    "sign_out",
    "signed_in",
    "turn_off",
    "turn_on",
    "unlock",
    "who_forgot",
    "withdraw",
]
