"""`mailer issues` when it is about sending: scheduled, paused, resumed, cancelled, and told."""

from collections.abc import Callable, Iterator

import pytest

from mailer import clock
from tests.cli.conftest import Shell
from tests.conftest import CONFIG
from tests.delivery.desk import SAMPLE, Desk, address
from tests.sink import Sink

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
InDays = Callable[[float], str]

FIELDS = {
    "publication", "number", "status", "reason", "audience", "sent", "failed", "skipped",
    "deferred", "queued", "in_flight", "in_doubt", "resent_in_doubt", "started_at", "finished_at",
    "rate_per_s", "eta_s",
}  # fmt: skip


def status(shell: Shell) -> str:
    return shell.say("issues", "status", "120").rstrip("\n")


def test_a_draft_is_a_draft(shell: Shell) -> None:
    assert status(shell) == "Update 120 is a draft."
    told = shell.json("issues", "status", "120")
    assert set(told) == FIELDS
    assert (told["status"], told["audience"], told["started_at"]) == ("draft", 0, None)


def test_scheduled_moved_paused_resumed(shell: Shell, in_days: InDays) -> None:
    first = shell.say("issues", "schedule", "120", "--at", in_days(1))
    assert first.startswith("Update 120 will be sent on ")
    assert first.endswith(" (Europe/London).\n")
    assert status(shell).startswith("Update 120 is scheduled for ")
    moved = shell.say("issues", "schedule", "120", "--at", in_days(2))
    assert moved != first
    assert moved.removeprefix("Update 120 will be sent on ")[:10] in status(shell)
    assert shell.json("issues", "list")[0]["status"] == "scheduled"
    assert shell.say("issues", "pause", "120") == "Update 120 is paused.\n"
    assert status(shell).startswith("Update 120 is paused. Paused by command (")
    assert "paused" in shell.refusal("issues", "pause", "120")
    assert shell.say("issues", "resume", "120") == "Update 120 goes on.\n"
    assert shell.json("issues", "status", "120")["status"] == "scheduled"
    assert "not paused" in shell.refusal("issues", "resume", "120")


def test_a_time_is_the_organisations(shell: Shell) -> None:
    year = clock.now().year + 1
    said = shell.say("issues", "schedule", "120", "--at", f"{year}-07-01 09:30")
    assert said == f"Update 120 will be sent on {year}-07-01 at 09:30 (Europe/London).\n"
    said = shell.say("issues", "schedule", "120", "--at", f"{year}-07-01T09:30Z")
    assert said == f"Update 120 will be sent on {year}-07-01 at 10:30 (Europe/London).\n"


@pytest.mark.parametrize("at", ["soon", "2007-03-31 09:00", "2090-03-31", "9999-12-31 23:59"])
def test_a_time_that_is_none_schedules_nothing(shell: Shell, at: str) -> None:
    assert f"“{at}”" in shell.refusal("issues", "schedule", "120", "--at", at)
    assert status(shell) == "Update 120 is a draft."


def test_sending_begins_and_is_cancelled(shell: Shell, desk: Desk) -> None:
    desk.subscribe(address(1), address(2))
    assert shell.say("issues", "send", "120") == (
        "Update 120 is being sent; `mailer issues status 120` says how far it is.\n"
    )
    assert shell.json("issues", "show", "120")["public"] is True
    assert "is being sent" in shell.refusal("issues", "send", "120")
    assert "is being sent" in shell.refusal("issues", "schedule", "120", "--at", "2090-01-01 09:00")
    mailing = desk.mailing(1)
    assert mailing.status == "sending"
    desk.fan_out(1)
    assert status(shell).startswith("Update 120 is sending: 0 of 2 sent, 2 waiting.")
    cancel = ("issues", "cancel", "120")
    assert "say --yes" in shell.refusal(*cancel)
    no = shell.run(*cancel, typed="\n", person=True, status=2)
    assert no.remarks.endswith("[y/N] mailer: Nothing was changed.\n")
    assert shell.json("issues", "status", "120")["status"] == "sending"
    said = shell.say(*cancel, typed="y\n", person=True)
    assert said == "Update 120 is cancelled; 2 readers who waited for it were skipped.\n"
    assert status(shell).startswith(
        "Update 120 is cancelled: 0 of 2 sent, 2 skipped. Cancelled by command ("
    )
    assert "cancelled" in shell.refusal("issues", "send", "120")
    assert "cancelled" in shell.refusal(*cancel, "--yes")


