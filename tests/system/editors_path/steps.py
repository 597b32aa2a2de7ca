"""An editor's path, step by step: from the letter that invites them to the report on Update 121.

Each step says what somebody does, and what they see then. How it is done, by which hand and in
which language, is the story's.
"""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from mailer import clock
from tests.system.editors_path.hands import Hand
from tests.system.editors_path.mailer import OWNER, OWNERS_PASSWORD, READERS, link_in
from tests.system.editors_path.story import Step, Story
from tests.web.desk.conftest import phone_in

EDITOR, NAME, PASSWORD = "tom@psg.example", "Tom Baker", "battery staple horse"
UPDATE = "Update 121"
HARVEST, VOTE, COCAINE = "The harvest", "Three districts have voted", "More cocaine is made"
LONDON = ZoneInfo("Europe/London")
LAST_SECONDS = timedelta(seconds=6)


def an_owner_invites_an_editor(story: Story) -> None:
    owner = story.owner
    owner.page.goto(f"{story.mailer.root}/desk/")
    owner.arrives("Sign in")
    owner.write("Email address", OWNER)
    owner.write("Password", OWNERS_PASSWORD)
    owner.press("Sign in")
    owner.arrives("Overview")
    owner.press("People")
    owner.arrives("People")
    owner.press("Invite somebody")
    owner.arrives("Invite somebody")
    owner.write("Email address", EDITOR)
    owner.tick("editor")
    owner.select("Language of the letter", story.language)
    owner.press("Send the invitation")
    owner.arrives("People")
    owner.sees("A letter is on its way to {mailbox}.", mailbox=EDITOR)


def the_editor_accepts(story: Story) -> None:
    editor = story.editor
    editor.page.goto(link_in(story.mailer.letter_to(EDITOR)))
    editor.arrives("You are invited")
    editor.write("Your name", NAME)
    editor.write("Password", PASSWORD)
    editor.press("Accept the invitation")
    editor.arrives("Two-step sign-in")


def two_steps_are_turned_on(story: Story) -> None:
    editor = story.editor
    story.phone = phone_in(editor.page.content())
    editor.write("Code from your telephone", story.phone.code())
    editor.press("Turn it on")
    editor.arrives("Your recovery codes")
    expect(editor.page.locator(".codes code")).to_have_count(10)
    editor.press("I have kept them")
    editor.arrives("Overview")
    editor.press("Sign out")
    editor.arrives("Sign in")


def the_editor_signs_in_with_a_code(story: Story) -> None:
    editor = story.editor
    editor.write("Email address", EDITOR)
    editor.write("Password", PASSWORD)
    editor.press("Sign in")
    editor.arrives("One more step")
    # The one that it shows next: each is good once.
    editor.write("Code from your telephone", story.phone.code(1))
    editor.press("Sign in")
    editor.arrives("Overview")


def update_121_is_begun(story: Story) -> None:
    editor = story.editor
    editor.press("Write {title} {number}", title="Update", number=121)
    editor.arrives("New issue")
    expect(editor.field("Number")).to_have_value("121")
    editor.tick("Nothing")
    editor.press("Begin this issue")
    expect(editor.page.locator("h1")).to_have_text(UPDATE)


def an_item_has_a_picture(story: Story) -> None:
    editor = story.editor
    item = add_item(editor)
    editor.write("Title", HARVEST, item)
    editor.write("Summary", "Maize is *dear* this year.", item)
    editor.choose_file(editor.field("Choose a picture", item), story.picture)
    if editor.scripts:
        expect(editor.field("What the picture shows", item)).to_be_focused()
    save(editor, item)
    expect(opened(editor).locator("[data-thumb]")).to_be_visible()
    if editor.scripts:
        # The real letter has it while it is written.
        letter = editor.page.frame_locator("#letter iframe")
        expect(letter.locator("em", has_text="dear")).to_be_visible()
        expect(letter.locator("img[src*=pictures]")).to_be_visible()


def an_item_is_pasted_from_word(story: Story) -> None:
    editor = story.editor
    item = add_item(editor)
    editor.write("Title", VOTE, item)
    editor.write("Summary", "Against the mine, {{ nmae }}.", item)
    text = editor.field("Text", item)
    story.copy_from_word()
    editor.paste(text)
    marked = r"\*\*Three\*\* districts\n\nhave \*voted\*\.\s*"
    expect(text).to_have_value(
        re.compile(marked if editor.scripts else r"Three districts\n\nhave voted\.")
    )
    save(editor, item)


