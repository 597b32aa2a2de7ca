"""A reader's choices."""

from sqlalchemy import select

from mailer import audience, clock
from mailer.audience import Choices
from mailer.audience.models import ConsentRow, WordingRow
from mailer.database import Database
from mailer.delivery.models import DeliveryRow, MailingRow, MergeValueRow
from mailer.tokens import Purpose
from tests.web.conftest import Ana, TestClient, long_ago

FORM = {
    "do": "save",
    "shown": "1",
    "get": "1",
    "format-1": "text",
    "name": "Ana María",
    "greeting": "Ana and Tom",
    "language": "es",
}


def choices(database: Database, ana: Ana) -> Choices:
    with database.read() as session:
        return audience.choices(session, ana.id)


def test_choices_are_shown_and_saved(client: TestClient, ana: Ana, database: Database) -> None:
    page = client.get(ana.preferences).text
    assert 'value="Ana Flores"' in page
    assert 'name="get" value="1" checked' in page
    assert 'value="html" checked' in page
    saved = client.post(ana.preferences, data=FORM)
    assert saved.status_code == 200
    assert '<html lang="es"' in saved.text
    assert "Guardado." in saved.text
    now = choices(database, ana)
    assert (now.name, now.greeting, now.language) == ("Ana María", "Ana and Tom", "es")
    assert [(c.subscribed, c.format) for c in now.subscriptions] == [(True, "text")]


def test_a_box_without_its_mark_is_leaving(
    client: TestClient, ana: Ana, database: Database
) -> None:
    fields = {name: value for name, value in FORM.items() if name != "get"}
    assert client.post(ana.preferences, data=fields).status_code == 200
    assert not choices(database, ana).subscriptions[0].subscribed
    assert client.post(ana.preferences, data=FORM).status_code == 200
    assert choices(database, ana).subscriptions[0].subscribed
    with database.read() as session:
        (agreed,) = session.execute(
            select(WordingRow.text, WordingRow.language)
            .join(ConsentRow)
            .where(ConsentRow.event == "confirmed")
        )
    # The page spoke Spanish by then: the language was saved with leaving.
    assert agreed.language == "es"
    assert agreed.text in client.get(ana.preferences).text


def test_a_post_that_says_nothing_changes_nothing(
    client: TestClient, ana: Ana, database: Database
) -> None:
    before = choices(database, ana)
    for fields in ({}, {"do": "else"}, {"List-Unsubscribe": "One-Click"}):
        assert client.post(ana.preferences, data=fields).status_code == 200
        assert choices(database, ana) == before


def test_wrong_choices_are_refused_whole_and_kept_in_the_form(
    client: TestClient, ana: Ana, database: Database
) -> None:
    before = choices(database, ana)
    for wrong in ({"name": "x" * 500}, {"language": "no language"}, {"format-1": "fax"}):
        response = client.post(ana.preferences, data={**FORM, "get": "", **wrong})
        assert response.status_code == 422
        assert "Nothing was saved." in response.text
        assert 'value="Ana and Tom"' in response.text
        assert choices(database, ana) == before


def test_a_publication_that_there_is_not_is_not_chosen(
    client: TestClient, ana: Ana, database: Database
) -> None:
    fields = {**FORM, "shown": ["1", "999"], "get": ["1", "999"], "format-999": "text"}
    assert client.post(ana.preferences, data=fields).status_code == 200
    assert [c.publication_id for c in choices(database, ana).subscriptions] == [1]


def test_leaving_everything(client: TestClient, ana: Ana, database: Database) -> None:
    response = client.post(ana.preferences, data={"do": "leave"})
    assert response.status_code == 200
    assert not choices(database, ana).subscriptions[0].subscribed
    with database.read() as session:
        assert audience.suppression_of(session, ["ana@example.org"])


def test_a_link_that_is_too_old_brings_a_fresh_one_by_mail(
    client: TestClient, ana: Ana, database: Database
) -> None:
    old = f"/preferences/{ana.link(Purpose.PREFERENCES, long_ago())}"
    page = client.get(old)
    assert page.status_code == 410
    assert "Ana Flores" not in page.text
    with database.read() as session:
        assert session.scalars(select(MailingRow.id)).all() == []
    for _ in range(2):
        answer = client.post(old)
        assert answer.status_code == 200
        assert "/preferences/" not in answer.text
    with database.read() as session:
        assert session.scalars(select(DeliveryRow.subscriber_id)).all() == [ana.id]
        link = session.scalars(select(MergeValueRow.value)).one()
    fresh = client.get(link.removeprefix("http://127.0.0.1:8000"))
    assert fresh.status_code == 200
    assert 'value="Ana Flores"' in fresh.text


def test_who_left_everything_gets_the_fresh_link_too(
    client: TestClient, ana: Ana, database: Database
) -> None:
    client.post(ana.preferences, data={"do": "leave"})
    assert client.post(f"/preferences/{ana.link(Purpose.PREFERENCES, long_ago())}").is_success
    with database.read() as session:
        mailing = session.scalars(select(MailingRow)).one()
        found = audience.recipients(
            session, [ana.id], mailing.publication_id, mailing.kind, clock.now().date()
        )
    assert isinstance(found[ana.id], audience.Recipient)
