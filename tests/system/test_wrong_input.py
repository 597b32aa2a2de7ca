"""Wrong input: one sentence, exit status 2, no traceback, nothing left behind."""

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.system.site import LISTING, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with the sample issues and no reader; its relay is not there."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder, "sqlite:///mailer.db", 9)
    site.run("db", "upgrade")
    site.url = f"sqlite:///{folder}/mailer.db"
    site.run("issues", "import", str(LISTING))
    return site


@pytest.fixture
def shell(site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell in the site's folder."""
    return Shell(site.folder, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("\n[site2]\nx = 1\n", "site2"),
        ('\n[delivery]\nleese = "60s"\n', "delivery.leese"),
        ("\n[delivery]\nlease = 60\n", "delivery.lease"),
        ('\n[pace]\nretry_first = "soon"\n', "pace.retry_first"),
        ("\n[organisation\n", "TOML"),
        ('\n[[relay]]\nhost = "x"\nport = "25"\n', "relay.1.port"),
    ],
)
def test_configuration(site: Site, shell: Shell, change: str, said: str) -> None:
    path = site.folder / "wrong.toml"
    path.write_text((site.folder / "config.toml").read_text() + change)
    sentence = shell.refusal("--config", "wrong.toml", "issues", "list")
    assert said in sentence
    assert "wrong.toml" in sentence


def test_no_configuration(site: Site, shell: Shell) -> None:
    assert "nowhere.toml" in shell.refusal("--config", "nowhere.toml", "issues", "list")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no file"),
        (b"", "empty"),
        (b"name,city\nAna,Lima\n", "email"),
        (bytes(range(256)) * 40, "CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 30, "CSV"),
    ],
)
def test_csv(site: Site, shell: Shell, content: bytes | None, said: str) -> None:
    path = site.folder / "wrong.csv"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    before = names(site)
    sentence = shell.refusal("subscribers", "import", "wrong.csv")
    assert "wrong.csv" in sentence
    assert said.lower() in sentence.lower()
    assert site.query("SELECT count(*) FROM subscribers") == [(0,)]
    assert names(site) == before


def names(site: Site) -> list[str]:
    """What lies in the site's folder, but for the files that SQLite makes and removes itself."""
    return sorted(path.name for path in site.folder.iterdir() if "db-" not in path.name)


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c.example", "ana@example.org\nBcc: x@y.example", "", "@example.org"]
)
def test_address(site: Site, shell: Shell, address: str) -> None:
    shell.refusal("subscribers", "add", address, "--ground", "x")
    shell.refusal("issues", "test", "120", address)
    assert site.query("SELECT count(*) FROM subscribers") == [(0,)]
    assert site.query("SELECT count(*) FROM mailings") == [(0,)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("issues", "show", "999"),
        ("issues", "send", "999"),
        ("issues", "status", "999"),
        ("issues", "show", "120", "-p", "nothing"),
        ("issues", "pause", "120"),
        ("issues", "resume", "120"),
        ("issues", "cancel", "120", "--yes"),
        ("issues", "import", "nowhere.txt"),
        ("subscribers", "show", "nobody@example.org"),
        ("subscribers", "unsubscribe", "nobody@example.org"),
        ("subscribers", "erase", "nobody@example.org", "--yes"),
        ("issues", "schedule", "120", "--at", "next week"),
        ("issues", "schedule", "120", "--at", "2007-03-31 09:00"),
        ("issues", "schedule", "120", "--at", "2090-03-31"),
        ("issues", "send", "120", "--wait", "--within", "a while"),
    ],
)
def test_unknown_and_impossible(site: Site, shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.refusal(*arguments)
    assert site.query("SELECT count(*) FROM mailings") == [(0,)]


def test_a_damaged_listing_changes_nothing(site: Site, shell: Shell, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.txt"
    damaged.write_text(LISTING.read_text().replace("31 January 2007", "31 Foo 2007", 1))
    before = site.query("SELECT count(*) FROM revisions")
    sentence = shell.refusal("issues", "import", str(damaged))
    line = damaged.read_text().splitlines().index("    Update 119. 31 Foo 2007") + 1
    assert f"damaged.txt:{line}" in sentence
    assert site.query("SELECT count(*) FROM revisions") == before


def test_a_relay_that_is_not_there(site: Site) -> None:
    said = site.run("issues", "test", "120", "me@example.org", status=1)
    assert "127.0.0.1:9" in said
    assert "refused" in said
