"""One compiled letter: readers' messages differ in their own values, and what was sent stays."""

import re
from email import message_from_bytes, policy

from sqlalchemy import update

from mailer import delivery
from mailer.delivery.letters import compiled_letter
from mailer.delivery.message import MessageMaker
from mailer.publication.models import IssueRow, ItemRow
from mailer.tokens import Signer
from tests.delivery.desk import Desk, address

SOFT = b"=\r\n"


def messages(desk: Desk) -> list[bytes]:
    """The whole message of each claimed delivery."""
    site = desk.config.site
    maker = MessageMaker(desk.config, Signer(site.secret_key))
    return [
        maker.make(compiled_letter(desk.database, one.letter_id), one).content
        for one in desk.claim()
    ]


def own_values(message: bytes) -> list[bytes]:
    """What in a message is its reader's own."""
    parsed = message_from_bytes(message, policy=policy.default)
    tokens = re.findall(
        rb"/(?:unsubscribe|preferences|letter)/([\w-]+)", message.replace(SOFT, b"")
    )
    name = parsed["to"].addresses[0].display_name
    return [
        *(token for token in tokens),
        parsed["message-id"].encode(),
        parsed["to"].addresses[0].addr_spec.encode(),
        name.encode(),
    ]


def without(message: bytes) -> bytes:
    bare = message.replace(SOFT, b"")
    for value in sorted(set(own_values(message)), key=len, reverse=True):
        bare = bare.replace(value, b"*")
    return bare


def test_two_readers_letters_differ_in_their_own_values_only(desk: Desk) -> None:
    desk.subscribe(address(1), address(2))
    desk.send()
    first, second = messages(desk)
    assert first != second
    assert own_values(first) != own_values(second)
    assert without(first) == without(second)


def test_what_was_sent_is_shown_again_after_the_issue_was_edited(desk: Desk) -> None:
    (reader,) = desk.subscribe(address(1))
    desk.send()
    (claimed,) = desk.claim()
    site = desk.config.site
    signer = Signer(site.secret_key)
    maker = MessageMaker(desk.config, signer)
    letter = compiled_letter(desk.database, claimed.letter_id)
    sent = maker.make(letter, claimed).content
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(title="Something else"))
        session.execute(update(IssueRow).values(version=IssueRow.version + 1))
    again = maker.make(compiled_letter(desk.database, claimed.letter_id), claimed).content
    assert again == sent
    part = message_from_bytes(sent, policy=policy.default).get_body(("html",))
    assert part is not None
    with desk.database.read() as session:
        html, _ = delivery.letter_in_browser(
            session, desk.config, signer, claimed.letter_id, reader
        )
    assert html == part.get_content().replace("\r\n", "\n")
