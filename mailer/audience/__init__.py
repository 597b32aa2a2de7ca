"""The audience: who reads.

1. A reader comes in by one of three doors, each of which writes a consent. `import_csv` takes a
   file, of any length; `add` takes one address by hand; `ask` takes what somebody typed into a
   form, and returns the `LetterDue` whose link leads to `confirm`.
2. `normalise` decides what is an address and when two are the same mailbox. A mailbox is one
   `Subscriber` (`find`, `by_id`), and has a subscription to each publication that it reads.
   Publications are ids here; the doors know their names.
3. A reader rules over what they get: `choices` and `change`, `leave` and `leave_all`.
4. `suppress` keeps an address or a domain from being mailed; `suppression_of` says which are.
5. Delivery asks `fan_out` for the audience of a mailing, `next_readers` how far the next of them
   reach, `groups` for what sets the letters of its readers apart, `count_active` for its size,
   `recipients` for each reader once more before their letter goes out, `addresses` and `domains`
   for where they have their mailboxes. Who wants figures asks `count_groups`, `count_suppressed`,
   `leavings` and `count_complaints`.
6. Staff `search` for readers, `amend` what is known of them, let them read at another address
   (`ask_new_address`, `confirm_new_address`), and see how the list grew (`list_growth`,
   `list_size`). A file that they upload (`receive`) is looked at and brought in by `carry_on`,
   which may be killed and goes on; they `run_import` and `stop_import`, and `import_status` tells
   how far it is.
7. What is kept about somebody can be told (`story`, `export_person`), taken along
   (`export_csv`), and erased (`erase` in a transaction with the other rooms, then `scrub`).

Functions work in the caller's transaction, which is what makes them safe to combine; only
`import_csv` and `export_csv` take the database, since they make many short ones, and `scrub`.
"""

from typing import TYPE_CHECKING

from mailer.doors import opened_by

if TYPE_CHECKING:
    from mailer.audience.adding import Added, add
    from mailer.audience.address import Address, normalise
    from mailer.audience.amending import (
        addresses_of,
        amend,
        ask_new_address,
        confirm_new_address,
        forget_new_address,
        new_address_of,
        set_format,
    )
    from mailer.audience.apply import Outcome
    from mailer.audience.asking import Confirmation, ask, confirm
    from mailer.audience.choosing import Choice, Choices, change, choices
    from mailer.audience.consent import Wording
    from mailer.audience.counting import (
        count_complaints,
        count_groups,
        count_suppressed,
        leavings,
    )
    from mailer.audience.csv_row import field_name, harmless, read_tags, write_tags
    from mailer.audience.draft import is_member
    from mailer.audience.erasing import erase, erased_since, scrub, strip
    from mailer.audience.exporting import csv_pieces, export_csv
    from mailer.audience.fields import ground_of, language_of, line_of
    from mailer.audience.finding import STANDINGS, Found, FoundPage, search
    from mailer.audience.growth import ListSize, list_growth, list_size
    from mailer.audience.import_desk import (
        ImportStatus,
        first_rows,
        import_refusals,
        import_status,
        imports,
        run_import,
        stop_import,
    )
    from mailer.audience.import_runs import carry_on, forget_old
    from mailer.audience.importing import ImportOutcome, import_csv
    from mailer.audience.leaving import leave, leave_all
    from mailer.audience.retention import forget_networks, unconfirmed_since
    from mailer.audience.sendable import (
        Group,
        NotSendable,
        Recipient,
        addresses,
        bare_recipient,
        count_active,
        domains,
        fan_out,
        group_of,
        groups,
        next_readers,
        recipient_by_id,
        recipients,
    )
    from mailer.audience.subscriber import Subscriber, by_id, find, reads
    from mailer.audience.subscription import Event, State
    from mailer.audience.suppression import (
        LIFTED_BY_STAFF,
        Reason,
        Scope,
        Suppression,
        lift_by_staff,
        suppress,
        suppression_of,
    )
    from mailer.audience.telling import Happening, Standing, Story, export_person, story
    from mailer.audience.uploading import LARGEST, receive

__all__ = [
    "LARGEST",
    "LIFTED_BY_STAFF",
    "STANDINGS",
    "Added",
    "Address",
    "Choice",
    "Choices",
    "Confirmation",
    "Event",
    "Found",
    "FoundPage",
    "Group",
    "Happening",
    "ImportOutcome",
    "ImportStatus",
    "ListSize",
    "NotSendable",
    "Outcome",
    "Reason",
    "Recipient",
    "Scope",
    "Standing",
    "State",
    "Story",
    "Subscriber",
    "Suppression",
    "Wording",
    "add",
    "addresses",
    "addresses_of",
    "amend",
    "ask",
    "ask_new_address",
    "bare_recipient",
    "by_id",
    "carry_on",
    "change",
    "choices",
    "confirm",
    "confirm_new_address",
    "count_active",
    "count_complaints",
    "count_groups",
    "count_suppressed",
    "csv_pieces",
    "domains",
    "erase",
    "erased_since",
    "export_csv",
    "export_person",
    "fan_out",
    "field_name",
    "find",
    "first_rows",
    "forget_networks",
    "forget_new_address",
    "forget_old",
    "ground_of",
    "group_of",
    "groups",
    "harmless",
    "import_csv",
    "import_refusals",
    "import_status",
    "imports",
    "is_member",
    "language_of",
    "leave",
    "leave_all",
    "leavings",
    "lift_by_staff",
    "line_of",
    "list_growth",
    "list_size",
    "new_address_of",
    "next_readers",
    "normalise",
    "read_tags",
    "reads",
    "receive",
    "recipient_by_id",
    "recipients",
    "run_import",
    "scrub",
    "search",
    "set_format",
    "stop_import",
    "story",
    "strip",
    "suppress",
    "suppression_of",
    "unconfirmed_since",
    "write_tags",
]

__getattr__ = opened_by(__name__, __file__)