def test_cancelled_what_may_have_come_is_not_told_as_skipped(shell: Shell, desk: Desk) -> None:
    desk.subscribe(*map(address, range(5)))
    shell.run("issues", "send", "120")
    desk.fan_out(1)
    desk.put([1], state="in_doubt", doubts=1)
    desk.put([2], state="skipped", reason="left")
    desk.put([3, 4], doubts=1)
    said = shell.say("issues", "cancel", "120", "--yes")
    assert said == (
        "Update 120 is cancelled; 1 reader who waited for it was skipped. 2 more may have received "
        "it: `mailer issues doubts 120` lists what is in doubt.\n"
    )


def test_what_is_sent_goes_to_new_readers_too(shell: Shell, desk: Desk) -> None:
    assert "draft" in shell.refusal("issues", "send", "120", "--to-new")
    desk.subscribe(address(1))
    shell.run("issues", "send", "120")
    desk.fan_out(1)
    desk.put([1], state="sent")
    assert "nobody has come since" in shell.refusal("issues", "send", "120", "--to-new")
    desk.subscribe(address(2))
    assert "is being sent" in shell.say("issues", "send", "120", "--to-new")
    desk.fan_out(1)
    assert status(shell).startswith("Update 120 is sending: 1 of 2 sent, 1 waiting.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--within", "5m"), "add --wait"),
        (("--within", ""), "add --wait"),
        (("--wait", "--within", ""), "--within ''"),
        (("--wait", "--within", "a while"), "--within 'a while'"),
        (("--wait", "--within", "999999999999d"), "hundred years"),
    ],
)
def test_a_wrong_span_sends_nothing(shell: Shell, words: tuple[str, ...], said: str) -> None:
    assert said in shell.refusal("issues", "send", "120", *words)
    assert status(shell) == "Update 120 is a draft."


@pytest.mark.parametrize("verb", ["send", "pause", "resume", "cancel", "correct", "status", "test"])
def test_an_issue_that_is_not_there(shell: Shell, verb: str) -> None:
    more = {"cancel": ("--yes",), "test": ("ana@example.org",)}.get(verb, ())
    assert "999" in shell.refusal("issues", verb, "999", *more)


@pytest.fixture
def sink(shell: Shell, database_url: str) -> Iterator[Sink]:
    """A relay that knows everybody but Tom."""

    def script(stage: str, argument: str) -> str | None:
        return "550 5.1.1 no Tom here" if stage == "RCPT" and "tom@" in argument else None

    with Sink(script).running() as running:
        text = CONFIG.format(url=database_url, port=running.port)
        (shell.folder / "config.toml").write_text(text)
        yield running


def test_test_letters_go_where_they_can(shell: Shell, sink: Sink) -> None:
    three = ("ana@example.org", "tom@example.org", "eve@example.org")
    said = shell.run("issues", "test", "120", *three, status=1).answer.splitlines()
    assert [line.partition(": ")[0] for line in said] == list(three)
    assert said[0].startswith("ana@example.org: sent: ")
    assert said[1].startswith("tom@example.org: failed: ")
    assert "550 5.1.1 no Tom here" in said[1]
    assert said[2].startswith("eve@example.org: sent: ")
    assert sink.recipients == ["ana@example.org", "eve@example.org"]
    assert status(shell) == "Update 120 is a draft."
    assert shell.say("subscribers", "export").count("\n") == 1


def test_a_wrong_address_stops_all_test_letters(shell: Shell, sink: Sink) -> None:
    assert "“nobody”" in shell.refusal("issues", "test", "120", "ana@example.org", "nobody")
    assert sink.recorded == []


def mend(shell: Shell) -> None:
    listing = SAMPLE.replace("World Water Day", "Water Week")
    (shell.folder / "updates.txt").write_text(listing, encoding="utf-8")
    shell.say("issues", "import", "updates.txt", "--update")


def half_sent_and_mended(shell: Shell, desk: Desk) -> None:
    desk.subscribe(address(1), address(2))
    shell.say("issues", "send", "120")
    desk.fan_out(1)
    desk.record(desk.claim(limit=1, now=clock.now()))
    shell.say("issues", "pause", "120")
    mend(shell)


