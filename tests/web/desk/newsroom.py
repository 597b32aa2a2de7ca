"""A running desk with Update 121 begun, and browsers in which people are signed in."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from mailer import clock, staff
from mailer.database import Database, connect, upgrade
from mailer.publication import Issue, add_item, create_issue, issue_by_id
from mailer.web import create_app
from tests.conftest import NOW, make_config
from tests.services import free_port
from tests.web.conftest import fill

TITLES = ("Water", "Mining", "Annual meeting")


@dataclass
class Newsroom:
    """The desk at `root`; `sign_in` gives a browser's context with somebody signed in."""

    root: str
    database: Database
    chromium: Any

    def __post_init__(self) -> None:
        self.people: dict[str, int] = {}

    def secret(self, name: str, role: str = "editor", language: str = "en") -> str:
        """A session of somebody's."""
        now = clock.now()
        with self.database.write() as session:
            if name not in self.people:
                mailbox = f"{name}@psg.example"
                account = staff.add(session, mailbox, role, "a-password-of-the-tests", now, "test")
                staff.describe(session, account.id, name.title(), language, now, "test")
                self.people[name] = account.id
            return staff.begin(
                session, self.people[name], network="127.0.0.1", agent="test", now=now
            )

    def sign_in(self, name: str = "ana", **more: Any) -> Any:
        role, language = more.pop("role", "editor"), more.pop("language", "en")
        context = self.chromium.new_context(**more)
        context.set_default_timeout(10_000)
        self.enter(context, name, role, language)
        return context

    def enter(self, context: Any, name: str, role: str = "editor", language: str = "en") -> None:
        value = self.secret(name, role, language)
        context.add_cookies([{"name": "mailer-desk", "value": value, "url": self.root}])

    def sign_out(self, name: str) -> None:
        with self.database.write() as session:
            staff.end_all(session, self.people[name], clock.now(), "test")

    def begin(self, number: int, titles: tuple[str, ...] = TITLES) -> Issue:
        """An issue with these items, fresh for one test."""
        now = clock.now()
        with self.database.write() as session:
            given = {"number": number, "date": "2007-05-31", "subject": "Water and mining"}
            made = create_issue(session, 1, given, now, "test")
            for title in titles:
                summary = f"About {title.lower()}."
                add_item(session, made.id, {"title": title, "summary": summary}, now, "test")
            return issue_by_id(session, made.id)

    def issue(self, issue_id: int) -> Issue:
        with self.database.read() as session:
            return issue_by_id(session, issue_id)


@contextmanager
def newsroom(folder: Path, chromium: Any) -> Iterator[Newsroom]:
    """A running site on SQLite."""
    port = free_port()
    config = make_config(folder, f"sqlite:///{folder}/mailer.db")
    database = connect(config.database.url)
    upgrade(config.database.url, database.engine)
    fill(database, config, NOW)
    server = uvicorn.Server(
        uvicorn.Config(create_app(config, database), port=port, log_level="critical")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Newsroom(f"http://127.0.0.1:{port}", database, chromium)
    server.should_exit = True
    thread.join()
    database.close()
