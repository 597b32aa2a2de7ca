"""The letter while it is being written: the compiler's own, for any reader, and nothing saved."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from mailer import delivery
from mailer.delivery.letters import compiled_letter
from mailer.delivery.models import CompiledLetterRow, MailingRow
from mailer.delivery.sample import sample_values
from mailer.errors import Refused, WrongInput
from mailer.letter import Variant
from mailer.publication import (
    Issue,
    Look,
    Typed,
    TypedItem,
    change_look,
    issue_by_id,
    keep_picture,
    picture_path,
    with_typed,
)
from tests.conftest import NOW
from tests.delivery.desk import Desk
from tests.delivery.test_trying import try_out
from tests.publication.test_pictures import drawn
from tests.sink import Sink

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def looked_at(desk: Desk, issue: Issue, **chosen: Any) -> delivery.Preview:
    variant = delivery.chosen_variant(issue, **chosen)
    assert variant is not None
    return delivery.preview(desk.config, issue, variant, NOW)


def test_it_is_the_letter_that_a_test_carries(desk: Desk) -> None:
    sink = Sink()
    try_out(desk, sink, "ana@example.org")
    with desk.database.read() as session:
        (letter_id,) = session.scalars(select(CompiledLetterRow.id))
    sent = compiled_letter(desk.database, letter_id)
    shown = looked_at(desk, desk.issue)
    assert (shown.html, shown.text) == sent.parts(sample_values(desk.config, delivery.NOBODY))
    assert shown.variant == sent.variant


def test_for_a_reader_it_is_the_letter_that_they_get(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    with desk.database.read() as session:
        variant, reader = delivery.sample_reader_by_id(session, desk.config, desk.issue, ana, NOW)
    shown = delivery.preview(desk.config, desk.issue, variant, NOW, reader)
    assert shown.html is not None
    assert "Dear Ana," in shown.html
    assert "Dear Ana," in shown.text


def test_who_does_not_read_it_has_none(desk: Desk) -> None:
    (ana,) = desk.subscribe("ana@example.org")
    desk.leave(ana)
    with desk.database.read() as session, pytest.raises(Refused, match="does not read"):
        delivery.sample_reader_by_id(session, desk.config, desk.issue, ana, NOW)


def test_what_is_typed_is_shown_and_not_saved(desk: Desk) -> None:
    issue = desk.issue
    typed = Typed(subject="Hello, {{ name }}", items=(TypedItem(title="Brand new", body="Text."),))
    shown = looked_at(desk, with_typed(issue, typed))
    assert shown.html is not None
    assert "Brand new" in shown.html
    assert shown.subject == "Hello, reader"
    with desk.database.read() as session:
        assert issue_by_id(session, issue.id) == issue
        assert session.scalar(select(func.count()).select_from(MailingRow)) == 0


def test_what_an_inbox_shows(desk: Desk) -> None:
    issue = replace(desk.issue, subject="Water", preheader="And  who shares it.")
    shown = looked_at(desk, issue)
    assert (shown.subject, shown.beginning) == ("Water", "And who shares it.")
    assert shown.html is not None
    assert shown.octets == len(shown.html.encode())
    assert shown.most == 102_000
    without = looked_at(desk, replace(issue, preheader=""))
    assert without.beginning.startswith(desk.config.organisation.name)


def test_as_readers_of_each_kind(desk: Desk) -> None:
    first, *rest = desk.issue.items
    topics = (replace(first, topic="Water", members_only=True), replace(rest[0], topic="Mines"))
    issue = replace(desk.issue, items=topics)
    public = looked_at(desk, issue)
    member = looked_at(desk, issue, member=True)
    assert (public.missing, member.missing) == (1, 0)
    assert member.variant == Variant("en", "html", member=True)
    assert looked_at(desk, issue, language="es").variant.language == "es"
    assert looked_at(desk, issue, form="text").html is None
    assert looked_at(desk, issue, member=True, topics=("Water",)).variant.topics == ("Water",)
    assert delivery.chosen_variant(issue, topics=("Water",)) is None


@pytest.mark.parametrize("field", ["subject", "title", "summary", "body", "topic"])
@pytest.mark.parametrize(
    "written", ["{{ config.site.secret_key }}", "{{ 7*7 }}", "{{ ''.__class__ }}"]
)
def test_a_template_that_somebody_writes_is_never_filled_in(
    desk: Desk, field: str, written: str
) -> None:
    if field == "subject":
        issue = replace(desk.issue, subject=written)
    else:
        items = (replace(desk.issue.items[0], **{field: written}),)
        issue = replace(desk.issue, items=items)
    with pytest.raises(WrongInput, match="merge field"):
        looked_at(desk, issue)


@pytest.mark.parametrize("field", ["title", "summary", "body", "topic"])
@pytest.mark.parametrize("written", ["{% for a in b %}x{% endfor %}", "{# note #}", "${1+1}"])
def test_what_looks_like_another_template_is_shown_as_it_is(
    desk: Desk, field: str, written: str
) -> None:
    item = replace(desk.issue.items[0], **{"summary": "", "body": "B.", field: written})
    shown = looked_at(desk, replace(desk.issue, items=(item,)))
    assert written in shown.text


def test_a_publications_own_look(desk: Desk) -> None:
    with desk.database.write() as session:
        logo = keep_picture(session, drawn(), NOW)
        look = Look("#7A1F1F", "#F0B0A0", "sans", "serif", "**Charity** 1, {{ name }}", logo)
        change_look(session, 1, 1, look)
    shown = looked_at(desk, desk.issue)
    assert shown.html is not None
    assert "#7A1F1F" in shown.html
    assert "#F0B0A0" in shown.html
    assert desk.config.site.url + picture_path(logo.hash) in shown.html
    assert "<strong>Charity</strong> 1, reader" in shown.html
    assert "Charity 1, reader" in shown.text


def test_without_a_logo(desk: Desk) -> None:
    issue = desk.issue
    bare = replace(issue, publication=replace(issue.publication, look=Look(with_logo=False)))
    shown = looked_at(desk, bare)
    assert shown.html is not None
    assert "<img" not in shown.html


def test_a_footer_cannot_bring_a_script(desk: Desk) -> None:
    look = Look(footer="<script>alert(1)</script> [x](javascript:alert(1))")
    issue = desk.issue
    shown = looked_at(desk, replace(issue, publication=replace(issue.publication, look=look)))
    assert shown.html is not None
    assert "<script" not in shown.html
    assert "javascript:" not in shown.html.replace("(javascript:alert(1))", "")


def test_by_day_and_by_night(desk: Desk) -> None:
    shown = looked_at(desk, replace(desk.issue, subject="(prefers-color-scheme: dark)"))
    assert shown.html is not None
    day, night = (delivery.in_scheme(shown.html, scheme) for scheme in ("light", "dark"))
    assert "@media (max-width: 0)" in day
    assert "@media (min-width: 0)" in night
    assert "color-scheme: dark" in night
    assert 'content="dark"' in night
    for one in (day, night):
        # What the author wrote is no query, and stays.
        assert "<title>(prefers-color-scheme: dark)</title>" in one
        assert one.count("prefers-color-scheme") == 1


def test_the_other_scheme_is_answered_as_well(database_url: str) -> None:
    page = "<style>@media (min-width:1px) and (PREFERS-color-scheme:light){p{color:red}}</style>"
    assert "and (max-width: 0)" in delivery.in_scheme(page, "dark")
    assert "and (min-width: 0)" in delivery.in_scheme(page, "light")
