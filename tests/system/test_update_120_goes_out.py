"""Update 120 goes out: from a listing and a CSV to letters, and back through their links."""

import json
import re
from email.message import EmailMessage
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from mailer.config import load
from mailer.tokens import Signer
from tests.sink import Recorded, Sink
from tests.system.site import LISTING, Site, wait_for

READERS = 2000
LINK = re.compile(r"https?://[^\s<>\"]+")


@pytest.fixture
def site(tmp_path: Path, sink: Sink) -> Site:
    """A new site on SQLite, as `mailer init` and a first import leave it."""
    site = Site(tmp_path, "sqlite:///mailer.db", sink.port)
    site.run("db", "upgrade")
    site.url = f"sqlite:///{tmp_path}/mailer.db"
    site.run("issues", "import", str(LISTING))
    return site


def parts(message: EmailMessage) -> tuple[str, str]:
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return html.get_content(), text.get_content()


def test_to_two_thousand_readers_once_each(site: Site, sink: Sink) -> None:
    readers = {f"reader{n}@example.org": f"Reader Nº {n}" for n in range(READERS)}
    rows = "".join(f"{address},{name}\n" for address, name in readers.items())
    (site.folder / "readers.csv").write_text(f"Email,Name\n{rows}")
    done = site.json("subscribers", "import", "readers.csv")
    assert (done["rows"], done["created"], done["rejected"]) == (READERS, READERS, 0)

    site.run("issues", "send", "120", "--wait")

    assert site.status()["sent"] == READERS
    assert len(sink.recorded) == READERS
    assert {recorded.recipient for recorded in sink.recorded} == set(readers)
    titles = [item["title"] for item in site.json("issues", "show", "120")["items"]]
    assert len(titles) == 3
    signer = Signer(load(site.folder / "config.toml", {}).site.secret_key)
    seen: dict[str, set[str]] = {"sender": set(), "id": set(), "unsubscribe": set()}
    for recorded in sink.recorded:
        check_letter(recorded, readers[recorded.recipient], titles)
        message = recorded.message()
        signer.read_verp(recorded.sender.partition("+")[2].partition("@")[0])
        seen["sender"].add(recorded.sender)
        seen["id"].add(message["message-id"])
        seen["unsubscribe"].add(message["list-unsubscribe"])
    assert {len(values) for values in seen.values()} == {READERS}


def check_letter(recorded: Recorded, name: str, titles: list[str]) -> None:
    """One letter is its reader's own, and in good order."""
    content = recorded.content
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    message = recorded.message()
    for part in message.walk():
        assert not part.defects
        assert not any(header.defects for header in part.values())
    assert message["to"].addresses[0].addr_spec == recorded.recipient
    assert message["to"].addresses[0].display_name == name
    assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    html, text = parts(message)
    for body in (html, text):
        assert name in body
        words = " ".join(body.replace("’", "'").split())
        assert all(title.replace("’", "'") in words for title in titles)
        links = LINK.findall(body)
        assert links
        assert not any("@" in link or "reader" in link for link in links)


def test_one_click_and_the_next_letter_stays_away(site: Site, sink: Sink) -> None:
    for name in ("ana", "tom", "eva"):
        site.run("subscribers", "add", f"{name}@example.org", "--ground", "asked in writing")
    site.run("issues", "send", "120", "--wait")
    letter = next(r for r in sink.recorded if r.recipient == "tom@example.org").message()
    url = letter["list-unsubscribe"].strip("<>")
    links = {*LINK.findall(parts(letter)[1]), url}
    before = state_of(site)
    with site.process("web"):
        wait_for(lambda: "pages_served" in site.log, "the pages")
        for link in links:
            assert urlopen(link).status == 200
        assert state_of(site) == before
        for link in links:
            if "/unsubscribe/" in link or "/preferences/" in link or "/letter/" in link:
                assert_each_change_is_refused(link)
        click = Request(url, b"List-Unsubscribe=One-Click", method="POST")
        assert urlopen(click).status == 200
    site.run("issues", "send", "119", "--wait")
    got_119 = [r.recipient for r in sink.recorded if "119" in str(r.message()["subject"])]
    assert sorted(got_119) == ["ana@example.org", "eva@example.org"]


def state_of(site: Site) -> str:
    tables = ("subscribers", "subscriptions", "consents", "suppressions", "mailings", "deliveries")
    return json.dumps([[*map(str, site.query(f"SELECT * FROM {table}"))] for table in tables])


def assert_each_change_is_refused(link: str) -> None:
    """A link with any one character of its token changed is not found."""
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    where = urlsplit(link)
    start = where.path.rindex("/") + 1
    connection = HTTPConnection(where.netloc)
    for at in range(start, len(where.path)):
        other = "A" if where.path[at] != "A" else "B"
        connection.request("GET", where.path[:at] + other + where.path[at + 1 :])
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404, where.path[at:]
    connection.close()


def test_the_same_message_whoever_sends_it_again(site: Site, sink: Sink) -> None:
    site.run("subscribers", "add", "ana@example.org", "--ground", "asked")
    replies = iter(["451 4.3.0 later"])
    first: list[bytes] = []

    def script(stage: str, _argument: str) -> str | None:
        return next(replies, None) if stage == "accepted" else None

    sink.script = script
    (site.folder / "config.toml").write_text(
        (site.folder / "config.toml").read_text() + '[pace]\nretry_first = "200ms"\n'
    )
    site.run("issues", "send", "120", "--wait")
    first = [recorded.content for recorded in sink.recorded]
    assert len(first) == 2
    assert first[0] == first[1]
