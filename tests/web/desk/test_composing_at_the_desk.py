"""Composing, as requests: what each page shows and saves, who may, and what is refused."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event

from mailer import audit, staff
from mailer.database import Database
from mailer.publication import Issue, find_issue, history, issue_by_id, keep_picture, list_issues
from mailer.staff import Act
from tests.publication.test_pictures import drawn
from tests.web.conftest import Ana
from tests.web.desk.conftest import AtDesk, SignIn

JSON = {"accept": "application/json"}


@pytest.fixture
def issue(database: Database, sample: Ana) -> Issue:
    with database.read() as session:
        return find_issue(session, 1, 120)


def now_is(database: Database, issue: Issue) -> Issue:
    with database.read() as session:
        return issue_by_id(session, issue.id)


def item_path(issue: Issue, at: int = 0) -> str:
    return f"/desk/issues/{issue.id}/items/{issue.items[at].id}/"


def post_json(desk: AtDesk, path: str, **fields: object):  # type: ignore[no-untyped-def]
    data = {name: str(value) for name, value in fields.items()}
    return desk.post(path, data={"csrf": desk.csrf, **data}, headers=JSON)


def test_all_issues_stand_by_their_years(sign_in: SignIn, issue: Issue) -> None:
    page = sign_in("writer").get("/desk/issues/").text
    assert re.findall(r'id="year-(\d+)"', page) == ["2007", "2006"]
    assert page.count("Go on writing") == page.count('class="chip')
    assert "31 March 2007 · 3 items · in the archive" in page


def test_the_next_issue_is_proposed_and_begun(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    assert 'name="number" value="121"' in desk.get("/desk/issues/new").text
    answer = desk.submit(
        "/desk/issues/new",
        publication="updates",
        number=121,
        date="2007-05-31",
        subject="Water",
        start="shape",
    )
    assert answer.status_code == 303
    with database.read() as session:
        made = find_issue(session, 1, 121)
    assert answer.headers["location"].endswith(f"/desk/issues/{made.id}/")
    assert [item.title for item in made.items] == [""] * len(issue.items)
    assert "Update 121 is begun" in desk.get(f"/desk/issues/{made.id}/").text


def test_a_number_that_is_taken_is_told_beside_the_field(sign_in: SignIn, issue: Issue) -> None:
    desk = sign_in("writer")
    answer = desk.submit(
        "/desk/issues/new", publication="updates", number=120, date="soon", subject="<Kept>"
    )
    assert answer.status_code == 422
    assert "There is no date “soon”" in answer.text
    assert "&lt;Kept&gt;" in answer.text


def test_an_announcement_is_begun(sign_in: SignIn, issue: Issue, database: Database) -> None:
    desk = sign_in("writer")
    wrong = desk.submit("/desk/issues/announce", publication="updates", title="", date="2007-06-23")
    assert (wrong.status_code, "Say what it is about" in wrong.text) == (422, True)
    answer = desk.submit(
        "/desk/issues/announce", publication="updates", title="Meeting", date="2007-06-23"
    )
    page = desk.get(answer.headers["location"].removeprefix("http://127.0.0.1:8000")).text
    assert 'id="issue-title"' in page
    assert 'id="issue-number"' not in page


def test_every_field_has_an_id_that_findings_lead_to(sign_in: SignIn, issue: Issue) -> None:
    page = sign_in("writer").get(f"/desk/issues/{issue.id}/").text
    for name in ("number", "date", "language", "subject", "preheader"):
        assert page.count(f'id="issue-{name}"') == 1
    fields = ("title", "summary", "body", "topic", "link", "picture", "picture-alt", "members-only")
    for item in issue.items:
        for name in fields:
            assert page.count(f'id="item-{item.id}-{name}"') == 1


def test_an_item_is_saved_by_a_form_and_by_a_script(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    answer = desk.submit(
        item_path(issue), version=1, title="Rain", body="One.\r\nTwo.", whom="members"
    )
    assert answer.status_code == 303
    item = now_is(database, issue).items[0]
    assert (item.title, item.body, item.members_only) == ("Rain", "One.\nTwo.", True)
    assert item.slug == issue.items[0].slug
    saved = post_json(desk, item_path(issue), version=item.version, title="Rain again").json()
    assert re.fullmatch(r"Saved \d+:\d\d", saved["said"])
    assert (saved["version"], saved["fields"]["title"]) == (item.version + 1, "Rain again")
    assert now_is(database, issue).items[0].body == "One.\nTwo."


def test_what_cannot_be_taken_stands_in_the_form_again(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    answer = desk.submit(
        item_path(issue), version=1, title="Kept as typed", link="javascript:alert(1)"
    )
    assert answer.status_code == 422
    assert "leads nowhere" in answer.text
    assert 'value="Kept as typed"' in answer.text
    told = post_json(desk, item_path(issue), version=1, link="x y", title="t" * 201)
    assert (told.status_code, set(told.json()["fields"])) == (422, {"link", "title"})
    assert now_is(database, issue) == issue


def test_the_head_is_saved(sign_in: SignIn, issue: Issue, database: Database) -> None:
    desk = sign_in("writer")
    path = f"/desk/issues/{issue.id}/"
    assert desk.submit(path, version=1, subject="Water", preheader="And a vote").status_code == 303
    head = now_is(database, issue)
    assert (head.subject, head.preheader, head.number) == ("Water", "And a vote", 120)
    wrong = desk.submit(path, version=head.head_version, number=7, subject="As typed")
    assert wrong.status_code == 422
    assert "its number stays" in wrong.text
    assert 'value="As typed"' in wrong.text


def test_the_second_of_two_is_told(sign_in: SignIn, issue: Issue, database: Database) -> None:
    ana, ben = sign_in("writer"), sign_in("editor")
    assert ben.submit(item_path(issue), version=1, title="Ben's").status_code == 303
    page = ana.submit(item_path(issue), version=1, title="Ana's <b>", body="New")
    assert page.status_code == 409
    assert "editor@psg.example" in page.text
    assert "Ben&#39;s" in page.text
    assert "Ana&#39;s &lt;b&gt;" in page.text
    told = post_json(ana, item_path(issue), version=1, title="Ana's")
    assert (told.status_code, told.json()["undecided"]) == (409, ["title"])
    assert now_is(database, issue).items[0].title == "Ben's"
    version = told.json()["version"]
    assert ana.submit(item_path(issue), version=version, title="Both").status_code == 303
    assert now_is(database, issue).items[0].title == "Both"


def test_who_writes_on_what_was_removed_can_bring_it_back(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    ana, ben = sign_in("writer"), sign_in("editor")
    assert ben.submit(f"{item_path(issue)}remove", version=1).status_code == 303
    page = ana.submit(item_path(issue), version=1, body="My text")
    assert page.status_code == 409
    assert "removed this item while you wrote on it" in page.text
    assert 'name="bring_back" value="yes"' in page.text
    back = ana.submit(item_path(issue), version=2, body="My text", bring_back="yes")
    assert back.status_code == 303
    item = now_is(database, issue).items[0]
    assert (item.id, item.body, item.title) == (issue.items[0].id, "My text", issue.items[0].title)


def test_who_removes_what_another_changed_is_told(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    ana, ben = sign_in("writer"), sign_in("editor")
    ben.submit(item_path(issue), version=1, title="Ben's")
    answer = ana.submit(f"{item_path(issue)}remove", version=1)
    assert answer.status_code == 303
    assert len(now_is(database, issue).items) == len(issue.items)
    assert "It was not removed" in ana.get(f"/desk/issues/{issue.id}/").text


def test_items_are_added_moved_removed_and_brought_back(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    added = desk.submit(f"/desk/issues/{issue.id}/items/")
    assert re.search(r"\?open=(\d+)#item-\1-title$", added.headers["location"])
    moved = post_json(desk, f"{item_path(issue)}move", place=2).json()
    assert moved["said"].endswith("is now 2 of 4")
    desk.submit(f"{item_path(issue)}remove", version=1)
    assert issue.items[0].id not in [item.id for item in now_is(database, issue).items]
    assert "Bring it back" in desk.get(f"/desk/issues/{issue.id}/?removed={issue.items[0].id}").text
    desk.submit(f"{item_path(issue)}bring-back")
    assert now_is(database, issue).items[1].id == issue.items[0].id


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"<svg onload='alert(1)'/>", "x.png", "This is a drawing (SVG)"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "x.jpg", "Most Compatible"),
        (b"MZ\x90", "../../x.png\0.exe", "no picture that can be read"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_in_words(
    sign_in: SignIn, issue: Issue, content: bytes, name: str, reason: str
) -> None:
    desk = sign_in("writer")
    file = {"picture": (name, content, "image/png")}
    answer = desk.post("/desk/pictures/", data={"csrf": desk.csrf}, files=file, headers=JSON)
    assert answer.status_code == 422
    assert reason in answer.json()["said"]
    page = desk.post(item_path(issue), data={"csrf": desk.csrf, "version": "1"}, files=file)
    assert page.status_code == 422
    assert reason in page.text


def test_a_picture_is_kept_chosen_and_taken_out(
    sign_in: SignIn, issue: Issue, database: Database, now: datetime
) -> None:
    desk = sign_in("writer")
    file = {"picture": ("../../etc/passwd", drawn(), "text/html")}
    kept = desk.post("/desk/pictures/", data={"csrf": desk.csrf}, files=file, headers=JSON).json()
    assert kept["path"] == f"/pictures/{kept['hash']}"
    shown = desk.get(f"{item_path(issue)}pictures").text
    assert kept["hash"] in shown
    answer = desk.submit(
        f"{item_path(issue)}pictures", version=1, picture_hash=kept["hash"], picture_alt="A field"
    )
    assert answer.headers["location"].endswith("-picture-alt")
    item = now_is(database, issue).items[0]
    assert item.picture is not None
    assert item.picture.alt == "A field"
    desk.submit(item_path(issue), version=item.version, picture_hash=kept["hash"], no_picture="yes")
    assert now_is(database, issue).items[0].picture is None
    with database.write() as session:
        other = keep_picture(session, drawn(size=(9, 9)), now)
    file = {"picture": ("x", drawn(size=(9, 9)), "image/png")}
    desk.post(item_path(issue), data={"csrf": desk.csrf, "version": "3"}, files=file)
    found = now_is(database, issue).items[0].picture
    assert found is not None
    assert found.width == other.width


def test_what_is_pasted_comes_back_as_markdown(sign_in: SignIn, issue: Issue) -> None:
    desk = sign_in("writer")
    headers = {**JSON, "x-csrf": desk.csrf}
    answer = desk.post(
        "/desk/paste", json={"html": "<p><b>Bold</b><script>x</script></p>"}, headers=headers
    )
    assert answer.json()["markdown"].strip() == "**Bold**"
    for body in ({}, [], {"html": 7}):
        assert desk.post("/desk/paste", json=body, headers=headers).status_code == 422


def test_an_earlier_item_is_found_and_used_again(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    found = desk.get(f"/desk/issues/{issue.id}/library?words=cocaine&topic=").text
    item = re.search(r'name="item" value="(\d+)"', found)
    assert item is not None
    answer = desk.submit(f"/desk/issues/{issue.id}/library", item=item[1])
    assert answer.status_code == 303
    made = now_is(database, issue).items[-1]
    assert made.reused_from == int(item[1])
    assert (
        "No item has these words"
        in desk.get(f"/desk/issues/{issue.id}/library?words=%25%00<x>&page=99999").text
    )
    assert desk.submit(f"/desk/issues/{issue.id}/library").status_code == 422


def test_a_revision_is_compared_and_brought_back(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    desk.submit(item_path(issue), version=1, title="Changed <i>")
    here = f"/desk/issues/{issue.id}/revisions"
    assert "Changed &lt;i&gt;" in desk.get(here).text
    compared = desk.get(f"{here}/{issue.version}").text
    assert "<ins>Changed &lt;i&gt;</ins>" in compared
    assert desk.submit(f"{here}/{issue.version}/restore").status_code == 303
    assert now_is(database, issue).items[0].title == issue.items[0].title
    assert desk.get(f"{here}/4000").status_code == 404
    with database.read() as session:
        assert len(history(session, issue.id)) == 3


def test_many_revisions_ask_the_database_no_more_often_than_few(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    here = f"/desk/issues/{issue.id}/revisions"
    few = statements(database, lambda: desk.get(here))
    for version in range(1, 8):
        desk.submit(item_path(issue), version=version, title=f"Title {version}")
    assert desk.get(here).text.count("Title 7")
    assert statements(database, lambda: desk.get(here)) == few > 0


def statements(database: Database, look: Callable[[], object]) -> int:
    """How many statements the database is asked."""
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        look()
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    return len(asked)


@pytest.mark.parametrize("role", ["owner", "editor", "writer", "secretary", "auditor"])
def test_who_may_write(sign_in: SignIn, issue: Issue, database: Database, role: str) -> None:
    desk = sign_in(role)
    page = desk.get(f"/desk/issues/{issue.id}/")
    assert page.status_code == 200
    writes = staff.may(role, Act.WRITE)
    assert ("Add an item" in page.text) == writes
    here = f"/desk/issues/{issue.id}/"
    before = now_is(database, issue)
    answers = [
        desk.get("/desk/issues/new").status_code,
        desk.get("/desk/issues/announce").status_code,
        desk.get(item_path(issue)).status_code,
        desk.get(f"{item_path(issue)}pictures").status_code,
        desk.get(f"{here}library").status_code,
        desk.submit(here, version=1, subject="x").status_code,
        desk.submit(f"{here}items/").status_code,
        desk.submit(item_path(issue), version=1, title="x").status_code,
        desk.submit(f"{item_path(issue)}move", place=2).status_code,
        desk.submit(f"{here}revisions/{issue.version}/restore").status_code,
        desk.submit(f"{item_path(issue)}remove", version=2).status_code,
    ]
    if writes:
        assert 403 not in answers
    else:
        assert set(answers) == {403}
        assert now_is(database, issue) == before


@pytest.mark.parametrize("path", ["0", "4000", "9" * 30, "..%2f..%2fetc", "1%00"])
def test_an_issue_that_is_not_there(sign_in: SignIn, issue: Issue, path: str) -> None:
    desk = sign_in("writer")
    for more in ("", "items/1/", "library", "revisions", "revisions/1"):
        assert desk.get(f"/desk/issues/{path}/{more}").status_code in {404, 422}


def test_without_the_token_nothing_is_saved(
    sign_in: SignIn, issue: Issue, database: Database
) -> None:
    desk = sign_in("writer")
    here = f"/desk/issues/{issue.id}/"
    for path in (here, f"{here}items/", item_path(issue), f"{item_path(issue)}remove",
                 f"{item_path(issue)}move", f"{here}library", "/desk/issues/new", "/desk/pictures/",
                 f"{here}revisions/1/restore", "/desk/issues/announce", "/desk/paste"):  # fmt: skip
        assert desk.post(path, data={"version": "1", "title": "x"}).status_code == 403
    assert now_is(database, issue) == issue
    with database.read() as session:
        assert len(list_issues(session)) == 4
        assert audit.entries(session, actor=f"staff {desk.account.id}", kind="issue") == []
