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
6. What is kept about somebody can be told (`story`, `export_person`), taken along
   (`export_csv`), and erased (`erase` in a transaction with the other rooms, then `scrub`).

Functions work in the caller's transaction, which is what makes them safe to combine; only
`import_csv` and `export_csv` take the database, since they make many short ones, and `scrub`.
"""

from typing import TYPE_CHECKING

from mailer.doors import opened_by

if TYPE_CHECKING:
    from mailer.audience.adding import Added, add
    from mailer.audience.address import Address, normalise
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
    from mailer.audience.erasing import erase, erased_since, scrub, strip
    from mailer.audience.exporting import export_csv
    from mailer.audience.fields import ground_of
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
    from mailer.audience.suppression import Reason, Scope, Suppression, suppress, suppression_of
    from mailer.audience.telling import Happening, Standing, Story, export_person, story

__all__ = [
    "Added",
    "Address",
    "Choice",
    "Choices",
    "Confirmation",
    "Event",
    "Group",
    "Happening",
    "ImportOutcome",
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
    "ask",
    "bare_recipient",
    "by_id",
    "change",
    "choices",
    "confirm",
    "count_active",
    "count_complaints",
    "count_groups",
    "count_suppressed",
    "domains",
    "erase",
    "erased_since",
    "export_csv",
    "export_person",
    "fan_out",
    "find",
    "forget_networks",
    "ground_of",
    "group_of",
    "groups",
    "import_csv",
    "leave",
    "leave_all",
    "leavings",
    "next_readers",
    "normalise",
    "reads",
    "recipient_by_id",
    "recipients",
    "scrub",
    "story",
    "strip",
    "suppress",
    "suppression_of",
    "unconfirmed_since",
]

__getattr__ = opened_by(__name__, __file__)
