"""What the tests of writing share: an issue of three items, and people who write on it."""

from datetime import datetime

import pytest

from mailer.database import Database
from mailer.publication import Issue, add_item, create_issue, ensure_first, issue_by_id

ANA, BEN = "staff 1", "staff 2"
TITLES = ("Water", "Mining", "Annual meeting")


@pytest.fixture
def issue(database: Database, now: datetime) -> Issue:
    """Update 121, written by Ana: Water, Mining, Annual meeting."""
    with database.write() as session:
        ensure_first(session, "en", now)
        made = create_issue(session, 1, {"number": 121, "date": "2007-05-31"}, now, ANA)
        for title in TITLES:
            summary = f"About {title.lower()}."
            add_item(session, made.id, {"title": title, "summary": summary}, now, ANA)
        return issue_by_id(session, made.id)
