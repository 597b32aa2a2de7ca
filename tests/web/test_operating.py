"""What the operator asks, and what a browser loads beside the pages."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailer import clock
from mailer.config import Config
from mailer.database import Database, connect
from mailer.delivery.models import MailingRow, WorkerRow
from mailer.letter import accent, contrast
from mailer.web import create_app
from mailer.web.look import (
    DARK_INK,
    DARK_PAPER,
    DARK_SURFACE,
    INK,
    PAPER,
    SURFACE,
)
from tests.conftest import make_config
from tests.web.conftest import Ana, TestClient


def test_it_says_that_it_lives_and_is_ready(client: TestClient, ana: Ana) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.text) == (200, "ready")


def test_another_schema_is_not_ready(client: TestClient, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "schema 0000" in ready.text


def test_a_database_that_is_away_is_named_in_the_log_only(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/away"
    client = TestClient(create_app(make_config(tmp_path, url), connect(url)))
    with capture_logs() as logged:
        ready = client.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "not ready: the database is down")
    (line,) = logged
    assert line["event"] == "not_ready"
    assert "127.0.0.1" in line["reason"]
    assert client.get("/healthz").status_code == 200
    assert client.get("/favicon.ico").status_code == 200


def test_a_mailing_without_a_worker_is_not_ready(
    client: TestClient, database: Database, now: datetime
) -> None:
    with database.write() as session:
        session.add(
            MailingRow(
                kind="confirmation",
                status="sending",
                start_at=now,
                nonce="n",
                created_at=now,
                created_by="test",
            )
        )
    assert client.get("/readyz").status_code == 503
    with database.write() as session:
        session.add(WorkerRow(id="w", started_at=now, seen_at=clock.now() + timedelta(seconds=1)))
    assert client.get("/readyz").status_code == 200


def test_the_stylesheet_is_kept_for_ever_under_its_own_name(client: TestClient, ana: Ana) -> None:
    page = client.get("/").text
    path = page.split('rel="stylesheet" href="')[1].split('"')[0]
    style = client.get(path)
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert "--accent: #1F4E79" in style.text
    older = client.get("/static/style-0123456789ab.css")
    assert older.text == style.text
    assert older.headers["cache-control"] == "no-cache"


def test_the_icon_and_the_logo(
    client: TestClient, ana: Ana, config: Config, database: Database, tmp_path: Path
) -> None:
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert ">P</text>" in icon.text
    logo = tmp_path / "logo.svg"
    logo.write_text("<svg/>")
    organisation = config.organisation.model_copy(update={"logo": logo, "name": "<PSG>"})
    with_logo = TestClient(
        create_app(config.model_copy(update={"organisation": organisation}), database)
    )
    page = with_logo.get("/").text
    assert '<img src="/static/logo" alt="">&lt;PSG&gt;</a>' in page
    assert with_logo.get("/static/logo").text == "<svg/>"
    assert ">&lt;</text>" in with_logo.get("/favicon.ico").text


@pytest.mark.parametrize(
    "colour", ["#1F4E79", "#9CC3E8", "#FFFF00", "#000000", "#FFFFFF", "#808080", "#E30613"]
)
def test_any_accent_can_be_read_in_both_schemes(colour: str) -> None:
    for paper, surface, ink in (
        (PAPER, SURFACE, INK),
        (DARK_PAPER, DARK_SURFACE, DARK_INK),
    ):
        made = accent(colour, (paper, surface), ink)
        assert contrast(made.colour, paper) >= 4.5
        assert contrast(made.colour, surface) >= 4.5
        assert contrast(made.on, made.colour) >= 4.5
    assert accent("#1F4E79", (PAPER, SURFACE), INK).colour == "#1F4E79"
    assert accent("#9CC3E8", (DARK_PAPER, DARK_SURFACE), DARK_INK).colour == "#9CC3E8"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
