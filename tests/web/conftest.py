"""A site with the sample listing and one reader, and a browser's requests to it."""

import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

import mailer
from mailer import audience, clock
from mailer.config import Config
from mailer.database import Database, connect, upgrade
from mailer.publication import ensure_first, import_listing, parse_listing
from mailer.tokens import Purpose, Signer
from mailer.web import create_app, stop
from tests.browser import chromium as running
from tests.conftest import make_config
from tests.services import free_port

with warnings.catch_warnings():
    # Starlette would rather have httpx's successor, which is not needed for anything else here.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

SAMPLE = (Path(mailer.__file__).parent / "cli/demo/listing.txt").read_text(encoding="utf-8")


NETWORK = "192.0.2.7"
"""Where the browser is."""


@dataclass(frozen=True)
class Ana:
    """A reader of Update, and her links."""

    id: int
    publication_id: int
    signer: Signer

    def link(self, purpose: Purpose, expires: datetime | None = None) -> str:
        return self.signer.link(purpose, self.id, self.publication_id, expires)

    @property
    def unsubscribe(self) -> str:
        return f"/unsubscribe/{self.link(Purpose.UNSUBSCRIBE)}"

    @property
    def preferences(self) -> str:
        return f"/preferences/{self.link(Purpose.PREFERENCES, in_a_week())}"

    @property
    def confirm(self) -> str:
        return f"/confirm/{self.link(Purpose.CONFIRM, in_a_week())}"


def in_a_week() -> datetime:
    return clock.now() + timedelta(days=7)


def long_ago() -> datetime:
    return clock.now() - timedelta(seconds=1)


def fill(database: Database, config: Config, now: datetime) -> Ana:
    """Put the sample listing and one reader into the database."""
    with database.write() as session:
        ensure_first(session, "en", now)
        listing = parse_listing(SAMPLE, "listing.txt", ["Update"])
        import_listing(session, listing, update=False, now=now, actor="command")
        added = audience.add(
            session,
            "ana@example.org",
            publication_id=1,
            operator="test",
            now=now,
            name="Ana Flores",
        )
    return Ana(added.subscriber_id, 1, Signer(config.site.secret_key))


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Config, Database]]:
    """A site on SQLite in `folder`, answering at an address of this machine."""
    with prepared(folder) as (config, database), answering(config, database) as root:
        yield root, config, database


@contextmanager
def prepared(folder: Path) -> Iterator[tuple[Config, Database]]:
    """An empty database of SQLite in `folder`, and the configuration of a site on it."""
    config = make_config(folder, f"sqlite:///{folder}/mailer.db")
    with closing(connect(config.database.url)) as database:
        upgrade(config.database.url, database.engine)
        yield config, database


@contextmanager
def answering(config: Config, database: Database) -> Iterator[str]:
    """A site that answers until the end of the block, at the address that this gives."""
    port = free_port()
    app = create_app(config, database)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    stop(app)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    with running() as browser:
        yield browser


@pytest.fixture
def ana(database: Database, config: Config, now: datetime) -> Ana:
    return fill(database, config, now)


@pytest.fixture
def elsewhere(database: Database, database_url: str) -> Iterator[Database]:
    """The same database, as another process has it open."""
    opened = connect(database_url)
    yield opened
    opened.close()


@pytest.fixture
def app(database: Database, config: Config) -> Iterator[FastAPI]:
    made = create_app(config, database)
    yield made
    stop(made)
    # It counts on a thread, whose connection would outlive the database.
    made.state.desk_counting.close(wait=True)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False, client=(NETWORK, 50_000))
