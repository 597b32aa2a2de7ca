"""Composing as an editor does it, in Chromium: by mouse, by keyboard, without scripts, and when
somebody else, the network, the session or the browser itself gets in the way."""

import base64
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from mailer.publication import Issue
from tests.browser import chromium as running
from tests.browser import serious_faults
from tests.publication.test_pictures import drawn
from tests.web.desk.newsroom import Newsroom, newsroom

pytestmark = pytest.mark.long

WORD = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><body><p class=MsoNormal "
    "style='margin:0'><b>Three</b> districts<o:p></o:p></p><p class=MsoNormal>have "
    "<i>voted</i>.</p><script>alert(1)</script></body></html>"
)
numbers = count(200)


BRING = """(field, [way, drawn]) => {
  const octets = Uint8Array.from(atob(drawn), (one) => one.charCodeAt(0));
  const brought = new DataTransfer();
  brought.items.add(new File([octets], "field.png", { type: "image/png" }));
  field.dispatchEvent(way === "drop"
    ? new DragEvent("drop", { dataTransfer: brought, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: brought, bubbles: true, cancelable: true }));
}"""
"""A file dropped on a field, or pasted into it, as a browser tells a page of it."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with (
        running() as browser,
        newsroom(tmp_path_factory.mktemp("newsroom"), browser) as opened,
    ):
        yield opened


@pytest.fixture
def issue(room: Newsroom) -> Issue:
    return room.begin(next(numbers))


def open_item(page: Any, issue: Issue, at: int = 0) -> str:
    """Unfold an item; gives what the ids of its fields begin with."""
    item = f"#item-{issue.items[at].id}"
    page.locator(f"{item} summary").first.click()
    return item


def compose(room: Newsroom, page: Any, issue: Issue) -> None:
    page.goto(f"{room.root}/desk/issues/{issue.id}/")


def is_saved(page: Any) -> None:
    page.locator("#save-state", has_text=re.compile(r"^Saved \d")).wait_for()


def test_an_issue_is_composed_by_mouse(room: Newsroom, tmp_path: Path) -> None:
    context = room.sign_in()
    page = context.new_page()
    page.goto(f"{room.root}/desk/issues/")
    page.click("text=New issue")
    page.fill("#number", str(number := next(numbers)))
    page.click("text=Nothing")
    page.click("text=Begin this issue")
    for title in ("Water", "Mining", "Meeting"):
        page.click("text=Add an item")
        field = page.locator("details[open] input[name=title]")
        assert field.evaluate("field => field === document.activeElement")
        field.fill(title)
        is_saved(page)
    # A picture, which asks to be described.
    page.locator("details[open] input[name=picture]").set_input_files(
        {"name": "../../etc/<script>.png", "mimeType": "image/png", "buffer": drawn()}
    )
    alt = page.locator("details[open] input[name=picture_alt]")
    alt.fill("A green field")
    # Dragged to the first place.
    handle = page.locator("#items > li").nth(2).locator("[data-handle]")
    handle.drag_to(page.locator("#items > li").nth(0), target_position={"x": 20, "y": 4})
    expect(page.locator("#items > li [data-title]").first).to_have_text("Meeting")
    page.fill("#issue-preheader", "And a vote")
    assert "10 characters" in page.locator("#issue-preheader-count").inner_text()
    is_saved(page)
    made = room.issue(int(page.url.split("/")[-2]))
    assert made.number == number
    assert [item.title for item in made.items] == ["Meeting", "Water", "Mining"]
    assert made.preheader == "And a vote"
    assert made.items[0].picture is not None
    assert made.items[0].picture.alt == "A green field"
    # One is removed, and brought back.
    page.reload()
    page.locator("#items > li summary").nth(1).click()
    page.locator("#items > li").nth(1).locator("button.danger").click()
    assert "“Water” was removed." in page.inner_text(".notice")
    page.click("text=Bring it back")
    assert [item.title for item in room.issue(made.id).items] == ["Meeting", "Water", "Mining"]
    context.close()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(room: Newsroom, issue: Issue, way: str) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    page.locator(f"{item}-body").evaluate(BRING, [way, base64.b64encode(drawn()).decode()])
    alt = page.locator(f"{item} input[name=picture_alt]")
    expect(alt).to_be_focused()
    alt.fill("A green field")
    is_saved(page)
    picture = room.issue(issue.id).items[0].picture
    assert picture is not None
    assert picture.alt == "A green field"
    # What the item is, beside its title, has it too.
    expect(page.locator(f"{item} [data-facts]")).to_have_text("2 words · picture")
    page.fill(f"{item}-body", "Rain in Puno")
    expect(page.locator(f"{item} [data-facts]")).to_have_text("5 words · picture")
    context.close()


def test_an_issue_is_composed_by_keyboard_alone(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = f"#item-{issue.items[0].id}"
    page.locator(f"{item} summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("Rain")
    # Through the summary's tools, which are one stop, into the summary.
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("It rains ")
    page.keyboard.press("Control+B")
    page.keyboard.type("hard")
    page.keyboard.press("Control+B")
    assert page.locator(f"{item}-summary").input_value() == "It rains **hard**"
    page.keyboard.press("Shift+Tab")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(f"{item}-summary").input_value() == "> It rains **hard**"
    is_saved(page)
    page.locator(f"{item} [data-handle]").focus()
    page.keyboard.press("Alt+ArrowDown")
    page.locator("text=“Rain” is now 2 of 3").wait_for(state="attached")
    assert page.locator(f"{item} [data-handle]").evaluate("e => e === document.activeElement")
    page.reload()
    made = room.issue(issue.id)
    assert [one.title for one in made.items] == ["Mining", "Rain", "Annual meeting"]
    assert made.items[1].summary == "> It rains **hard**"
    context.close()


def test_an_item_that_was_moved_has_the_buttons_of_its_new_place(
    room: Newsroom, issue: Issue
) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    up, down = (
        page.locator(f"{item} button", has_text=words) for words in ("Move up", "Move down")
    )
    assert not up.is_visible()
    down.press("Enter")
    expect(up).to_be_visible()
    expect(down).to_be_focused()
    down.press("Enter")
    expect(down).to_be_hidden()
    expect(up).to_be_focused()
    page.reload()
    assert [one.title for one in room.issue(issue.id).items] == [
        "Mining",
        "Annual meeting",
        "Water",
    ]
    context.close()


def test_an_issue_is_composed_without_scripts(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in(java_script_enabled=False)
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    page.fill(f"{item}-title", "Rain")
    page.fill(f"{item}-summary", "<script>alert(1)</script> It rains.")
    page.locator(f"{item}-picture").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": drawn()}
    )
    page.fill(f"{item}-picture-alt", "Rain on hills")
    page.locator(f"{item} form.item-form button", has_text="Save").click()
    page.locator(f"{item} summary").first.wait_for()
    page.locator(f"{item} button", has_text="Move down").click()
    made = room.issue(issue.id)
    assert [one.title for one in made.items] == ["Mining", "Rain", "Annual meeting"]
    assert made.items[1].picture is not None
    page.click("text=From an earlier issue…")
    page.fill("#words", "pact on water")
    page.click("button:text('Search')")
    page.locator("button", has_text="Use it again").first.click()
    assert [one.reused_from is None for one in room.issue(issue.id).items] == [True] * 3 + [False]
    context.close()


def test_what_is_pasted_from_word_comes_in_clean(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    page.fill(f"{item}-body", "")
    page.locator(f"{item}-body").evaluate(
        """(area, html) => {
          area.focus();
          const data = new DataTransfer();
          data.setData("text/html", html);
          data.setData("text/plain", "words");
          area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true,
            cancelable: true}));
        }""",
        WORD,
    )
    pasted = re.compile(r"^\*\*Three\*\* districts\n\nhave \*voted\*\.\s*$")
    expect(page.locator(f"{item}-body")).to_have_value(pasted)
    is_saved(page)
    assert "<" not in room.issue(issue.id).items[0].body
    context.close()


def test_of_two_editors_the_second_is_told(room: Newsroom, issue: Issue) -> None:
    ana, ben = room.sign_in("ana"), room.sign_in("ben")
    pages = [ana.new_page(), ben.new_page()]
    for page in pages:
        compose(room, page, issue)
        item = open_item(page, issue)
    pages[1].fill(f"{item}-summary", "Ben's words.")
    is_saved(pages[1])
    # Another field: put together, and said.
    pages[0].fill(f"{item}-topic", "Rivers")
    is_saved(pages[0])
    assert "Ben saved meanwhile" in pages[0].locator("#kept").inner_text()
    assert pages[0].input_value(f"{item}-summary") == "Ben's words."
    # The same field: both texts, and a choice.
    pages[1].fill(f"{item}-summary", "Ben's other words.")
    is_saved(pages[1])
    pages[0].fill(f"{item}-summary", "Ana's words.")
    dialog = pages[0].locator("dialog[open]")
    dialog.wait_for()
    assert "Ben's other words." in dialog.inner_text()
    assert dialog.locator("#mine-summary").input_value().strip() == "Ana's words."
    assert room.issue(issue.id).items[0].summary == "Ben's other words."
    assert serious_faults(pages[0]) == []
    dialog.locator("button", has_text="Decide later").click()
    pages[0].click("text=See both texts")
    dialog.locator("#mine-summary").fill("Ana's and Ben's words.")
    dialog.locator("button", has_text="Save this").click()
    pages[0].wait_for_url("**open=**")
    one = room.issue(issue.id).items[0]
    assert (one.summary, one.topic) == ("Ana's and Ben's words.", "Rivers")
    for context in (ana, ben):
        context.close()


def test_without_scripts_both_texts_are_a_page(room: Newsroom, issue: Issue) -> None:
    ana, ben = room.sign_in("ana", java_script_enabled=False), room.sign_in("ben")
    pages = [ana.new_page(), ben.new_page()]
    for page in pages:
        compose(room, page, issue)
        item = open_item(page, issue)
    pages[1].fill(f"{item}-summary", "Ben's words.")
    is_saved(pages[1])
    pages[0].fill(f"{item}-summary", "Ana's words.")
    pages[0].locator(f"{item} form.item-form button", has_text="Save").click()
    assert "Two texts of the same" in pages[0].title()
    assert "Ben's words." in pages[0].inner_text("main")
    pages[0].click("text=Save this")
    assert room.issue(issue.id).items[0].summary == "Ana's words."
    for context in (ana, ben):
        context.close()


def test_another_account_in_the_same_browser_sees_nothing_of_it(
    room: Newsroom, issue: Issue
) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    page.route("**/items/**", lambda route: route.abort())
    page.fill(f"{item}-body", "Ana's own")
    room.enter(context, "ben")
    page.unroute("**/items/**")
    page.goto(f"{room.root}/desk/issues/{issue.id}/")
    assert "Ana's own" not in page.content()
    assert page.locator("#kept .notice").count() == 0
    assert room.issue(issue.id).items[0].body == ""
    context.close()


def test_who_was_signed_out_while_typing_has_the_text(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in("eva")
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    room.sign_out("eva")
    page.fill(f"{item}-body", "Typed without a session")
    page.locator("#kept", has_text="You have been signed out").wait_for()
    room.enter(context, "eva")
    compose(room, page, issue)
    page.locator("#kept button", has_text="Take it").click()
    is_saved(page)
    assert room.issue(issue.id).items[0].body == "Typed without a session"
    context.close()


def test_who_signs_in_again_in_another_tab_types_on(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in("eva")
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    room.sign_out("eva")
    room.enter(context, "eva")
    page.fill(f"{item}-body", "With another session")
    is_saved(page)
    assert room.issue(issue.id).items[0].body == "With another session"
    context.close()


def test_what_is_typed_without_a_network_is_saved_afterwards(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    context.set_offline(True)
    page.fill(f"{item}-body", "In a tunnel")
    page.locator("#save-state", has_text="No connection").wait_for()
    page.fill(f"{item}-body", "In a long tunnel")
    context.set_offline(False)
    is_saved(page)
    assert room.issue(issue.id).items[0].body == "In a long tunnel"
    context.close()


def test_a_save_whose_answer_was_lost_is_no_conflict(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    item = open_item(page, issue)
    lost: list[str] = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.fetch()
            route.abort()

    page.route("**/items/**", lose)
    page.fill(f"{item}-body", "It arrived")
    page.locator("#save-state", has_text="No connection").wait_for()
    page.fill(f"{item}-body", "It arrived, and goes on")
    is_saved(page)
    assert page.locator("dialog[open]").count() == 0
    assert room.issue(issue.id).items[0].body == "It arrived, and goes on"
    context.close()


def test_a_finding_leads_into_its_field(room: Newsroom) -> None:
    issue = room.begin(next(numbers), ("Water", ""))
    context = room.sign_in()
    page = context.new_page()
    compose(room, page, issue)
    page.locator("#before .must [data-goto]").first.click()
    field = page.locator(f"#item-{issue.items[1].id}-title")
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.type("Mining")
    expect(page.locator("#before .must")).to_have_count(0)
    frame = page.frame_locator("#letter iframe")
    frame.locator("text=Mining").first.wait_for()
    context.close()


ATTACK = "\"'><script>window.hurt = 1</script><img src=x onerror='window.hurt=1'>{{ 7*7 }}"


def test_a_script_in_any_field_is_text(room: Newsroom, issue: Issue) -> None:
    context = room.sign_in()
    page = context.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    compose(room, page, issue)
    item = open_item(page, issue)
    for name in ("title", "summary", "body"):
        page.fill(f"{item}-{name}", ATTACK)
    page.fill(f"{item}-topic", ATTACK[:70])
    page.fill("#issue-subject", ATTACK)
    page.fill("#issue-preheader", ATTACK)
    is_saved(page)
    here = f"/desk/issues/{issue.id}"
    for path in ("", "letter", "revisions", f"revisions/{issue.version}", "library"):
        page.goto(f"{room.root}{here}/{path}")
        assert page.evaluate("window.hurt") is None, path
    other = room.begin(next(numbers), ())
    page.goto(f"{room.root}/desk/issues/{other.id}/library?words=script")
    assert "<script>window.hurt" in page.inner_text("main")
    assert page.evaluate("window.hurt") is None
    assert said == []
    context.close()