def an_item_is_used_again(story: Story) -> None:
    editor = story.editor
    editor.press("From an earlier issue…")
    editor.arrives("From an earlier issue")
    editor.write("Words in it", "cocaine")
    editor.press("Search")
    editor.reads(COCAINE)
    editor.press("Use it again")
    expect(editor.page.locator("h1")).to_have_text(UPDATE)
    editor.sees("“{title}” is here too. Change what is no longer so.", title=COCAINE)
    expect(titles(editor)).to_have_text([HARVEST, VOTE, COCAINE])
    editor.move_up(editor.page.locator("#items > li", has_text=COCAINE))
    expect(titles(editor)).to_have_text([HARVEST, COCAINE, VOTE])


def a_picture_without_words_is_found_and_mended(story: Story) -> None:
    editor = story.editor
    found = editor.page.locator("#before li", has_text=editor.say("It has no words beside it."))
    editor.press("Go there", found)
    item = opened(editor, HARVEST)
    words = editor.field("What the picture shows", item)
    if editor.scripts:
        expect(words).to_be_focused()
    editor.type(words, "Maize on a roof in Cusco")
    save(editor, item)
    expect(found).to_have_count(0)


def a_mistyped_field_is_found_and_mended(story: Story) -> None:
    """What must be mended stops the issue; it is found where the issue is sent."""
    editor = story.editor
    editor.press("Check and send…")
    editor.arrives("Check and send")
    goes = editor.catalogue.count("{n} reader", "{n} readers", READERS)
    editor.sees("{title} goes to {readers}.", title=UPDATE, readers=goes)
    expect(editor.page.locator("#send").get_by_role("button")).to_be_disabled()
    said = editor.say("There is no merge field “{name}”.", name="nmae")
    editor.press("Go there", editor.page.locator(".findings > li", has_text=said))
    item = opened(editor, VOTE)
    summary = editor.field("Summary", item)
    if editor.scripts:
        expect(summary).to_be_focused()
    editor.type(summary, "Against the mine, {{ name | friend }}.")
    save(editor, item)
    head = editor.page.locator("#head-form")
    editor.type(editor.field("Subject", head), "Maize, and a vote")
    editor.write("Preheader", "Three districts decide about a mine")
    save(editor, head)
    editor.press("Check and send…")
    editor.arrives("Check and send")
    expect(editor.page.locator(".findings > li", has_text=said)).to_have_count(0)
    expect(editor.page.locator(".inbox .subject")).to_have_text("Maize, and a vote")


def the_editor_sends_a_test_to_themselves(story: Story) -> None:
    editor = story.editor
    editor.press("Send a test")
    editor.arrives("Check and send")
    one = ("{n} test letter is on its way.", "{n} test letters are on their way.")
    expect(editor.page.locator(".notice")).to_contain_text(editor.catalogue.count(*one, 1))
    letter = story.mailer.letter_to(EDITOR, have=2)
    assert "Maize, and a vote" in letter["Subject"]
    html = letter.get_body(("html",))
    assert html is not None
    assert "Maize on a roof in Cusco" in html.get_content()


def approval_is_asked_for(story: Story) -> None:
    editor = story.editor
    expect(editor.page.locator("#send button")).to_be_disabled()
    editor.write("What to look at", "The vote")
    editor.press("Ask for approval")
    editor.arrives("Check and send")
    editor.sees("Approval is asked for. It is in the queue of those who may give it.")


def the_owner_approves(story: Story) -> None:
    owner = story.owner
    owner.press("Overview")
    owner.arrives("Overview")
    owner.follow(UPDATE, owner.page.locator("main"))
    owner.arrives("Check and send")
    owner.reads("The vote")
    owner.press("Read the letter")
    expect(owner.page.frame_locator("iframe").get_by_text("Maize is dear")).to_be_visible()
    owner.press("Check and send…")
    owner.arrives("Check and send")
    owner.write("Remark", "Well said")
    owner.press("Approve")
    owner.arrives("Check and send")
    owner.sees("{title} is approved.", title=UPDATE)


