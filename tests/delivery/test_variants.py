"""Which variant of a letter a reader gets, and who gets none."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from mailer import audience, delivery
from mailer.audience import Group
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.delivery.frozen import freeze, thaw
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.delivery.variants import NO_ITEM, usual_variants, variant_for
from mailer.letter import CompiledLetter, MergeValues
from mailer.publication import Issue
from mailer.publication.models import IssueRow, ItemRow
from tests.conftest import NOW
from tests.delivery.desk import Desk, address

MINING, WATER, NONE = "Mining", "Water", ""


def issue_with(desk: Desk, *topics: str, members: str = "") -> Issue:
    """Update 120 whose three items have these topics; those of topic `members` are for members."""
    issue = desk.issue
    items = zip(issue.items, topics, strict=True)
    return replace(
        issue,
        items=tuple(
            replace(item, topic=topic, members_only=bool(members) and topic == members)
            for item, topic in items
        ),
    )


@pytest.mark.parametrize(
    ("language", "member", "topics", "members", "key"),
    [
        ("", False, None, "", "en-html-public"),
        ("en-GB", False, None, "", "en-html-public"),
        ("es-PE", False, None, "", "es-html-public"),
        ("qu", False, None, "", "en-html-public"),
        ("", True, None, "", "en-html-public"),
        ("", True, None, MINING, "en-html-member"),
        ("", True, (WATER,), MINING, "en-html-public-…"),
        ("", True, (MINING,), MINING, "en-html-member-…"),
        ("", False, (MINING, WATER, "Culture"), "", "en-html-public-…"),
        ("", False, (MINING, WATER, NONE), "", "en-html-public"),
        ("", False, ("Culture",), "", None),
        ("", False, (MINING,), MINING, None),
    ],
)
def test_readers_share_a_variant_where_nothing_sets_them_apart(
    desk: Desk,
    language: str,
    member: bool,
    topics: tuple[str, ...] | None,
    members: str,
    key: str | None,
) -> None:
    issue = issue_with(desk, MINING, WATER, NONE, members=members)
    variant = variant_for(issue, Group(language, "html", member, topics, "any"))
    if key is None or variant is None:
        assert variant is key
    elif key.endswith("…"):
        assert variant.key[: len(key) - 1] == key[:-1]
        assert variant.topics == tuple(sorted({MINING, WATER, NONE} & set(topics or ())))
    else:
        assert variant.key == key


@pytest.mark.parametrize("part", ["summary", "body"])
def test_a_members_block_sets_members_apart(desk: Desk, part: str) -> None:
    issue = issue_with(desk, MINING, WATER, NONE)
    first, *others = issue.items
    block = replace(first, **{part: "Open.\n\n::: members\nFor us.\n:::"})  # type: ignore[arg-type]
    issue = replace(issue, items=(block, *others))
    assert [one.member for one in usual_variants(issue)] == [False, True, False, True]
    for member, topics, apart in [
        (True, None, True),
        (True, (MINING,), True),
        (True, (WATER,), False),
        (False, None, False),
    ]:
        variant = variant_for(issue, Group("", "html", member, topics, "any"))
        assert variant is not None
        assert variant.member is apart


def test_an_issue_thaws_as_it_froze(desk: Desk) -> None:
    issue = issue_with(desk, MINING, WATER, NONE, members=WATER)
    assert thaw(freeze(issue)) == issue


def choose(desk: Desk, reader: int, *, language: str = "", topics: list[str] | None = None) -> None:
    with desk.database.write() as session:
        session.execute(
            update(SubscriberRow).where(SubscriberRow.id == reader).values(language=language)
        )
        session.execute(
            update(SubscriptionRow)
            .where(SubscriptionRow.subscriber_id == reader)
            .values(topics=topics)
        )


def set_topics(desk: Desk, *topics: str) -> None:
    with desk.database.write() as session:
        for position, topic in enumerate(topics, 1):
            session.execute(
                update(ItemRow)
                .where(ItemRow.issue_id == desk.issue.id, ItemRow.position == position)
                .values(topic=topic)
            )


def letters(desk: Desk) -> dict[int, str]:
    """The whole letter of each reader who gets one, as nobody in particular would read it."""
    found = {}
    links = dict.fromkeys(("unsubscribe_url", "preferences_url", "letter_url"), "https://a.example")
    nobody = MergeValues("", "nobody@example.org", "<1@a.example>", links)
    with desk.database.read() as session:
        for reader, compiled in session.execute(
            select(DeliveryRow.subscriber_id, CompiledLetterRow.compiled).join(
                CompiledLetterRow, CompiledLetterRow.id == DeliveryRow.letter_id
            )
        ):
            found[reader] = CompiledLetter.from_bytes(compiled).parts(nobody)[1]
    return found


def test_each_reader_gets_the_items_of_their_topics_in_their_language(desk: Desk) -> None:
    set_topics(desk, MINING, WATER, NONE)
    all_of_it, mining, spanish, nothing = desk.subscribe(*map(address, range(4)))
    choose(desk, mining, topics=[MINING])
    choose(desk, spanish, language="es", topics=[WATER, MINING])
    choose(desk, nothing, topics=["Culture"])
    desk.send()
    got = letters(desk)
    titles = [item.title for item in desk.issue.items]
    shown = {reader: [f". {title}" in text for title in titles] for reader, text in got.items()}
    assert shown == {
        all_of_it: [True, True, True],
        mining: [True, False, False],
        spanish: [True, True, False],
    }
    assert "Hola, " in got[spanish]
    assert "Dear " in got[mining]
    skipped = {
        (reader, state, reason)
        for reader, state, reason, letter in desk.rows(
            DeliveryRow.subscriber_id, DeliveryRow.state, DeliveryRow.reason, DeliveryRow.letter_id
        )
        if letter is None
    }
    assert skipped == {(nothing, "skipped", NO_ITEM)}
    status = desk.status()
    assert (status.audience, status.skipped, status.queued) == (4, 1, 3)
    assert {one.recipient.subscriber_id for one in desk.claim()} == {all_of_it, mining, spanish}


def test_a_variant_that_nobody_had_in_mind_says_what_was_sent_then(desk: Desk) -> None:
    (first,) = desk.subscribe(address(1))
    mailing = desk.send()
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(title="Something else altogether"))
        session.execute(update(IssueRow).values(version=IssueRow.version + 1))
    (late,) = desk.subscribe(address(2))
    choose(desk, late, language="es")
    with desk.database.write() as session:
        delivery.send_to_new(session, desk.config, desk.issue, NOW, "ana")
    desk.fan_out(mailing)
    got = letters(desk)
    assert "Hola, " in got[late]
    for reader in (first, late):
        assert "Rights defender threatened" in got[reader]
        assert "Something else" not in got[reader]


def test_a_variant_that_cannot_be_compiled_pauses_the_mailing(desk: Desk) -> None:
    (reader,) = desk.subscribe(address(1))
    choose(desk, reader, language="es")
    mailing = desk.begin()
    broken = replace(desk.issue, publication=replace(desk.issue.publication, theme="gone"))
    with desk.database.write() as session:
        session.get_one(MailingRow, mailing).content = freeze(broken)
    desk.fan_out(mailing)
    assert desk.status().status == "paused"
    assert "theme “gone”" in desk.status().reason
    assert desk.rows(DeliveryRow.id) == []


def test_many_groups_in_one_chunk(desk: Desk) -> None:
    set_topics(desk, MINING, WATER, NONE)
    readers = desk.subscribe(*map(address, range(40)))
    for number, reader in enumerate(readers):
        choose(desk, reader, topics=[f"Topic {number}", MINING if number % 2 else WATER])
    desk.send()
    with desk.database.read() as session:
        assert len(audience.groups(session, audience.fan_out(1, NOW.date()))) == 40
    assert desk.states() == {"queued": 40}
    got = letters(desk)
    assert len(set(got.values())) == 2
