"""Somebody plants scripts in every field of every form that the desk's pages have, and in what else
comes in; then each page of the desk and of the site is looked at, also in Chromium."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer import audience, clock, staff
from mailer.config import Config
from mailer.database import Database
from mailer.schedule.ticks import bring_readers_in
from mailer.web import create_app
from tests.browser import chromium as running
from tests.conftest import make_config
from tests.web.desk.conftest import PASSWORD, AtDesk, SignIn, at_desk
from tests.web.desk.hostile import (
    Form,
    Page,
    linked,
    marker,
    named,
    pages,
    payload,
    post,
    short_payload,
)
from tests.web.desk.newsroom import newsroom
from tests.web.desk.sending import Update120

# What would sign the attacker out, or take away what is to be looked at.
_LEFT_ALONE = re.compile(r"/sign-out$|/erase$|/remove$|/end-sessions$|/leave-all$|/undo$|/export$")
# What is typed there is looked for, or compared, and kept nowhere.
_KEPT_NOWHERE = {"mailbox", "code", "words", "asked", "others"}
_EVERYWHERE = ("/desk/", "/updates/feed.xml")


def plant(browser: AtDesk) -> dict[str, str]:
    """Put a marker with a script into each field of each form; the markers that were taken."""
    browser.submit("/desk/issues/announce", title="Meeting", publication=1, date="2026-12-01")
    taken = {}
    for form in list(_forms(browser)):
        for name in form.texts:
            for hostile in (payload, short_payload, named, linked, str):
                word = marker()
                fresh = form.again(browser)
                if form.method == "get":
                    answer = browser.get(form.action, params=fresh.sent(**{name: hostile(word)}))
                else:
                    answer = post(browser, fresh, **{name: hostile(word)})
                what = f"{form.action} {name}: {answer.status_code}"
                assert answer.status_code < 500, what
                if answer.headers.get("content-type", "").startswith("text/html"):
                    assert Page(form.action, answer.text).runs == [], what
                if answer.status_code == 303 and name not in _KEPT_NOWHERE:
                    taken[f"{form.action} {name}"] = word
                    break
    return taken


def _forms(browser: AtDesk) -> Iterator[Form]:
    """Each form that the pages have, once for all of its kind."""
    known = set()
    for page in list(pages(browser)):
        for form in page.forms:
            kind = (re.sub(r"\d+", "1", form.action), form.method, *form.texts)
            if kind not in known and not _LEFT_ALONE.search(form.action):
                known.add(kind)
                yield form


def plant_otherwise(database: Database, config: Config, browser: AtDesk) -> dict[str, str]:
    """The same in a file of readers and its name, and by whoever asks for the letter."""
    taken = {name: marker() for name in ("file", "column", "cell", "name", "asked", "wording")}
    script = {name: short_payload(word) for name, word in taken.items()}
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [
            ("email", "name", script["column"]),
            ("x@psg.example", script["name"], script["cell"]),
        ]
    )
    file = (f"{script['file']}.csv", rows.getvalue().encode(), "text/csv")
    data = {"csrf": browser.csrf, "publication": "1"}
    answer = browser.post("/desk/readers/import/", data=data, files={"file": file})
    assert answer.status_code == 303
    browser.submit(f"{answer.headers['location']}run", ground="asked by letter")
    bring_readers_in(database, config)
    with database.write() as session:
        asked = audience.ask(
            session,
            "asks@psg.example",
            publication_id=1,
            language="en",
            name=script["asked"],
            wording=script["wording"],
            network=None,
            now=clock.now(),
        )
    assert asked is not None
    return taken


@pytest.mark.long
def test_a_script_planted_anywhere_is_text_everywhere(
    update: Update120, sign_in: SignIn, database: Database, config: Config
) -> None:
    browser = sign_in("owner")
    update.send(browser)
    planted = plant(browser)
    assert len(planted) > 35
    planted |= plant_otherwise(database, config, browser)
    seen = list(pages(browser, _EVERYWHERE))
    assert len(seen) > 100
    assert {page.path: page.runs for page in seen if page.runs} == {}
    text = " ".join(page.text for page in seen)
    # Whatever was taken can be read somewhere: nothing is safe by being lost.
    assert {where for where, word in planted.items() if word not in text} == set()


@pytest.mark.long
def test_a_script_planted_anywhere_runs_nowhere(tmp_path: Path) -> None:
    with running() as chromium, newsroom(tmp_path, chromium) as room:
        config = make_config(tmp_path, f"sqlite:///{tmp_path}/mailer.db")
        with room.database.write() as session:
            account = staff.add(session, "o@psg.example", "owner", PASSWORD, clock.now(), "test")
        browser = at_desk(create_app(config, room.database), room.database, account)
        plant(browser)
        plant_otherwise(room.database, config, browser)
        context = room.sign_in("ana", role="owner")
        page = context.new_page()
        heard: list[str] = []
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
        page.on("console", lambda said: heard.append(f"{page.url}: {said.text}"))
        seen = [one.path for one in pages(browser, _EVERYWHERE)]
        assert len(seen) > 100
        for path in seen:
            assert page.goto(room.root + path).status < 500, path
            # What a click would run is run by no other way.
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        # A handler or a script that was stopped by the policy alone would be told of here too.
        assert [one for one in heard if "hurt" in one or "Content Security" in one] == []
        context.close()
