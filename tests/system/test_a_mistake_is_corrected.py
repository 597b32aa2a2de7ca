"""A mistake is seen while an issue goes out: it goes on mended, and those who have it are told."""

import quopri
import re
from collections import Counter
from contextlib import closing

from mailer import clock, delivery, publication
from mailer.database import connect
from tests.sink import Sink
from tests.system.site import LISTING, Site, wait_for

READERS = 120
CONNECTIONS = 4
SEEN_AFTER = 40
OLD, NEW, SORRY = "World Water Day", "Water Week", "We had the day wrong. We are sorry."
COUNTS = ("sent", "failed", "skipped", "deferred", "queued", "in_flight", "in_doubt")


def stop_after(sink: Sink, letters: int) -> None:
    """Have the relay fall silent once it has taken so many letters, before it says so."""

    def script(stage: str, _argument: str) -> str | None:
        if stage == "RCPT" and len(sink.recorded) >= letters and not sink.pausing:
            sink.pause_at = "accepted"
        return None

    sink.script = script


def mend(site: Site) -> None:
    text = LISTING.read_text(encoding="utf-8").replace(OLD, NEW)
    (site.folder / "updates.txt").write_text(text, encoding="utf-8")
    site.run("issues", "import", "updates.txt", "--update")


def status(site: Site, kind: str = "issue") -> delivery.Status:
    """The status, whose counts add up; asked of the room, which is quicker than a command."""
    with closing(connect(site.url)) as database, database.read() as session:
        issue = publication.find_issue(session, 1, 120)
        found = delivery.status_of(session, issue.id, kind, clock.now())
    assert sum(getattr(found, count) for count in COUNTS) == found.audience
    return found


def who_got(sink: Sink, *words: str) -> list[Counter[str]]:
    """For each of these words, the recipients of the letters in whose text they stand."""
    got: list[Counter[str]] = [Counter() for _ in words]
    for recorded in sink.recorded:
        said = " ".join(quopri.decodestring(recorded.content).decode().split())
        for count, one in zip(got, words, strict=True):
            count[recorded.recipient] += one in said
    return [+count for count in got]


def versions(site: Site) -> dict[str, int]:
    """Which version of the letter each reader has, as the ledger says."""
    rows = site.query(
        "SELECT s.address, l.version FROM deliveries d "
        "JOIN subscribers s ON s.id = d.subscriber_id JOIN letters l ON l.id = d.letter_id "
        "JOIN mailings m ON m.id = d.mailing_id WHERE m.kind = 'issue' AND d.state = 'sent'"
    )
    return {row.address: row.version for row in rows}


def are_over(site: Site) -> bool:
    rows = site.query("SELECT status FROM mailings")
    return len(rows) == 2 and all(status == "sent" for (status,) in rows)


def test_stopped_mended_gone_on_and_told(site: Site, sink: Sink) -> None:
    addresses = site.fill(READERS)
    stop_after(sink, SEEN_AFTER)
    site.run("issues", "send", "120")
    with site.process("work"):
        wait_for(lambda: sink.pausing == CONNECTIONS, "the relay to fall silent")
        assert status(site).audience == READERS
        site.run("issues", "pause", "120")
        mend(site)
        assert "--as-it-was" in site.run("issues", "resume", "120", status=2)
        assert (status(site).status, status(site).audience) == ("paused", READERS)
        site.run("issues", "resume", "120", "--corrected")
        site.run("issues", "correct", "120", "--text", SORRY)
        assert status(site).audience == READERS
        sink.go_on()
        wait_for(lambda: are_over(site), "everything to be sent")
    old, new, sorry = who_got(sink, OLD, NEW, SORRY)
    assert len(old) >= SEEN_AFTER
    assert new
    assert sorted([*old.elements(), *new.elements()]) == sorted(addresses)
    assert sorry == old
    assert versions(site) == dict.fromkeys(old, 1) | dict.fromkeys(new, 2)
    assert (status(site).sent, status(site).audience) == (READERS, READERS)
    told = status(site, "correction")
    assert (told.status, told.sent, told.audience) == ("sent", len(old), len(old))
    both = site.run("issues", "status", "120")
    assert both.startswith(f"Update 120 is sent: {READERS} of {READERS} sent.\n")
    assert f"\nThe correction of Update 120 is sent: {len(old)} of {len(old)} sent." in both
    dates = {re.findall(rb"^Date: .*", one.content, re.MULTILINE)[0] for one in sink.recorded}
    assert len(dates) == 2


def test_killed_with_the_correction_under_way(site: Site, sink: Sink) -> None:
    """What was in doubt is sent again with the old words; they are told with the others."""
    addresses = site.fill(READERS)
    stop_after(sink, SEEN_AFTER)
    site.run("issues", "send", "120")
    with site.process("work") as process:
        wait_for(lambda: sink.pausing == CONNECTIONS, "the relay to fall silent")
        site.run("issues", "pause", "120")
        mend(site)
        site.run("issues", "resume", "120", "--corrected")
        site.run("issues", "correct", "120", "--text", SORRY)
        process.kill()
        process.wait()
    sink.go_on()
    with site.process("work"):
        wait_for(lambda: are_over(site), "everything to be sent")
    old, new, sorry = who_got(sink, OLD, NEW, SORRY)
    assert set(old) | set(new) == set(addresses)
    assert not set(old) & set(new)
    assert set(new.values()) == {1}
    assert old.total() - len(old) == CONNECTIONS
    assert sorry == dict.fromkeys(old, 1)
    assert len({one.content for one in sink.recorded}) == len(sink.recorded) - CONNECTIONS
    assert versions(site) == dict.fromkeys(old, 1) | dict.fromkeys(new, 2)
