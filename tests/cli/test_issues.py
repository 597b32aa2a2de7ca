"""`mailer issues` before anything is sent: listed, shown, checked, rendered, published."""

import json
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import update

from mailer import publication
from mailer.letter import LinkAnswer
from mailer.publication.models import ItemRow
from tests.cli.conftest import Shell
from tests.conftest import CONFIG
from tests.delivery.desk import Desk
from tests.system.site import LISTING

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_issues_are_listed(shell: Shell) -> None:
    listed = shell.json("issues", "list")
    assert listed[0] == {
        "publication": "updates",
        "number": 120,
        "date": "2007-03-31",
        "title": listed[0]["title"],
        "status": "draft",
        "public": True,
        "items": 3,
    }
    assert [(issue["number"], issue["items"]) for issue in listed] == [
        (120, 3), (119, 4), (118, 2), (117, 1)
    ]  # fmt: skip
    assert shell.json("issues", "list", "-p", "updates") == listed
    heads, first, *_ = shell.say("issues", "list").splitlines()
    assert heads.split() == ["issue", "date", "items", "status", "archive"]
    assert re.fullmatch(r"Update 120 +2007-03-31 +3 +draft +public", first)


def test_a_publication_without_a_name_is_none(shell: Shell) -> None:
    assert "no publication “”" in shell.refusal("issues", "list", "-p", "")


@pytest.mark.parametrize("number", ["1_20", "+120", " 120", "-1", "x", "١٢٠", "", "9" * 30])
@pytest.mark.parametrize("command", ["show", "check", "status", "publish"])
def test_a_number_is_digits_only(shell: Shell, command: str, number: str) -> None:
    said = shell.refusal("issues", command, "--", number)
    assert "is no issue's number; write it in digits" in said


def test_without_issues_it_says_what_to_do(empty: Shell, database_url: str) -> None:
    (empty.folder / "config.toml").write_text(CONFIG.format(url=database_url, port=9))
    empty.run("db", "upgrade")
    assert "issues import FILE" in empty.say("issues", "list")
    assert empty.json("issues", "list") == []
    assert empty.say("issues", "import", str(LISTING)).startswith("4 new issue(s), 10 new item(s)")
    assert empty.say("issues", "import", str(LISTING)) == "14 unchanged.\n"


def test_an_issue_is_shown(shell: Shell) -> None:
    shown = shell.json("issues", "show", "120")
    assert set(shown) == {"publication", "number", "date", "title", "status", "public", "items"}
    assert {frozenset(item) for item in shown["items"]} == {
        frozenset({"title", "summary", "slug", "url"})
    }
    said = shell.say("issues", "show", "120")
    assert said.startswith("Update 120, 2007-03-31: draft\n")
    for item in shown["items"]:
        assert item["url"].startswith("http://127.0.0.1:8000/updates/120/")
        assert f"\n\n{item['title']}\n{item['summary']}\n{item['url']}\n" in said


def test_an_issue_is_checked(shell: Shell) -> None:
    assert shell.say("issues", "check", "120") == "Update 120 is ready to be sent.\n"
    assert shell.json("issues", "check", "120") == []
    config = shell.folder / "config.toml"
    config.write_text(config.read_text().replace("1 Example Street, London", ""))
    said = shell.run("issues", "check", "120", "--json", status=2)
    (finding,) = json.loads(said.answer)
    assert (finding["check"], finding["severity"]) == ("postal_address", "error")
    assert set(finding) == {"check", "severity", "place", "reason", "remedy", "where"}
    said = shell.run("issues", "check", "120", status=2)
    assert said.answer.startswith("error: the footer: ")
    assert said.remarks == (
        "mailer: the footer: The organisation has no postal address. Set [organisation] address.\n"
    )


def test_an_imported_issue_has_no_findings(shell: Shell) -> None:
    for number in ("117", "118", "119", "120"):
        assert shell.json("issues", "check", number) == []


def test_an_item_that_came_before_is_seen(
    shell: Shell, desk: Desk, in_days: Callable[[float], str]
) -> None:
    with desk.database.write() as session:
        session.execute(update(ItemRow).values(summary="The same again."))
    found = shell.json("issues", "check", "120")
    assert {finding["check"] for finding in found} == {"repeated_items"}
    assert len(found) == 3
    said = shell.run("issues", "schedule", "120", "--at", in_days(1)).remarks
    assert said.count("has it already") == 3