def test_a_mistake_is_mended_in_the_middle(shell: Shell, desk: Desk) -> None:
    half_sent_and_mended(shell, desk)
    resume = ("issues", "resume", "120")
    said = shell.refusal(*resume)
    assert "--corrected" in said
    assert "--as-it-was" in said
    assert "leave one out" in shell.refusal(*resume, "--corrected", "--as-it-was")
    assert "leave --corrected" in shell.refusal(*resume, "--corrected", "--correction")
    assert status(shell).startswith("Update 120 is paused: 1 of 2 sent, 1 waiting. Paused by ")
    said = shell.say(*resume, "--corrected")
    assert said == "Update 120 goes on; who has not got it yet gets it as it stands now.\n"
    assert desk.versions() == [("sent", 1), ("queued", 1)]
    desk.record(desk.claim(now=clock.now()))
    assert desk.versions() == [("sent", 1), ("sent", 2)]
    shell.say("issues", "pause", "120")
    said = shell.say(*resume, "--corrected")
    assert said == "Update 120 goes on; nothing in its letters has changed.\n"


def test_or_it_goes_on_as_it_was(shell: Shell, desk: Desk) -> None:
    half_sent_and_mended(shell, desk)
    assert shell.say("issues", "resume", "120", "--as-it-was") == "Update 120 goes on.\n"
    desk.record(desk.claim(now=clock.now()))
    assert desk.versions() == [("sent", 1), ("sent", 1)]


def test_a_correction_is_written_paused_resumed_and_cancelled(shell: Shell, desk: Desk) -> None:
    half_sent_and_mended(shell, desk)
    assert "resume it with --corrected" in shell.refusal("issues", "correct", "120")
    shell.say("issues", "resume", "120", "--corrected")
    desk.record(desk.claim(now=clock.now()))
    assert shell.refusal("issues", "pause", "120", "--correction") == (
        "Update 120 has no correction; there is nothing to pause."
    )
    assert shell.say("issues", "status", "120", "--correction") == "Update 120 has no correction.\n"
    assert shell.json("issues", "status", "120", "--correction")["status"] == "draft"
    said = shell.say("issues", "correct", "120", "--text", "It is Water Week.")
    assert said.startswith("The correction of Update 120 is being sent; `mailer issues status 120`")
    assert "is sending; wait" in shell.refusal("issues", "correct", "120")
    desk.fan_out(2)
    both = status(shell).splitlines()
    assert both[0].startswith("Update 120 is sending: 2 of 2 sent.")
    assert both[-1].startswith("The correction of Update 120 is sending: 0 of 1 sent, 1 waiting.")
    told = shell.json("issues", "status", "120", "--correction")
    assert set(told) == FIELDS
    assert (told["status"], told["audience"], told["queued"]) == ("sending", 1, 1)
    rule = ("120", "--correction")
    said = shell.say("issues", "pause", *rule)
    assert said == "The correction of Update 120 is paused.\n"
    assert shell.json("issues", "status", "120")["status"] == "sending"
    said = shell.say("issues", "resume", *rule)
    assert said == "The correction of Update 120 goes on.\n"
    no = shell.run("issues", "cancel", *rule, typed="\n", person=True, status=2)
    assert no.remarks.startswith("End the sending of the correction of Update 120 for good?")
    assert shell.say("issues", "cancel", *rule, "--yes") == (
        "The correction of Update 120 is cancelled; 1 reader who waited for it was skipped.\n"
    )


def test_the_words_of_a_correction_come_from_a_file(shell: Shell, desk: Desk) -> None:
    half_sent_and_mended(shell, desk)
    shell.say("issues", "cancel", "120", "--yes")
    correct = ("issues", "correct", "120")
    (shell.folder / "words.txt").write_bytes(b"\xef\xbb\xbfIt is Water Week, se\xc3\xb1ora.\n")
    (shell.folder / "wrong.txt").write_bytes(b"se\xf1ora")
    both = ("--text", "Words", "--text-file", "words.txt")
    assert "not both" in shell.refusal(*correct, *both)
    assert "no text in UTF-8" in shell.refusal(*correct, "--text-file", "wrong.txt")
    assert "none.txt" in shell.refusal(*correct, "--text-file", "none.txt")
    assert "says nothing" in shell.refusal(*correct, "--text", "")
    assert status(shell).count("\n") == 0
    shell.say(*correct, "--text-file", "words.txt")
    desk.fan_out(2)
    (one,) = desk.claim(now=clock.now())
    assert one.recipient.address == address(1)
    assert "It is Water Week, señora." in desk.words(one)
    assert "\ufeff" not in desk.words(one)


def test_an_issue_is_called_by_its_title_where_there_is_nothing_to_rule_over(
    shell: Shell, desk: Desk
) -> None:
    said = shell.refusal("issues", "pause", "120")
    assert said == "Update 120 is a draft; there is nothing to pause."
