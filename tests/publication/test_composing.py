"""Composing: a new issue or announcement, its own fields, and what is refused."""

from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import update

from mailer import audit
from mailer.database import Database
from mailer.errors import NotFound
from mailer.publication import (
    Issue,
    Overtaken,
    Place,
    Saved,
    WrongFields,
    change_issue,
    create_announcement,
    create_issue,
    ensure_first,
    issue_by_id,
    propose,
    reach,
    set_public,
)
from mailer.publication.composing import subject_after
from mailer.publication.models import PublicationRow
from tests.publication.conftest import ANA, BEN

TODAY = date(2007, 6, 4)


def fields(issue: Issue) -> dict[str, str | int | None]:
    return {"number": issue.number, "date": issue.date.isoformat(), "title": issue.title}


def test_the_first_issue_is_number_one(database: Database, now: datetime) -> None:
    with database.write() as session:
        ensure_first(session, "en", now)
        first = propose(session, 1, TODAY)
    assert (first.number, first.date, first.title) == (1, TODAY, "Update 1")
    assert (first.subject, first.shape) == ("Update 1. 4 June 2007", ())


def test_the_next_number_and_date_are_proposed(
    database: Database, now: datetime, issue: Issue
) -> None:
    with database.write() as session:
        session.execute(update(PublicationRow).values(cadence="monthly on the last Saturday"))
        proposed = propose(session, 1, TODAY)
    assert (proposed.number, proposed.date) == (122, date(2007, 6, 30))
    assert (proposed.title, proposed.subject) == ("Update 122", "Update 122. 30 June 2007")
    with database.write() as session:
        session.execute(update(PublicationRow).values(cadence="whenever it suits us"))
        assert propose(session, 1, TODAY).date == TODAY


def test_it_starts_from_the_last_issues_shape(
    database: Database, now: datetime, issue: Issue
) -> None:
    with database.write() as session:
        made = create_issue(session, 1, {"number": 122, "date": "2007-06-30"}, now, ANA)
        assert made.items == ()
        shape = propose(session, 1, TODAY).shape
        assert shape == ()
        shaped = create_issue(
            session, 1, {"number": 123, "date": "2007-07-28"}, now, ANA, shape=shape_of(issue)
        )
    assert [(item.topic, item.title, item.summary) for item in shaped.items] == [("", "", "")] * 3
    assert len({item.slug for item in shaped.items}) == 3


def shape_of(issue: Issue) -> list[Place]:
    return [Place(item.topic, item.members_only) for item in issue.items]


@pytest.mark.parametrize(
    ("subject", "following"),
    [
        ("Update 121. 31 May 2007", "Update 122. 30 June 2007"),
        ("Update 121: water and mining", "Update 122: "),
        ("Update 121 | 31 May 2007 – a vote", "Update 122 | 30 June 2007 – "),
        ("Water and mining", ""),
        ("The vote (Update 121)", ""),
        ("", ""),
    ],
)
def test_a_subject_has_a_pattern_and_words_of_its_own(subject: str, following: str) -> None:
    last, new = ("Update 121", date(2007, 5, 31)), ("Update 122", date(2007, 6, 30))
    assert subject_after(subject, last, new, "en") == following


def test_a_number_is_given_once(database: Database, now: datetime, issue: Issue) -> None:
    with database.write() as session, pytest.raises(WrongFields) as refused:
        create_issue(session, 1, {"number": "121", "date": "2007-06-30"}, now, ANA)
    assert str(refused.value) == ("Update 121 is there already, of 31 May 2007; the next is 122.")
    assert set(refused.value.fields) == {"number"}


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"number": ""}, "number", "An issue has a number"),
        ({"number": "12a"}, "number", "“12a” is no number"),
        ({"number": "٣"}, "number", "is no number"),
        ({"number": 0}, "number", "1 or more"),
        ({"number": 2**31}, "number", "1 or more"),
        ({"number": "9" * 5000}, "number", "is no number"),
        ({"date": "2007-02-30"}, "date", "no date “2007-02-30”"),
        ({"date": "0001-01-01"}, "date", "too far away"),
        ({"title": "x" * 201}, "title", "The title has 201 characters; 200 are the most"),
        ({"subject": "x" * 301}, "subject", "The subject has 301"),
        ({"language": "../en"}, "language", "is no language"),
    ],
)
def test_what_an_issue_cannot_have(
    database: Database, now: datetime, issue: Issue, given: dict[str, str], field: str, reason: str
) -> None:
    with database.write() as session, pytest.raises(WrongFields) as refused:
        change_issue(session, issue.id, given, issue.head_version, now, ANA)
    assert reason in refused.value.fields[field]
    with database.read() as session:
        assert issue_by_id(session, issue.id) == issue


def test_every_wrong_field_is_named_at_once(
    database: Database, now: datetime, issue: Issue
) -> None:
    given = {"date": "soon", "title": "x" * 300, "subject": "good"}
    with database.write() as session, pytest.raises(WrongFields) as refused:
        change_issue(session, issue.id, given, 1, now, ANA)
    assert set(refused.value.fields) == {"date", "title"}


def test_what_nobody_sees_is_left_out(database: Database, now: datetime, issue: Issue) -> None:
    given = {"subject": "  Water\r\nBcc: all\0\u202e\ud800 \ufeff now\u2028! "}
    with database.write() as session:
        saved = change_issue(session, issue.id, given, issue.head_version, now, ANA)
    assert isinstance(saved, Saved)
    assert saved.fields["subject"] == "Water Bcc: all now !"


