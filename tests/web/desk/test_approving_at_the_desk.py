"""Approval at the desk: asked for by one, given by another, needed before anything is sent."""

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from mailer.config import Config
from mailer.database import Database
from mailer.delivery import compose
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MergeValueRow
from mailer.letter import MergeValues
from mailer.web import create_app
from tests.conftest import NOW
from tests.web.desk.conftest import SignIn
from tests.web.desk.hostile import Page, marker, payload
from tests.web.desk.sending import Update120
from tests.web.desk.test_checking_and_sending import follow, text

NEVER_SENT = "is not approved; a second person has to see it"


@pytest.fixture
def config(config: Config) -> Config:
    staff = config.staff.model_copy(update={"approval": True})
    return config.model_copy(update={"staff": staff})


@pytest.fixture
def app(config: Config, database: Database) -> FastAPI:
    return create_app(config, database)


def test_asked_approved_sent(update: Update120, sign_in: SignIn) -> None:
    writer = sign_in("writer", "ana@psg.example")
    editor, owner = sign_in("editor", "bo@psg.example"), sign_in("owner", "cleo@psg.example")
    answer = update.send(editor)
    assert answer.status_code == 422
    assert NEVER_SENT in text(answer.text)
    page = follow(writer, writer.submit(f"{update.path}/approval/ask", request="Look at the date."))
    assert "Approval is asked for." in page
    page = text(owner.get("/desk/queue").text)
    assert "Waiting for approval Update 120 ana@psg.example asked on" in page
    page = text(editor.get(f"{update.path}/send").text)
    assert "Look at the date." in page
    version = update.issue.version
    page = follow(owner, owner.submit(f"{update.path}/approval/approve", version=version))
    assert "Update 120 is approved." in page
    assert "cleo@psg.example approved it on" in page
    assert update.send(editor).status_code == 303
    assert update.status.status == "scheduled"


def test_whoever_asked_sees_why_they_cannot_approve(update: Update120, sign_in: SignIn) -> None:
    editor = sign_in("editor")
    editor.submit(f"{update.path}/approval/ask")
    page = text(editor.get(f"{update.path}/send").text)
    assert "You asked for it; somebody else approves it." in page
    answer = editor.submit(f"{update.path}/approval/approve", version=update.issue.version)
    assert answer.status_code == 422


def test_sent_back_with_a_remark(update: Update120, sign_in: SignIn) -> None:
    writer, editor = sign_in("writer"), sign_in("editor")
    writer.submit(f"{update.path}/approval/ask")
    version = update.issue.version
    answer = editor.submit(f"{update.path}/approval/return", version=version, remark=" ")
    assert answer.status_code == 422
    assert "Say what has to be mended" in text(answer.text)
    editor.submit(f"{update.path}/approval/return", version=version, remark="The date\nis wrong.")
    page = text(writer.get(f"{update.path}/send").text)
    assert "Sent back editor@psg.example sent it back on" in page
    assert "The date is wrong." in page
    assert "Ask for approval" in page


def test_edited_after_it_was_approved_it_is_not_sent(update: Update120, sign_in: SignIn) -> None:
    writer, editor = sign_in("writer"), sign_in("editor")
    writer.submit(f"{update.path}/approval/ask")
    editor.submit(f"{update.path}/approval/approve", version=update.issue.version)
    update.edit()
    answer = update.send(editor)
    assert answer.status_code == 422
    assert "was changed after it was approved; ask for approval again" in text(answer.text)
    page = text(editor.get(f"{update.path}/send").text)
    assert "approved it, and it was changed after that. It has to be approved again." in page


def test_approved_in_the_version_that_was_read(update: Update120, sign_in: SignIn) -> None:
    writer, editor = sign_in("writer"), sign_in("editor")
    writer.submit(f"{update.path}/approval/ask")
    read = update.issue.version
    update.edit()
    writer.submit(f"{update.path}/approval/ask")
    for version in (read, "", "x"):
        answer = editor.submit(f"{update.path}/approval/approve", version=version)
        assert answer.status_code == 422
        assert "was changed since you opened this page" in text(answer.text)


def test_everybody_sees_how_approval_stands(update: Update120, sign_in: SignIn) -> None:
    writer, editor = sign_in("writer"), sign_in("editor")
    writer.submit(f"{update.path}/approval/ask")
    there = f'href="{update.path}/send#approval"'
    assert "Update 120 ✎ Waiting for approval writer@psg.example asked on" in text(
        writer.get("/desk/").text
    )
    page = editor.get("/desk/").text
    assert "Update 120 ▲ Waiting for approval writer@psg.example asked on" in text(page)
    assert "1 thing needs your attention." in page
    assert there in page
    assert there in editor.get("/desk/queue").text
    editor.submit(f"{update.path}/approval/return", version=update.issue.version, remark="Shorter.")
    assert "Update 120 ▲ Sent back editor@psg.example sent it back on" in text(
        writer.get("/desk/").text
    )
    page = text(writer.get("/desk/queue").text)
    assert "Sent back Update 120 editor@psg.example sent it back on" in page
    writer.submit(f"{update.path}/approval/ask")
    editor.submit(f"{update.path}/approval/approve", version=update.issue.version)
    assert "Update 120 ✓ Approved editor@psg.example approved it on" in text(
        writer.get("/desk/").text
    )
    page = text(writer.get("/desk/queue").text)
    assert "Approved Update 120 editor@psg.example approved it on" in page
    # After an edit nothing is approved.
    update.edit()
    assert "approved" not in text(writer.get("/desk/").text)
    assert "Approved" not in text(writer.get("/desk/queue").text)