def test_links_are_asked_for_where_that_is_wanted(
    shell: Shell, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ask_links(urls: tuple[str, ...]) -> tuple[LinkAnswer, ...]:
        asked.extend(urls)
        return tuple(LinkAnswer(url, "dead", "it is gone") for url in urls)

    monkeypatch.setattr(publication, "ask_links", ask_links)
    with desk.database.write() as session:
        session.execute(
            update(ItemRow)
            .where(ItemRow.id == desk.issue.items[0].id)
            .values(body="[The text](https://pact.example/text)")
        )
    assert shell.json("issues", "check", "120") == []
    assert asked == []
    (finding,) = shell.json("issues", "check", "120", "--links")
    assert asked == ["https://pact.example/text"]
    assert (finding["check"], finding["severity"]) == ("dead_links", "warning")
    assert finding["place"].startswith("item 1 (")


def test_a_letter_is_rendered(shell: Shell) -> None:
    paths = [Path(line) for line in shell.say("issues", "render", "120", "--to", "out").split()]
    assert sorted({path.suffix for path in paths}) == [".eml", ".html", ".txt"]
    assert sorted(paths) == sorted(
        path.relative_to(shell.folder) for path in (shell.folder / "out").iterdir()
    )
    titles = [item["title"] for item in shell.json("issues", "show", "120")["items"]]
    for path in paths:
        content = (shell.folder / path).read_bytes()
        if path.suffix == ".eml":
            assert message_from_bytes(content, policy=policy.default).defects == []
        elif path.name == "index.html":
            names = [one.name for one in paths if one.suffix == ".html" and one != path]
            assert all(f'src="{name}"' in content.decode() for name in names)
        else:
            assert all(title in content.decode() for title in titles)


def test_a_letter_is_rendered_as_one_reader_gets_it(shell: Shell) -> None:
    shell.run("subscribers", "add", "ana@example.org", "--name", "Ana Quispe", "--language", "es")
    shell.run("issues", "render", "120", "--to", "out", "--reader", "ana@example.org")
    made = {path.name for path in (shell.folder / "out").iterdir()}
    assert made == {
        "index.html",
        *(f"updates-120-es-html-public{suffix}" for suffix in (".html", ".txt", ".eml")),
    }
    text = (shell.folder / "out/updates-120-es-html-public.txt").read_text()
    assert "Hola, Ana Quispe:" in text
    for wrong in (
        ("--reader", "nobody@example.org"),
        ("--reader", "no address"),
        ("--variant", "xx-html-public"),
        ("--variant", "en-html-public", "--reader", "ana@example.org"),
    ):
        shell.refusal("issues", "render", "120", "--to", "other", *wrong)
    shell.run("subscribers", "unsubscribe", "ana@example.org")
    said = shell.refusal("issues", "render", "120", "--to", "other", "--reader", "ana@example.org")
    assert "does not read Update" in said
    assert not (shell.folder / "other").exists()


def test_one_variant_is_rendered(shell: Shell) -> None:
    shell.run("subscribers", "add", "ana@example.org", "--language", "es")
    shell.run("issues", "render", "120", "--to", "out")
    assert {path.stem for path in (shell.folder / "out").glob("*.eml")} == {
        "updates-120-en-html-public",
        "updates-120-en-text-public",
        "updates-120-es-html-public",
    }
    shell.run("issues", "render", "120", "--to", "one", "--variant", "en-text-public")
    assert {path.name for path in (shell.folder / "one").iterdir()} == {
        "index.html",
        "updates-120-en-text-public.eml",
        "updates-120-en-text-public.txt",
    }


def test_a_letter_cannot_be_rendered_into_a_file(shell: Shell) -> None:
    said = shell.refusal("issues", "render", "120", "--to", "config.toml", status=1)
    assert "config.toml" in said


def test_an_issue_is_published_and_taken_back(shell: Shell, desk: Desk) -> None:
    for _ in range(2):
        said = shell.say("issues", "unpublish", "120")
        assert said == "Update 120 is not in the public archive.\n"
    assert shell.json("issues", "show", "120")["public"] is False
    assert "not public" in shell.say("issues", "list").splitlines()[1]
    assert shell.say("issues", "publish", "120") == "Update 120 is in the public archive.\n"
    assert shell.json("issues", "show", "120")["public"] is True
    assert desk.issue.public


@pytest.mark.parametrize(
    "words",
    [
        ("show", "999"),
        ("show", "-1"),
        ("show", "99999999999999999999"),
        ("show", "120", "-p", "no-such"),
        ("check", "999"),
        ("render", "999", "--to", "out"),
        ("publish", "999"),
        ("unpublish", "999"),
        ("list", "-p", "no-such"),
        ("import", "no-such.txt"),
        ("import", "."),
    ],
)
def test_what_is_not_there_is_one_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    if words[1] == "-1":
        words = (words[0], "--", *words[1:])
    shell.refusal("issues", *words)
    assert not (shell.folder / "out").exists()
