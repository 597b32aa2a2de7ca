"""How long the desk's pages take, with very many readers, 200 issues, and a mailing to them all.

Run: python bench/desk.py [--readers 1000000] [--database postgresql://…, empty]. Each page is asked
for over HTTP by one browser; the figures are the median and the 95th of 100, in milliseconds.
"""

import argparse
import http.client
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import uvicorn
from sqlalchemy import insert, select, text, update

from mailer import audience, clock, delivery, staff, web
from mailer.audience.models import SubscriberRow, SubscriptionRow
from mailer.config import Config, read_config
from mailer.database import Database, connect, upgrade
from mailer.delivery import tally
from mailer.delivery.models import CompiledLetterRow, DeliveryRow, MailingRow
from mailer.publication import (
    ensure_first,
    find_issue,
    find_publication,
    import_listing,
    parse_listing,
)
from mailer.publication.models import IssueRow

LISTING = Path(__file__).parent.parent / "mailer" / "cli" / "demo" / "listing.txt"
ISSUES, RUNS, WARM_UP, PORT = 200, 40, 3, 8765
AT_ONCE = 20_000

CONFIG = """
[organisation]
name = "Peru Support Group"
address = "1 Example Street, London"
[site]
url = "http://127.0.0.1:{port}"
listen = "127.0.0.1:{port}"
secret_key = "a-key-for-measuring-only-0123456789abcdef"
[database]
url = "{url}"
[mail]
from = "PSG Updates <updates@psg.example>"
bounce_address = "bounces@psg.example"
[[relay]]
host = "127.0.0.1"
port = 2525
security = "none"
"""

DRAFT, SENT = "draft", "sent"
PAGES = {
    "check and send": "/desk/issues/{draft}/send",
    "progress": "/desk/issues/{sent}/progress",
    "what failed": "/desk/issues/{sent}/progress/failed",
    "report": "/desk/issues/{sent}/report",
    "what is due": "/desk/queue",
    "calendar": "/desk/calendar",
}


def fill(database: Database, config: Config, readers: int) -> dict[str, int]:
    """Readers, issues and the mailing; the ids of the issues that pages are about."""
    now = clock.now()
    with database.write() as session:
        ensure_first(session, "en", now)
        series = find_publication(session, None)
        listing = parse_listing(LISTING.read_text(encoding="utf-8"), "listing.txt", ["Update"])
        import_listing(session, listing, update=False, now=now, actor="bench")
        newest = listing.issues[0]
        for number in range(121, 121 + ISSUES):
            more = replace(listing, issues=(replace(newest, number=number),), pages=())
            import_listing(session, more, update=False, now=now, actor="bench")
    numbers = iter(range(1, readers + 1))
    while some := list(islice(numbers, AT_ONCE)):
        with database.write() as session:
            session.execute(
                insert(SubscriberRow),
                [
                    {
                        "id": n,
                        "mailbox": f"r{n}@d{n % 97}.example",
                        "address": f"r{n}@d{n % 97}.example",
                        "domain": f"d{n % 97}.example",
                        "language": ("", "en", "es")[n % 3],
                        "member_from": date(2006, 1, 1) if n % 2 else None,
                        "created_at": now,
                        "updated_at": now,
                    }
                    for n in some
                ],
            )
            session.execute(
                insert(SubscriptionRow),
                [
                    {
                        "subscriber_id": n,
                        "publication_id": series.id,
                        "state": "active",
                        "format": "text" if n % 10 == 0 else "html",
                        "created_at": now,
                        "updated_at": now,
                    }
                    for n in some
                ],
            )
    with database.write() as session:
        for n in range(1, readers, 500):
            audience.suppress(session, f"r{n}@d{n % 97}.example", "address", "bounce", now)
    ids = _send(database, config, readers, series.id)
    with database.write() as session:
        session.execute(text("ANALYZE"))
    return ids


def _send(database: Database, config: Config, readers: int, publication_id: int) -> dict[str, int]:
    """A mailing to everybody that is over, with one of a hundred failed."""
    now = clock.now()
    with database.read() as session:
        issue = find_issue(session, publication_id, 120)
        draft = find_issue(session, publication_id, 121)
    mailing_id = delivery.send_now(database, config, issue, now, "bench")
    with database.read() as session:
        letter = session.scalars(
            select(CompiledLetterRow.id).where(CompiledLetterRow.mailing_id == mailing_id).limit(1)
        ).one()
    numbers = iter(range(1, readers + 1))
    while some := list(islice(numbers, AT_ONCE)):
        with database.write() as session:
            session.execute(
                insert(DeliveryRow),
                [
                    {
                        "mailing_id": mailing_id,
                        "subscriber_id": n,
                        "letter_id": letter,
                        "state": "sent" if n % 100 else "failed",
                        "reason": "250 ok" if n % 100 else f"550 5.1.1 <r{n}>: no such user",
                        "fault": "" if n % 100 else "mailbox",
                        "reply_code": 250 if n % 100 else 550,
                        "due_at": now,
                        "tries": 1,
                        "finished_at": now + timedelta(milliseconds=n),
                    }
                    for n in some
                ],
            )
    with database.write() as session:
        counts = tally.recount(session, mailing_id)
        tally.tell(session, tally.BY_HAND, {mailing_id: counts})
        mailing = session.get_one(MailingRow, mailing_id)
        mailing.status, mailing.fanned_out_at, mailing.finished_at = "sent", now, now
        session.execute(update(IssueRow).where(IssueRow.id == draft.id).values(public=False))
    return {DRAFT: draft.id, SENT: issue.id}


@contextmanager
def served(database: Database, config: Config) -> Iterator[str]:
    """The pages on their port; gives the cookie of an owner."""
    now = clock.now()
    with database.write() as session:
        account = staff.add(session, "a@psg.example", "owner", "a-long-password", now, "bench")
        secret = staff.begin(session, account.id, network="127.0.0.1", agent="bench", now=now)
    app = web.create_app(config, database)
    server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"mailer-desk={secret}"
    finally:
        web.stop(app)
        server.should_exit = True
        thread.join()


def measure(cookie: str, path: str) -> tuple[float, float]:
    """The median and the 95th of 100, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    took = []
    for _ in range(WARM_UP + RUNS):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, f"{path}: {answer.status}"
    kept = sorted(took[WARM_UP:])
    return statistics.median(kept), kept[int(0.95 * len(kept))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        url = given.database or f"sqlite:///{folder}/mailer.db"
        config = read_config(CONFIG.format(url=url, port=PORT), folder / "config.toml", {})
        database = connect(url)
        upgrade(url, database.engine)
        ids = fill(database, config, given.readers)
        for what, count in (
            ("readers counted", lambda: delivery.count_readers(database, config, 1, clock.now())),
            ("course counted", lambda: delivery.count_course(database, 1, clock.now())),
        ):
            began = time.perf_counter()
            count()
            print(f"{what:16} {time.perf_counter() - began:7.1f} s, apart from any page")
        with served(database, config) as cookie:
            print(f"{'page':16} {'median':>7} {'p95':>7}")
            for name, path in PAGES.items():
                median, p95 = measure(cookie, path.format(**ids))
                print(f"{name:16} {median:7.1f} {p95:7.1f} ms", flush=True)
        database.close()


if __name__ == "__main__":
    main()
