"""Subscribing: the form, the letter, the confirmation."""

import asyncio
import re
from contextlib import ExitStack
from datetime import datetime
from html import escape
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from starlette.types import Message, Scope
from structlog.testing import capture_logs
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mailer import audience, clock
from mailer.audience.consent import one_at_a_time
from mailer.audience.models import ConsentRow, SubscriptionRow, WordingRow
from mailer.database import Database, connect
from mailer.delivery.models import MailingRow, MergeValueRow
from mailer.errors import WrongInput
from mailer.publication.models import PublicationRow
from mailer.tokens import Purpose
from mailer.web import create_app
from tests.conftest import make_config
from tests.web.conftest import NETWORK, Ana, TestClient, long_ago


def confirmation_link(database: Database) -> str:
    with database.read() as session:
        value = session.scalars(
            select(MergeValueRow.value).where(MergeValueRow.field == "action_url")
        ).one()
    return value.removeprefix("http://127.0.0.1:8000")


def subscribe(client: TestClient, address: str) -> str:
    response = client.post("/subscribe/", data={"email": address, "publication": "1"})
    assert response.status_code == 200
    return response.text


def test_asking_confirming_reading(client: TestClient, ana: Ana, database: Database) -> None:
    page = subscribe(client, "tom@EXAMPLE.org")
    assert "Look into your mailbox" in page
    with database.read() as session:
        assert session.scalars(select(MailingRow.kind)).all() == ["confirmation"]
        tom = audience.find(session, "tom@example.org")
        (choice,) = audience.choices(session, tom.id).subscriptions
        assert not choice.subscribed
        wording = session.scalars(select(WordingRow.text)).one()
    assert wording in client.get("/subscribe/").text
    assert wording in client.get("/").text
    link = confirmation_link(database)
    page = client.get(link).text
    assert page.count("<button") == 1
    assert "t…@example.org" in page
    assert "om@example.org" not in page
    confirmed = client.post(link)
    assert confirmed.status_code == 200
    assert "Thank you" in confirmed.text
    with database.read() as session:
        (choice,) = audience.choices(session, tom.id).subscriptions
        assert choice.subscribed
        method, network = session.execute(
            select(ConsentRow.method, ConsentRow.network).where(ConsentRow.event == "confirmed")
        ).one()
        assert (method, network) == ("link", NETWORK)
        (agreed,) = (
            happening.wording
            for happening in audience.story(session, tom.id, {}).happenings
            if happening.event == "confirmed"
        )
    shown = re.sub(r"<[^>]+>|\s+", " ", page.replace("t…@example.org", "…"))
    assert agreed in re.sub(" +", " ", shown)
    assert "example.org" not in agreed
    assert "Thank you" in client.post(link).text
    choices = re.search(r'href="(/preferences/[^"]+)"', confirmed.text)
    assert choices is not None
    assert "t…@example.org" in client.get(choices[1]).text


def test_the_answer_is_the_same_whoever_reads_here(
    client: TestClient, ana: Ana, database: Database, now: datetime
) -> None:
    with database.write() as session:
        audience.suppress(session, "left@example.org", "address", "complaint", now)
    addresses = ("ana@example.org", "new@example.org", "left@example.org")
    answers = {subscribe(client, address).replace(address, "") for address in addresses}
    assert len(answers) == 1
    with database.read() as session:
        assert len(session.scalars(select(MailingRow.id)).all()) == 1


def test_the_answer_is_out_before_anything_is_done_about_the_address(
    app: FastAPI, ana: Ana, database: Database, elsewhere: Database
) -> None:
    sent: list[Message] = []
    body = b"email=tom@example.org"
    with ExitStack() as somebody_writes:
        session = somebody_writes.enter_context(elsewhere.write())
        one_at_a_time(session)

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                with database.read() as looking:
                    assert looking.scalars(select(MailingRow.id)).all() == []
                somebody_writes.close()

        asyncio.run(app(posted("/subscribe/", body), receive, send))
    assert sent[0]["status"] == 200
    assert b"tom@example.org" in sent[1]["body"]
    assert confirmation_link(database).startswith("/confirm/")