def it_is_scheduled(story: Story) -> None:
    editor = story.editor
    editor.press("What is due")
    editor.arrives("What is due")
    editor.follow(UPDATE)
    editor.arrives("Check and send")
    editor.reads("Well said")
    editor.tick("At a time")
    story.due = (clock.now() + timedelta(hours=2)).replace(second=0, microsecond=0)
    local = story.due.astimezone(LONDON)
    when = editor.page.locator("#send fieldset .row")
    editor.date(editor.field("Day", when), f"{local:%Y-%m-%d}")
    editor.date(editor.field("Time in {zone}", when, zone="London"), f"{local:%H:%M}")
    editor.follow(editor.catalogue.count("Send to {n} reader", "Send to {n} readers", READERS))
    editor.arrives("Scheduled")
    editor.sees("It goes out as it was approved; after a change it waits for a new approval.")


def its_time_comes(story: Story) -> None:
    """Somebody who looks in the last minute sees the seconds, and then how it goes."""
    editor = story.editor
    story.mailer.hold(9)
    story.mailer.until(story.due - LAST_SECONDS)
    editor.press("Overview")
    editor.arrives("Overview")
    editor.follow(UPDATE, editor.page.locator("main"))
    editor.arrives("About to go out")
    expect(editor.named("Undo")).to_be_visible()


def it_is_watched_while_it_goes(story: Story) -> None:
    editor = story.editor
    editor.arrives("On its way")
    sees_sent(editor, 9)
    if editor.scripts:
        editor.page.evaluate("window.stayed = true")
    story.mailer.hold(17)
    sees_sent(editor, 17)
    if editor.scripts:
        assert editor.page.evaluate("window.stayed")
    story.mailer.go_on()
    editor.arrives("Sent")
    all_have = ("The {n} reader has it.", "All {n} readers have it.")
    editor.reads(editor.catalogue.count(*all_have, READERS))


def the_report_is_read(story: Story) -> None:
    editor = story.editor
    editor.press("Read the report")
    editor.arrives("Report")
    for heading in ("Delivered over time", "By domain", "Who left after it"):
        expect(editor.page.get_by_role("heading", name=editor.say(heading))).to_be_visible()
    editor.reads("post.example")
    editor.press("Issues")
    editor.arrives("Issues")
    this = editor.page.locator("ul.issues > li").first
    editor.press("Read the report", this)
    editor.arrives("Report")


def every_reader_has_it_once(story: Story) -> None:
    readers = [one for one in story.mailer.sink.recipients if one.startswith("reader")]
    assert sorted(readers) == sorted(set(readers))
    assert len(readers) == READERS
    letter = story.mailer.letter_to("reader7@mail.example").get_body(("plain",))
    assert letter is not None
    text = letter.get_content()
    places = [text.index(title) for title in (HARVEST, COCAINE, VOTE)]
    assert places == sorted(places)


STEPS: tuple[Step, ...] = (
    an_owner_invites_an_editor,
    the_editor_accepts,
    two_steps_are_turned_on,
    the_editor_signs_in_with_a_code,
    update_121_is_begun,
    an_item_has_a_picture,
    an_item_is_pasted_from_word,
    an_item_is_used_again,
    a_picture_without_words_is_found_and_mended,
    a_mistyped_field_is_found_and_mended,
    the_editor_sends_a_test_to_themselves,
    approval_is_asked_for,
    the_owner_approves,
    it_is_scheduled,
    its_time_comes,
    it_is_watched_while_it_goes,
    the_report_is_read,
    every_reader_has_it_once,
)


def add_item(editor: Hand) -> Any:
    """Add an item; gives the part of the page where it is written."""
    before = titles(editor).count()
    editor.press("Add an item")
    expect(titles(editor)).to_have_count(before + 1)
    return opened(editor)


def opened(editor: Hand, title: str = "") -> Any:
    """The item that is unfolded."""
    item = editor.page.locator("#items > li", has=editor.page.locator("details[open]"))
    item = item.filter(has_text=title) if title else item
    expect(item).to_have_count(1)
    return item


def titles(editor: Hand) -> Any:
    return editor.page.locator("#items > li [data-title]")


def save(editor: Hand, part: Any) -> None:
    """It is saved by itself, or by its button."""
    if not editor.scripts:
        with editor.page.expect_navigation():
            editor.press("Save", part)
        return
    time = re.escape(editor.say("Saved {time}", time="0")).replace("0", r"\d+:\d\d")
    expect(editor.page.locator("#save-state")).to_have_text(re.compile(f"^{time}$"))


def sees_sent(editor: Hand, sent: int) -> None:
    have = ("{sent} of {n} reader has it.", "{sent} of {n} readers have it.")
    editor.reads(editor.catalogue.count(*have, READERS, sent=sent))
