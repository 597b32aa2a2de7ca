"""A Mailer that runs as `mailer serve` runs it, with an owner, readers, and a relay on loopback."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from mailer import audience, clock, publication, staff
from mailer.config import load
from mailer.database import Database, connect, upgrade
from tests.conftest import NOW
from tests.sink import Sink
from tests.system.site import LISTING, Site, wait_for

OWNER, OWNERS_PASSWORD = "ana@psg.example", "the owner's own password"
READERS = 24

_LINK = re.compile(r"https?://[^\s<>\"]+")
# Time goes by when the test says so: the process adds the seconds that stand in a file.
_CLOCK = (
    "import mailer.clock as c, datetime as d, pathlib as p; real = c.now; "
    "c.now = lambda: real() + d.timedelta(seconds=float(p.Path('later').read_text()))"
)


@dataclass
class Running:
    """The site at `root`, and what it sent."""

    root: str
    site: Site
    sink: Sink
    before: int = 0
    """How many letters went out before the mailing."""

    def until(self, moment: datetime) -> None:
        """Let time go by until then."""
        written = self.site.folder / "later.new"
        written.write_text(str((moment - clock.now()).total_seconds()))
        written.replace(self.site.folder / "later")

    def letter_to(self, mailbox: str, have: int = 1) -> EmailMessage:
        """The newest letter to `mailbox`, once the relay has so many for it."""
        wait_for(lambda: self.sink.recipients.count(mailbox) >= have, f"a letter to {mailbox}")
        return [one for one in self.sink.recorded if one.recipient == mailbox][-1].message()

    def hold(self, letters: int) -> None:
        """Have the relay answer for so many letters of the mailing, and then for none."""
        if not self.before:
            self.before = len(self.sink.recorded)

        def script(stage: str, _argument: str) -> None:
            if stage == "dot" and len(self.sink.recorded) == self.before + letters:
                self.sink.pause_at = "accepted"

        self.sink.script = script
        self.sink.go_on()

    def go_on(self) -> None:
        self.sink.script = lambda _stage, _argument: None
        self.sink.go_on()


@contextmanager
def running(folder: Path, sink: Sink, language: str) -> Iterator[Running]:
    """A site on SQLite whose issues a second person approves; its owner reads `language`."""
    url = f"sqlite:///{folder}/mailer.db"
    site = Site(folder, url, sink.port, "[staff]\napproval = true\n")
    with closing(connect(url)) as database:
        upgrade(url, database.engine)
        fill(database, language)
    root = load(folder / "config.toml", {}).site.url
    made = Running(root, site, sink)
    made.until(clock.now())
    with site.process("serve", before=_CLOCK) as process:

        def answers() -> bool:
            assert process.poll() is None, site.log
            try:
                return bool(urllib.request.urlopen(f"{root}/desk/sign-in").status == 200)
            except urllib.error.URLError:
                return False

        wait_for(answers, "the pages")
        yield made
        process.terminate()
        assert process.wait(15) == 0, site.log
    assert "Traceback" not in site.log


def fill(database: Database, language: str) -> None:
    """Everything that there is before the editor comes."""
    now = clock.now()
    with database.write() as session:
        publication.ensure_first(session, "en", NOW)
        owner = staff.add(session, OWNER, "owner", OWNERS_PASSWORD, now, "test")
        staff.describe(session, owner.id, "Ana Quispe", language, now, "test")
        listing = publication.read_listing(LISTING, ["Update"])
        publication.import_listing(session, listing, update=False, now=NOW, actor="test")
        for n in range(READERS):
            address = f"reader{n}@{('example.org', 'mail.example', 'post.example')[n % 3]}"
            audience.add(session, address, publication_id=1, operator="test", now=NOW)


def link_in(letter: EmailMessage) -> str:
    """The address behind a letter's button: the first in its text."""
    text = letter.get_body(("plain",))
    assert text is not None
    found = _LINK.search(text.get_content())
    assert found is not None, text.get_content()
    return found[0]
