"""A desk where everything has happened that can: issues in every state, mailings that run, wait and
went wrong, readers with a story, files of readers, people, and what they were asked."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select, update

from mailer import audience, audit, clock, delivery, publication, staff
from mailer.config import Config
from mailer.database import Database
from mailer.delivery.models import DeliveryRow, MailingRow, WorkerRow
from mailer.publication import Issue, Settings, Welcome
from mailer.sentence import Sentence
from mailer.staff import Keys, totp
from tests.conftest import NOW
from tests.delivery.desk import Desk as Ledger
from tests.web.conftest import NETWORK, answering, fill, prepared
from tests.web.desk.conftest import PASSWORD

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
NAMES = ("Ana Flores", "Luis Núñez", "Rosa Mamani", "Tom Baker", "María del Carmen de los Ríos")
HOSTS = ("uno.example", "mail.example", "a-long-domain-of-a-university.example")
FILE = "email,name,City\n" + "".join(f"stall{n}@fair.example,Reader {n},Lima\n" for n in range(30))
BODY = """Three districts in the north have held **their own ballot**. Turnout was above two thirds.

- [Read about the vote](https://psg.example/vote)
- The mayors have signed it, too
"""


@dataclass(frozen=True)
class WholeDesk:
    """The desk at `root`; the same one at `strict`, where what is sent has to be approved."""

    root: str
    strict: str
    config: Config
    database: Database
    ids: dict[str, Any]
    secrets: dict[str, str]
    """Of sessions, by role and language; "two steps" of somebody who signs in with a code."""

    def in_a_minute(self) -> None:
        """Have the issue that is about to go out go out in a minute, once more."""
        with self.database.write() as session:
            going = MailingRow.issue_id == self.ids["going"]
            at = clock.now() + MINUTE
            session.execute(update(MailingRow).where(going).values(start_at=at))


@contextmanager
def whole_desk(folder: Path) -> Iterator[WholeDesk]:
    """Such a desk on SQLite, running until the end of the block."""
    with prepared(folder) as (config, database), ExitStack() as running:
        fill(database, config, NOW)
        ids = _people(database, config)
        _publications(database, ids)
        _readers(database, ids)
        _issues(database, ids)
        _mailings(database, config, ids)
        _files(database, config, ids)
        strict = config.model_copy(
            update={"staff": config.staff.model_copy(update={"approval": True})}
        )
        yield WholeDesk(
            root=running.enter_context(answering(config, database)),
            strict=running.enter_context(answering(strict, database)),
            config=config,
            database=database,
            ids=ids,
            secrets=_sessions(database, ids),
        )


def _people(database: Database, config: Config) -> dict[str, Any]:
    """Somebody in each role, in both languages; one with two steps; one invited; one who forgot."""
    now, ids, keys = clock.now(), {}, Keys(config.site.secret_key)
    with database.write() as session:
        for role in ("owner", "editor", "writer", "secretary", "auditor"):
            for language in ("en", "es"):
                mailbox = f"{role}.{language}@psg.example"
                account = staff.add(session, mailbox, role, PASSWORD, now, "command")
                name = f"{role.capitalize()} Quispe"
                staff.describe(session, account.id, name, language, now, "command")
                ids[f"{role} {language}"] = account.id
        long = "eva.de.los.angeles.montenegro@comunicaciones.psg.example"
        ids["person"] = staff.add(session, long, "editor", PASSWORD, now, "staff 1").id
        careful = staff.add(session, "careful@psg.example", "owner", PASSWORD, now, "staff 1")
        ids["two steps"] = careful.id
        lent = staff.offer(keys, careful, "PSG", now).lent
        secret = bytes.fromhex(keys.take_back(f"set up {careful.id}", lent, now)["secret"])
        code = totp.code_at(secret, totp.step_at(now))
        staff.turn_on(session, keys, careful.id, lent, code, now, keep=0)
        for mailbox in ("new@psg.example", "another.one@psg.example"):
            due = staff.invite(
                session, mailbox, "editor", language="en", site_url="", now=now, actor="staff 1"
            )
            ids["invitation"] = due.values["action_url"]
        forgot = staff.forgot(session, keys, "editor.en@psg.example", site_url="", now=now)
        assert forgot is not None
        ids["reset"] = forgot.values["action_url"]
    return ids


def _sessions(database: Database, ids: dict[str, Any]) -> dict[str, str]:
    now = clock.now()
    with database.write() as session:
        return {
            name: staff.begin(session, account, network=NETWORK, agent=AGENT, now=now)
            for name, account in ids.items()
            if name == "two steps" or name.endswith((" en", " es"))
        }


def _publications(database: Database, ids: dict[str, Any]) -> None:
    """A second publication, a welcome letter, and standing pages, one of them removed."""
    with database.write() as session:
        settings = Settings(
            title="Boletín", language="es", sender="Boletín <boletin@psg.example>",
            description="Cada mes, en español.",
        )  # fmt: skip
        publication.create_publication(session, settings, NOW)
        letter = Welcome(1, "en", "Welcome to Update", "We write **rarely**.", active=True)
        publication.change_welcome(session, letter, NOW)
        first = publication.create_page(session, "How to help", "By reading.", NOW, "staff 1")
        ids["page"] = first.id
        publication.edit_page(
            session, first.id, 1, "How to help", "By reading, and by writing.", NOW, "staff 2"
        )
        publication.create_page(session, "Who we are", "Few people.", NOW, "staff 1")
        gone = publication.create_page(session, "An old page", "Gone.", NOW, "staff 1")
        publication.remove_page(session, gone.id, NOW)


def _readers(database: Database, ids: dict[str, Any]) -> None:
    """Readers of a year; one of them with a long story, one suppressed."""
    now = clock.now()
    with database.write() as session:
        for n in range(60):
            one = audience.add(
                session, f"reader{n}@{HOSTS[n % 3]}", publication_id=1, operator="staff 1",
                now=now - (60 - n) * 7 * DAY, name=NAMES[n % 5], member=n % 4 == 0,
                language="es" if n % 5 == 1 else "en",
            )  # fmt: skip
            if n % 9 == 8:
                audience.leave(
                    session, one.subscriber_id, 1, method="link", network=None, now=now - n * DAY
                )
        ids["reader"] = reader = one.subscriber_id
        audience.leave(session, reader, 1, method="link", network="192.0.2.9", now=now - 2 * DAY)
        audience.add(
            session, f"reader59@{HOSTS[2]}", publication_id=1, operator="staff 1",
            now=now - DAY, ground="She rang us up, and asked for it.",
        )  # fmt: skip
        audience.ask_new_address(session, reader, "ana@a-new-provider.example", now)
        ids["suppressed"] = audience.add(
            session, "a.very.long.address.of.somebody@a-long-domain.example", publication_id=1,
            operator="staff 1", now=now, name="Zoila Núñez",
        ).subscriber_id  # fmt: skip
        audience.suppress(
            session, "a.very.long.address.of.somebody@a-long-domain.example", "address",
            "complaint", now,
        )  # fmt: skip
        audience.ask(
            session, "asks@uno.example", publication_id=1, language="en", name="", wording="Yes",
            network=NETWORK, now=now,
        )  # fmt: skip


def _issues(database: Database, ids: dict[str, Any]) -> None:
    """Issues that are written on: with a picture, findings, revisions; an announcement."""
    now = clock.now()
    with database.write() as session:
        for name, number, titles in (
            ("draft", 121, ("Communities vote on the mine", "A year after the water pact",
                            "Annual meeting on 23 June")),
            ("empty", 122, ()),
            ("asked", 123, ("Water and mining",)),
            ("returned", 124, ("Three rulings",)),
            ("scheduled", 125, ("A day for water",)),
            ("going", 126, ("A pact is signed",)),
        ):  # fmt: skip
            issue = publication.create_issue(
                session, 1, {"number": number, "date": "2026-11-30"}, now - DAY, "staff 1"
            )
            ids[name] = issue.id
            for title in titles:
                given = {
                    "title": title,
                    "topic": "Mining",
                    "summary": f"On: {title}.",
                    "body": BODY,
                }
                publication.add_item(session, issue.id, given, now - DAY, "staff 1")
        made = publication.create_announcement(
            session, 1, {"title": "Annual meeting on 23 June", "date": "2026-12-01"}, now, "staff 1"
        )
        ids["announcement"] = made.id
        draft = publication.issue_by_id(session, ids["draft"])
        item = draft.items[0]
        ids["item"], ids["second_item"] = item.id, draft.items[1].id
        kept = publication.keep_picture(session, _photograph(), now)
        for given, by in (
            ({"picture_hash": kept.hash, "picture_caption": "The ballot"}, "staff 3"),
            ({"body": BODY.replace("Read about the vote", "here")}, "staff 1"),
            ({"title": "Communities vote on a mine", "summary": "They have voted."}, "staff 3"),
        ):
            version = publication.issue_by_id(session, draft.id).items[0].version
            publication.change_item(session, draft.id, item.id, given, version, now, by)
        meeting = draft.items[2]
        publication.change_item(
            session, draft.id, meeting.id, {"members_only": True}, meeting.version, now, "staff 3"
        )
        empty = publication.add_item(session, draft.id, {"title": "Taken out"}, now, "staff 1")
        publication.remove_item(session, draft.id, empty.id, empty.version, now, "staff 1")
        ids["removed"] = empty.id


def _photograph() -> bytes:
    file = BytesIO()
    picture = Image.new("RGB", (1200, 800), "#5A826E")
    hills = [(0, 800), (500, 250), (800, 600), (1200, 300), (1200, 800)]
    ImageDraw.Draw(picture).polygon(hills, "#33543f")
    picture.save(file, "JPEG")
    return file.getvalue()


@dataclass(frozen=True)
class _Mailing(Ledger):
    """The ledger, for one of the issues."""

    number: int = 120

    @property
    def issue(self) -> Issue:
        with self.database.read() as session:
            return publication.find_issue(session, 1, self.number)

    def deliveries(self, mailing: int) -> list[int]:
        with self.database.read() as session:
            of_it = DeliveryRow.mailing_id == mailing
            return list(session.scalars(select(DeliveryRow.id).where(of_it).order_by("id")))

    def report(self, mailing: int, *, done: bool, began: datetime) -> None:
        """Have its letters be taken, refused, deferred and doubted, one every seven seconds."""
        rows = self.deliveries(mailing)
        gone = rows[: len(rows) if done else 35]
        failed = {"state": "failed", "fault": "mailbox"}
        doubt = "in doubt: the connection was closed after the final dot"
        late = {"state": "deferred", "reason": "451 4.7.28 slow down", "fault": "relay", "tries": 2}
        became: list[tuple[list[int], dict[str, Any]]] = [
            ([one], {"state": "sent", "finished_at": began + place * timedelta(seconds=7)})
            for place, one in enumerate(gone)
        ]
        became += [
            (gone[3:4], failed | {"reason": "550 5.1.1 no such user here"}),
            (gone[9:11], failed | {"reason": "552 5.2.2 mailbox is full"}),
            (gone[20:22], {"state": "in_doubt", "reason": doubt}),
            ([] if done else rows[35:41], late | {"due_at": clock.now() + 5 * MINUTE}),
        ]
        with self.database.write() as session:
            for some, how in became:
                chosen = DeliveryRow.id.in_(some)
                session.execute(update(DeliveryRow).where(chosen).values(**how))
        self.count_anew()


def _mailings(database: Database, config: Config, ids: dict[str, Any]) -> None:
    """117 was cancelled, 118 is paused, 119 on its way, 120 is sent and was wrong; others wait."""
    now = clock.now()
    for name, number, ago in (
        ("cancelled", 117, 20 * DAY), ("paused", 118, DAY), ("running", 119, 6 * MINUTE),
        ("sent", 120, 9 * DAY),
    ):  # fmt: skip
        ledger = _Mailing(database, config, number)
        began = now - ago
        mailing = ledger.send(began)
        ledger.report(mailing, done=name == "sent", began=began)
        issue = ledger.issue
        ids[name] = issue.id
        with database.write() as session:
            if name == "paused":
                delivery.pause(session, issue, began + 5 * MINUTE, "staff 1")
            elif name == "cancelled":
                delivery.cancel(session, issue, began + 5 * MINUTE, "staff 1")
            elif name == "sent":
                ended = {"status": "sent", "finished_at": began + 7 * MINUTE}
                session.execute(update(MailingRow).where(MailingRow.id == mailing).values(**ended))
        if name == "cancelled":
            delivery.skip_rest(database, mailing, began + 5 * MINUTE)
    _wait(database, config, ids)
    _mend(database, config, ids)


def _wait(database: Database, config: Config, ids: dict[str, Any]) -> None:
    """Issues whose approval is asked, was refused, and which go out soon or later."""
    now = clock.now()
    with database.write() as session:
        of = {
            name: publication.issue_by_id(session, ids[name])
            for name in ("asked", "returned", "scheduled", "going")
        }
        words = "Please look at the date."
        delivery.ask_approval(session, config, of["asked"], now, "staff 5", words)
        delivery.ask_approval(session, config, of["returned"], now, "staff 5")
        version, remark = of["returned"].version, "The second ruling\nis of May."
        delivery.send_back(session, of["returned"], version, now, "staff 3", remark)
        delivery.schedule(session, config, of["scheduled"], now + 2 * DAY, now, "staff 3")
        delivery.schedule(session, config, of["going"], now + MINUTE, now, "staff 3")
        session.add(WorkerRow(id="sender-1", started_at=now, seen_at=now + DAY))
        audit.record(session, now, "staff 3", "publication 1", Sentence("changed the settings"))


def _mend(database: Database, config: Config, ids: dict[str, Any]) -> None:
    """Have 118 and 120 say something else than when they went out, and correct 120."""
    now = clock.now()
    for name in ("paused", "sent"):
        with database.write() as session:
            issue = publication.issue_by_id(session, ids[name])
            item = issue.items[0]
            publication.change_item(
                session, issue.id, item.id, {"title": f"{item.title}, corrected"}, item.version,
                now, "staff 3",
            )  # fmt: skip


def _files(database: Database, config: Config, ids: dict[str, Any]) -> None:
    """Files of readers: one that waits, one that is read, one running, done, stopped, and none."""
    now, zone = clock.now(), config.organisation.zone

    def receive(text: str, name: str = "readers of the fair.csv") -> int:
        return audience.receive(
            database, name, [text.encode()], publication_id=1, operator="staff 1", now=now
        )

    def carry_on() -> None:
        while audience.carry_on(database, zone, clock.now):
            pass

    def run(one: int) -> None:
        with database.write() as session:
            audience.run_import(session, one, "asked at our stall", now)

    refused = FILE + "no address,,\nneither@,Tom,\n"
    ids["done"], ids["failed"] = receive(refused), receive("name\nAna\n", "photograph.csv")
    carry_on()
    run(ids["done"])
    carry_on()
    for name in ("looked_at", "stopped", "begun"):
        ids[name] = receive(refused)
    carry_on()
    with database.write() as session:
        audience.stop_import(session, ids["stopped"], now)
    run(ids["begun"])
    ids["received"] = receive(FILE)