def test_a_writer_does_not_approve(update: Update120, sign_in: SignIn) -> None:
    writer, other = sign_in("writer"), sign_in("writer", "other@psg.example")
    writer.submit(f"{update.path}/approval/ask")
    assert "Approve" not in text(other.get(f"{update.path}/send").text)
    answer = other.submit(f"{update.path}/approval/approve", version=update.issue.version)
    assert answer.status_code == 403


def test_mended_in_the_middle_it_goes_on_only_approved(update: Update120, sign_in: SignIn) -> None:
    editor = sign_in("editor")
    update.begin()
    editor.submit(f"{update.path}/stop")
    update.edit()
    page = text(editor.get(f"{update.path}/progress").text)
    assert "Before it goes on with that, a second person approves it" in page
    page = follow(editor, editor.submit(f"{update.path}/go-on", how="corrected"))
    assert "is not approved" in page
    assert update.status.status == "paused"
    # Where the page leads, it is asked for and given.
    page = editor.get(f"{update.path}/send")
    assert "It was mended on the way." in text(page.text)
    assert 'id="send"' not in page.text
    editor.submit(f"{update.path}/approval/ask")
    owner = sign_in("owner")
    overview = text(owner.get("/desk/").text)
    assert "Update 120 ▲ Waiting for approval editor@psg.example asked on" in overview
    assert "Update 120 ▲ Paused editor@psg.example paused it." in overview
    owner.submit(f"{update.path}/approval/approve", version=update.issue.version)
    page = editor.get(f"{update.path}/send")
    assert "owner@psg.example approved it on" in text(page.text)
    assert f'href="{update.path}/progress">See how far it is' in page.text
    editor.submit(f"{update.path}/go-on", how="corrected")
    assert update.status.status == "sending"
    assert editor.get(f"{update.path}/send").status_code == 303


def letters(database: Database) -> list[tuple[str, str, dict[str, str]]]:
    """To whom each letter so far goes, in which language, and its merge values."""
    with database.read() as session:
        rows = session.execute(
            select(DeliveryRow.id, DeliveryRow.address, CompiledLetterRow.variant)
            .join(CompiledLetterRow, CompiledLetterRow.id == DeliveryRow.letter_id)
            .order_by(DeliveryRow.id)
        )
        return [
            (
                address,
                variant[:2],
                {
                    value.field: value.value
                    for value in session.scalars(
                        select(MergeValueRow).where(MergeValueRow.delivery_id == one)
                    )
                },
            )
            for one, address, variant in rows
        ]


def test_letters_tell_who_may_approve_and_then_who_asked(
    update: Update120, sign_in: SignIn, database: Database
) -> None:
    writer = sign_in("writer", "ana@psg.example")
    editor = sign_in("editor", "bo@psg.example")
    sign_in("owner", "cleo@psg.example")
    sign_in("auditor", "dan@psg.example")
    writer.submit(f"{update.path}/approval/ask", request="Look at\nthe date.")
    asked = letters(database)
    assert [(to, language) for to, language, _ in asked] == [
        ("bo@psg.example", "en"),
        ("cleo@psg.example", "en"),
    ]
    assert asked[0][2] == {
        "action_url": f"http://127.0.0.1:8000{update.path}/send",
        "colleague": "ana@psg.example",
        "title": "Update 120",
        "written": "Look at\nthe date.",
    }
    version = update.issue.version
    editor.submit(f"{update.path}/approval/return", version=version, remark="It is the 31st.")
    (to, _, values) = letters(database)[-1]
    assert (to, values["colleague"]) == ("ana@psg.example", "bo@psg.example")
    assert values["written"] == "It is the 31st."
    update.edit()
    writer.submit(f"{update.path}/approval/ask")
    assert [to for to, _, _ in letters(database)[3:]] == ["bo@psg.example", "cleo@psg.example"]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("note", ["approval asked", "approval approved", "approval returned"])
def test_what_such_a_letter_says(config: Config, note: str, language: str) -> None:
    letter = compose.compile_note(config, note, language, NOW)
    values = {
        "action_url": "https://updates.example.org/desk/issues/1/send",
        "colleague": "Ana <b>Quispe</b>",
        "title": "Update 120",
        "written": "{{ name }} & more",
    }
    page, words = letter.parts(MergeValues("", "bo@psg.example", "<1@psg.example>", values))
    assert page is not None
    for part in (page, words):
        assert "Update 120" in part
        assert "https://updates.example.org/desk/issues/1/send" in part
    assert "Ana &lt;b&gt;Quispe&lt;/b&gt;" in page
    assert "{{ name }} &amp; more" in page
    assert "{{ name }} & more" in words


def test_a_script_in_what_they_write_to_each_other_is_text(
    update: Update120, sign_in: SignIn
) -> None:
    writer, editor = sign_in("writer"), sign_in("editor")
    asked, remark = marker(), marker()
    writer.submit(f"{update.path}/approval/ask", request=payload(asked))
    seen = [Page(path, editor.get(path).text) for path in (f"{update.path}/send", "/desk/queue")]
    assert asked in seen[0].text
    version = update.issue.version
    editor.submit(f"{update.path}/approval/return", version=version, remark=payload(remark))
    pages = (f"{update.path}/send", "/desk/queue", "/desk/", "/desk/log")
    seen += [Page(path, editor.get(path).text) for path in pages]
    assert remark in seen[2].text
    assert {page.path: page.runs for page in seen if page.runs} == {}
