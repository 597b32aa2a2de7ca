"""A desk that runs: pages on a port, a sender, an SMTP sink, and people's browsers."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from mailer import audience, clock, delivery, staff, web
from mailer.config import Config, Pace
from mailer.database import Database, connect, upgrade
from mailer.delivery import Status
from mailer.publication import Issue, find_issue
from mailer.schedule import ticks
from tests.conftest import NOW, make_config
from tests.services import free_port
from tests.sink import Sink
from tests.web.conftest import NETWORK, fill
from tests.web.desk.conftest import PASSWORD

PATIENCE_S = 30.0


@dataclass
class Pressroom:
    """The desk at `root`, its database, and the relay that takes its letters."""

    root: str
    config: Config
    database: Database
    sink: Sink
    app: FastAPI
    server: uvicorn.Server
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def issue(self) -> Issue:
        with self.database.read() as session:
            return find_issue(session, 1, 120)

    @property
    def path(self) -> str:
        """Where Update 120 stands at the desk."""
        return f"{self.root}/desk/issues/{self.issue.id}"

    @property
    def status(self) -> Status:
        issue = self.issue
        with self.database.read() as session:
            return delivery.status_of(session, issue.id, issue.kind, clock.now())

    def subscribe(self, *addresses: str) -> None:
        with self.database.write() as session:
            for one in addresses:
                audience.add(session, one, publication_id=1, operator="test", now=NOW)

    def begin(self) -> None:
        """Have Update 120 begin to be sent, at this moment."""
        now = clock.now()
        delivery.send_now(self.database, self.config, self.issue, now, "staff 1")

    def secret(self, role: str = "owner", language: str = "en", name: str = "") -> str:
        """The secret of a fresh session of somebody in this role."""
        now = clock.now()
        with self.database.write() as session:
            mailbox = f"{role}-{next(self._numbers)}@psg.example"
            account = staff.add(session, mailbox, role, PASSWORD, now, "test")
            staff.describe(session, account.id, name or role.capitalize(), language, now, "test")
            return staff.begin(session, account.id, network=NETWORK, agent="test", now=now)

    def browse(
        self, chromium: Any, secret: str, *, scripts: bool = True, **how: Any
    ) -> tuple[Any, Any]:
        """A browser's context and page, signed in with `secret`."""
        context = chromium.new_context(java_script_enabled=scripts, **how)
        context.add_cookies([{"name": "mailer-desk", "value": secret, "url": self.root}])
        return context, context.new_page()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Have a schedule tick and a sender send, until the end of the block."""
        loop = asyncio.new_event_loop()
        sender = delivery.open_sender(self.database, self.config)
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(0.1):
                ticks.start_due(self.database, self.config)

        def send() -> None:
            loop.run_until_complete(sender.run())

        threads = [threading.Thread(target=one) for one in (tick, send)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            loop.call_soon_threadsafe(sender.stop)
            for thread in threads:
                thread.join(PATIENCE_S)
            loop.close()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.02)


@contextmanager
def pressroom(folder: Path, sink: Sink, **staff_rules: Any) -> Iterator[Pressroom]:
    """A desk with the sample listing and nobody who reads, until the end of the block."""
    port = free_port()
    config = make_config(folder, f"sqlite:///{folder}/mailer.db", sink.port)
    config = config.model_copy(
        update={
            "site": config.site.model_copy(update={"url": f"http://127.0.0.1:{port}"}),
            "staff": config.staff.model_copy(update=staff_rules),
            "pace": Pace(),
        }
    )
    database = connect(config.database.url)
    upgrade(config.database.url, database.engine)
    ana = fill(database, config, NOW)
    with database.write() as session:
        audience.leave(session, ana.id, 1, method="form", network=None, now=NOW)
    app = web.create_app(config, database)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "the pages")
    try:
        yield Pressroom(f"http://127.0.0.1:{port}", config, database, sink, app, server)
    finally:
        web.stop(app)
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        database.close()
