"""How long every page of the desk takes; ends with 1 where a page's 95th percentile is too slow.

Run: python -m bench.desk [--database sqlite|postgresql] [--keep FOLDER] [--rounds N] [--only WORD].
A filled database is kept in FOLDER, and the one that is there is used again.
"""

import argparse
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from bench.desk import issues, mailings, readers
from bench.desk.addresses import addresses, unknown
from bench.desk.bulk import in_haste
from bench.desk.serving import Took, measure, served
from bench.desk.standing import Standing, standing
from mailer import clock, delivery, publication, staff
from mailer.config import Config, read_config
from mailer.database import Database, connect, upgrade
from mailer.delivery.models import MailingRow

LIMIT_MS = 100.0
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


def fill(database: Database, config: Config, count: int) -> None:
    """The whole database, and what is counted apart from any page."""
    now = clock.now()
    for what, work in (
        ("issues", lambda: issues.fill(database, now)),
        ("readers", lambda: readers.fill(database, count, 1, now)),
        ("mailings", lambda: mailings.fill(database, config, _ids(database), count, now)),
        ("leavings", lambda: readers.leave(database, count, 1, now - timedelta(9), timedelta(7))),
        ("statistics", lambda: _settle(database)),
        ("counts of readers", lambda: delivery.count_readers(database, config, 1, clock.now())),
        ("counts of letters", lambda: _count(database)),
    ):
        began = time.monotonic()
        work()
        print(f"{what:20} {time.monotonic() - began:6.1f} s", flush=True)


def _ids(database: Database) -> dict[int, int]:
    with database.read() as session:
        listed = publication.list_issues(session)
    return {one.number: one.id for one in listed if one.number is not None}


def _count(database: Database) -> None:
    ids = _ids(database)
    with database.read() as session:
        wanted = [ids[mailings.SENT], ids[mailings.SENDING]]
        found = session.scalars(
            select(MailingRow.id).where(MailingRow.issue_id.in_(wanted), MailingRow.kind == "issue")
        ).all()
    for mailing_id in found:
        delivery.count_course(database, mailing_id, clock.now())


def _settle(database: Database) -> None:
    """What a database does by itself in the long run."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.execute(text("ANALYZE"))
            connection.commit()
            return
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def filled(kind: str, count: int, folder: Path) -> Iterator[tuple[Standing, Database, Config]]:
    """A filled database of a kind, in `folder`, and a configuration on it."""
    with standing(kind, count, folder) as where:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = read_config(CONFIG.format(url=where.url, port=port), folder / "config.toml", {})
        database = connect(where.url)
        try:
            if not where.is_filled:
                upgrade(where.url, database.engine)
                with in_haste(database):
                    fill(database, config, count)
                where.filled()
            yield where, database, config
        finally:
            database.close()


def prepare(database: Database, count: int) -> tuple[str, dict[str, object]]:
    """The cookie of an owner who is signed in, and what stands in addresses."""
    now, ids = clock.now(), _ids(database)
    mailbox = f"bench{secrets.token_hex(4)}@psg.example"
    with database.write() as session:
        account = staff.add(session, mailbox, "owner", "a-password-of-the-bench", now, "command")
        secret = staff.begin(session, account.id, network="127.0.0.1", agent="bench", now=now)
        invited = staff.invite(
            session, f"new-{mailbox}", "editor", language="en", site_url="", now=now, actor="bench"
        )
        forgot = staff.forgot(session, staff.Keys("a key"), mailbox, site_url="", now=now)
        assert forgot is not None
        draft = publication.issue_by_id(session, ids[mailings.DRAFT])
    year_ago = now.date() - timedelta(days=365)
    return f"mailer-desk={secret}", {
        "draft": draft.id,
        "item": draft.items[3].id,
        "sent": ids[mailings.SENT],
        "earlier": ids[mailings.SENT - 1],
        "sending": ids[mailings.SENDING],
        "scheduled": ids[mailings.SCHEDULED],
        "asked": ids[mailings.ASKED],
        "late": count // 2,
        "reader": count // 2,
        "year_ago": year_ago.isoformat(),
        "year_ago_month": f"{year_ago:%Y-%m}",
        "invitation": invited.values["action_url"].rpartition("/")[2],
        "reset": forgot.values["action_url"].rpartition("/")[2],
    }


def line(name: str, took: Took) -> str:
    slow = "  too slow" if took.p95 > LIMIT_MS else ""
    return (
        f"{name:60} {took.p50:7.1f} {took.p95:7.1f} {took.worst:7.1f} {took.busy:7.1f}"
        f" {took.octets / 1000:7.0f}{slow}"
    )


def main() -> int:
    """Print the table; 1 where a page is too slow, or a route of the desk is not measured."""
    options = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    options.add_argument("--readers", type=int, default=1_000_000)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--keep", type=Path)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--only", default="", help="ask only for addresses that have this in them")
    given = options.parse_args()
    if missed := unknown():
        print("Not measured:", *sorted(missed))
        return 1
    slow = 0
    kept = nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory()
    with (
        kept as folder,
        filled(given.database, given.readers, Path(folder)) as (where, database, config),
    ):
        cookie, values = prepare(database, given.readers)
        load = os.getloadavg()[0]
        print(f"{given.database}, {given.readers} readers, {issues.ISSUES} issues; load {load:.1f}")
        print(f"{'ms':60} {'p50':>7} {'p95':>7} {'worst':>7} {'busy':>7} {'kB':>7}")
        with served(database, config) as connection:
            for asked in addresses(values):
                if given.only not in asked.name:
                    continue
                took = measure(
                    connection,
                    asked.address,
                    cookie if asked.signed_in else "",
                    given.rounds,
                    where.process,
                )
                slow += took.p95 > LIMIT_MS
                print(line(asked.name, took), flush=True)
        print(f"{slow} too slow; load {os.getloadavg()[0]:.1f}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
