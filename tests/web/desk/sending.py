"""Update 120 at the desk, for tests: its pages, its mailing, and short ways to bring it along."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from mailer import audience, clock, delivery
from mailer.config import Config
from mailer.database import Database
from mailer.publication import Issue, find_issue
from mailer.publication.models import IssueRow, ItemRow
from tests.conftest import NOW
from tests.delivery.desk import Desk


@dataclass(frozen=True)
class Update120:
    """The issue, on a database with the sample listing."""

    database: Database
    config: Config

    @property
    def issue(self) -> Issue:
        with self.database.read() as session:
            return find_issue(session, 1, 120)

    @property
    def path(self) -> str:
        return f"/desk/issues/{self.issue.id}"

    @property
    def ledger(self) -> Desk:
        """The same database, with the short ways of delivery's own tests."""
        return Desk(self.database, self.config)

    @property
    def status(self) -> delivery.Status:
        issue = self.issue
        with self.database.read() as session:
            return delivery.status_of(session, issue.id, issue.kind, clock.now())

    def subscribe(self, *addresses: str) -> list[int]:
        with self.database.write() as session:
            return [
                audience.add(session, one, publication_id=1, operator="test", now=NOW).subscriber_id
                for one in addresses
            ]

    def edit(self, before: str = "threatened with death", after: str = "threatened") -> None:
        """Have Ana save the issue with other words."""
        self.ledger.rewrite(before, after)

    def spoil(self) -> None:
        """Give the issue an error."""
        with self.database.write() as session:
            session.execute(
                update(ItemRow).where(ItemRow.issue_id == self.issue.id).values(title="")
            )

    def hide(self) -> None:
        with self.database.write() as session:
            session.execute(
                update(IssueRow).where(IssueRow.id == self.issue.id).values(public=False)
            )

    def schedule(self, at: datetime) -> None:
        with self.database.write() as session:
            delivery.schedule(session, self.config, self.issue, at, clock.now(), "staff 1")

    def begin(self) -> int:
        """Have it sending and fanned out; the mailing's id."""
        return self.ledger.send(clock.now())

    def send(self, browser: Any, **fields: Any) -> Any:
        """Post the form of check and send, as its page would."""
        return browser.submit(
            f"{self.path}/send", **{"version": self.issue.version, "when": "now", **fields}
        )
