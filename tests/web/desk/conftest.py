"""The desk with the sample listing, and people who are signed in at it."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from mailer import clock, staff
from mailer.config import Config
from mailer.database import Database
from mailer.delivery.models import DeliveryRow, MergeValueRow
from mailer.staff import Account, totp
from tests.staff.conftest import cheap_hashes
from tests.web.conftest import NETWORK, Ana, TestClient, fill
from tests.web.desk.sending import Update120

__all__ = ["cheap_hashes"]

PASSWORD = "a-password-of-the-tests"

SignIn = Callable[..., "AtDesk"]

ON_BOTH = {"test_readers", "test_importing_readers", "test_reading_the_report", "test_watching"}
"""Modules whose pages ask the database something of their own, and not a room."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rooms are tested on both databases each time, their pages on PostgreSQL in the long run."""
    for item in items:
        here = Path(__file__).parent in item.path.parents and item.path.stem not in ON_BOTH
        if here and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


class AtDesk(TestClient):
    """A browser with somebody signed in. What it posts bears the CSRF token of their session."""

    account: Account
    csrf: str

    def submit(self, path: str, **fields: object):  # type: ignore[no-untyped-def]
        """Post a form of the desk, as its page would."""
        data = {
            name: value if isinstance(value, list) else str(value) for name, value in fields.items()
        }
        return self.post(path, data={"csrf": self.csrf, **data})


@pytest.fixture
def sample(database: Database, config: Config, now) -> Ana:  # type: ignore[no-untyped-def]
    """The sample listing, and a reader."""
    return fill(database, config, now)


@pytest.fixture
def sign_in(app: FastAPI, database: Database, cheap_hashes: None) -> SignIn:
    """Sign somebody in, as `sign_in("editor")`: an account, a session, its browser."""

    def sign_in(role: str = "owner", mailbox: str = "", language: str = "en") -> AtDesk:
        mailbox = mailbox or f"{role}@psg.example"
        with database.write() as session:
            account = staff.add(session, mailbox, role, PASSWORD, clock.now(), "test")
        return at_desk(app, database, account)

    return sign_in


def at_desk(app: FastAPI, database: Database, account: Account) -> AtDesk:
    """A browser with a fresh session of `account`."""
    with database.write() as session:
        secret = staff.begin(session, account.id, network=NETWORK, agent="test", now=clock.now())
    with database.read() as session:
        found = staff.signed_in(session, secret, clock.now())
    assert found is not None
    browser = AtDesk(app, follow_redirects=False, client=(NETWORK, 50_000))
    browser.cookies.set("mailer-desk", secret)
    browser.account, browser.csrf = found.account, found.csrf
    return browser


def csrf_in(page: str) -> str:
    """The CSRF token in a page's first form."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


@dataclass(frozen=True)
class Phone:
    """A telephone with the key of an account in it."""

    secret: bytes

    def code(self, steps: int = 0) -> str:
        """The code that it shows now, or shows so many steps later."""
        return totp.code_at(self.secret, totp.step_at(clock.now()) + steps)

    def wrong(self) -> str:
        """A code that it does not show for hours."""
        shown = {self.code(steps) for steps in range(-2, 60)}
        return next(f"{n:06}" for n in range(1000) if f"{n:06}" not in shown)


def phone_in(page: str) -> Phone:
    """A telephone into which somebody types the key on the page that offers one."""
    found = re.search(r'id="key">([A-Z2-7 ]+)<', page)
    assert found is not None, page
    return Phone(base64.b32decode(found[1].replace(" ", "")))


def field_in(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return unescape(found[1])


def letters(database: Database) -> list[tuple[str, str]]:
    """Who was sent a link, and which, the newest last."""
    with database.read() as session:
        rows = session.execute(
            select(DeliveryRow.address, MergeValueRow.value)
            .join(MergeValueRow, MergeValueRow.delivery_id == DeliveryRow.id)
            .order_by(DeliveryRow.id)
        )
        return [(str(row.address), row.value.removeprefix("http://127.0.0.1:8000")) for row in rows]


@pytest.fixture
def update(sample: Ana, database: Database, config: Config) -> Update120:
    """Update 120, which one reader gets."""
    return Update120(database, config)