def test_title_and_subject_follow_the_number_and_date(
    database: Database, now: datetime, issue: Issue
) -> None:
    given = fields(issue) | {"number": 122, "date": "2007-06-30"}
    with database.write() as session:
        saved = change_issue(session, issue.id, given, issue.head_version, now, ANA)
    assert isinstance(saved, Saved)
    assert saved.fields["title"] == "Update 122"
    assert saved.fields["subject"] == "Update 122. 30 June 2007"
    with database.write() as session:
        more = {"subject": "Water", "date": "2007-07-01", "title": ""}
        saved = change_issue(session, issue.id, more, saved.version, now, ANA)
    assert isinstance(saved, Saved)
    assert (saved.fields["subject"], saved.fields["title"]) == ("Water", "Update 122")


def test_what_was_public_keeps_its_number(database: Database, now: datetime, issue: Issue) -> None:
    with database.write() as session:
        set_public(session, issue.id, True, now)
        set_public(session, issue.id, False, now)
        with pytest.raises(WrongFields, match="has been public: its number stays"):
            change_issue(session, issue.id, {"number": 130}, issue.head_version, now, ANA)
        assert issue_by_id(session, issue.id).number == 121


def test_an_announcement_has_a_title_and_no_number(
    database: Database, now: datetime, issue: Issue
) -> None:
    with database.write() as session:
        with pytest.raises(WrongFields, match="Say what it is about"):
            create_announcement(session, 1, {"date": "2007-06-23"}, now, ANA)
        made = create_announcement(
            session, 1, {"title": "Annual meeting", "date": "2007-06-23", "number": 7}, now, ANA
        )
        saved = change_issue(session, made.id, {"number": 9, "title": ""}, 1, now, ANA)
    assert (made.kind, made.number, made.subject) == ("announcement", None, "Annual meeting")
    assert len(made.items) == 1
    assert isinstance(saved, Saved)
    assert (saved.fields["number"], saved.fields["title"]) == (None, "Annual meeting")


def test_two_change_different_fields_of_the_head(
    database: Database, now: datetime, issue: Issue
) -> None:
    with database.write() as session:
        change_issue(session, issue.id, {"subject": "Water"}, issue.head_version, now, BEN)
    with database.write() as session:
        given = fields(issue) | {"subject": issue.subject, "preheader": "And a vote"}
        saved = change_issue(session, issue.id, given, issue.head_version, now, ANA)
    assert isinstance(saved, Saved)
    assert (saved.fields["subject"], saved.fields["preheader"]) == ("Water", "And a vote")
    assert (saved.from_theirs, saved.by) == (("subject",), BEN)


def test_two_change_the_subject(database: Database, now: datetime, issue: Issue) -> None:
    later = now + timedelta(minutes=3)
    with database.write() as session:
        change_issue(session, issue.id, {"subject": "Water"}, issue.head_version, later, BEN)
    with database.write() as session:
        told = change_issue(session, issue.id, {"subject": "Mines"}, issue.head_version, now, ANA)
        assert isinstance(told, Overtaken)
        assert issue_by_id(session, issue.id).subject == "Water"
    assert (told.by, told.at, told.undecided) == (BEN, later, ("subject",))
    assert (told.theirs["subject"], told.yours["subject"]) == ("Water", "Mines")
    with database.write() as session:
        mine = change_issue(session, issue.id, {"subject": "Mines"}, told.version, now, ANA)
        assert isinstance(mine, Saved)
        assert issue_by_id(session, issue.id).subject == "Mines"


def test_of_two_who_take_a_number_one_is_told(database: Database, now: datetime) -> None:
    with database.write() as session:
        ensure_first(session, "en", now)
    told: list[str] = []
    together = Barrier(2)

    def begin(actor: str) -> None:
        together.wait()
        try:
            with database.write() as session:
                create_issue(session, 1, {"number": 1, "date": "2007-05-31"}, now, actor)
        except WrongFields as refused:
            told.append(str(refused))

    both = [Thread(target=begin, args=(actor,)) for actor in (ANA, BEN)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(told) == 1
    assert "already" in told[0]


@pytest.mark.parametrize(
    ("status", "public", "words"),
    [
        ("draft", False, None),
        ("draft", True, "seen there at once"),
        ("scheduled", False, "goes out with it"),
        ("sending", True, "stop the press first"),
        ("paused", True, "stop the press first"),
        ("sent", True, "changes in the archive only"),
        ("cancelled", True, "changes in the archive only"),
    ],
)
def test_what_a_change_reaches_is_said(
    database: Database,
    now: datetime,
    issue: Issue,
    status: str,
    public: bool,
    words: str | None,
) -> None:
    with database.write() as session:
        set_public(session, issue.id, public, now)
        said = reach(issue_by_id(session, issue.id), status)
    assert (said is None) if words is None else (words in str(said))


def test_what_is_done_is_in_the_log(database: Database, now: datetime, issue: Issue) -> None:
    with database.write() as session:
        change_issue(session, issue.id, {"subject": "Water"}, issue.head_version, now, BEN)
        with pytest.raises(NotFound):
            change_issue(session, 4000, {"subject": "Water"}, 1, now, BEN)
        with pytest.raises(NotFound):
            create_issue(session, 4000, {"number": 1}, now, BEN)
    with database.read() as session:
        said = [(entry.actor, entry.words) for entry in audit.entries(session, kind="issue")]
    assert said[0] == (BEN, "changed the head of Update 121")
    assert said[-1] == (ANA, "began Update 121")