def posted(path: str, body: bytes) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-length", str(len(body)).encode())],
        "client": (NETWORK, 50_000),
    }


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (WrongInput("'tom@example.org' is not an address."), "WrongInput in "),
        (OperationalError("INSERT tom@example.org", {}, Exception("disk full")), "disk full"),
    ],
)
def test_what_goes_wrong_after_the_answer_is_logged_without_the_address(
    client: TestClient, ana: Ana, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mailer.audience.ask", broken)
    with capture_logs() as logged:
        assert "Look into your mailbox" in subscribe(client, "tom@example.org")
    (line,) = logged
    assert line["event"] == "asking_failed"
    assert words in line["reason"]
    assert "tom@" not in str(line)


def test_asking_while_the_database_is_away_says_so(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/away"
    away = TestClient(create_app(make_config(tmp_path, url), connect(url)))
    response = away.post("/subscribe/", data={"email": "tom@example.org", "publication": "1"})
    assert response.status_code == 503
    assert "Our database does not answer" in response.text


def test_asking_twice_sends_one_letter(client: TestClient, ana: Ana, database: Database) -> None:
    assert subscribe(client, "tom@example.org") == subscribe(client, "tom@example.org")
    with database.read() as session:
        assert len(session.scalars(select(MailingRow.id)).all()) == 1


def test_a_wrong_address_is_said_beside_the_field_and_kept(
    client: TestClient, ana: Ana, database: Database
) -> None:
    for typed in ("tom", "tom@", "a b@example.org", "<b>@x", "é" * 300, ""):
        response = client.post("/subscribe/", data={"email": typed})
        assert response.status_code == 422
        page = response.text
        assert 'href="#email"' in page
        assert 'aria-invalid="true" aria-describedby="email-error"' in page
        assert page.count("ana@example.org") == 2
        assert f'value="{escape(typed)}"' in page
    with database.read() as session:
        assert session.scalars(select(MailingRow.id)).all() == []
        assert len(session.scalars(select(SubscriptionRow.id)).all()) == 1


def test_a_wrong_form_waits_for_nobody_who_writes(
    client: TestClient, ana: Ana, elsewhere: Database
) -> None:
    with elsewhere.write() as session:
        session.connection()
        for fields in ({}, {"email": "tom"}, {"email": "tom@", "publication": "1"}):
            assert client.post("/subscribe/", data=fields).status_code == 422
        for route in ("confirm", "unsubscribe", "preferences"):
            assert client.post(f"/{route}/forged").status_code == 404


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        (f"fe80::9%{'x' * 100}", "fe80::9"),
        ("x" * 100, None),
        ("unknown", None),
    ],
)
def test_a_proxy_is_believed_only_where_it_says_an_address(
    app: FastAPI, ana: Ana, database: Database, said: str, kept: str | None
) -> None:
    behind = TestClient(ProxyHeadersMiddleware(app, trusted_hosts="*"))
    answer = behind.post(
        "/subscribe/", data={"email": "tom@example.org"}, headers={"X-Forwarded-For": said}
    )
    assert answer.status_code == 200
    with database.read() as session:
        asked = select(ConsentRow.network).where(ConsentRow.event == "asked")
        assert session.scalars(asked).one() == kept


def test_one_of_several_publications_is_chosen(
    client: TestClient, ana: Ana, database: Database, now: datetime
) -> None:
    with database.write() as session:
        session.add(PublicationRow(slug="news", title="News", language="en", created_at=now))
    unsaid = client.post("/subscribe/", data={"email": "tom@example.org"})
    assert unsaid.status_code == 422
    assert 'value="tom@example.org"' in unsaid.text
    assert "Choose what you want to get." in unsaid.text
    response = client.post("/subscribe/", data={"email": "tom@example.org", "publication": "2"})
    assert response.status_code == 200
    assert "the News" in client.get(confirmation_link(database)).text


def test_a_link_that_is_too_old_says_so(client: TestClient, ana: Ana) -> None:
    link = f"/confirm/{ana.link(Purpose.CONFIRM, long_ago())}"
    for response in (client.get(link), client.post(link)):
        assert response.status_code == 410
        assert "too old" in response.text
        assert 'href="/subscribe/"' in response.text


def test_a_suppressed_address_cannot_confirm(
    client: TestClient, ana: Ana, database: Database
) -> None:
    with database.write() as session:
        audience.suppress(session, "ana@example.org", "address", "complaint", clock.now())
    response = client.post(ana.confirm)
    assert response.status_code == 409
    assert "gets no letters" in response.text
