"""`mailer demo`: puts the parts together."""

import shutil
import socket
import tempfile
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from mailer import audience, delivery, publication, staff
from mailer.cli.database import upgrade_database
from mailer.cli.demo.inbox import Inbox, inbox_pages
from mailer.cli.door import Door, remark, show
from mailer.cli.new_site import configuration
from mailer.cli.process import run
from mailer.clock import now
from mailer.config import Config, read_config
from mailer.database import Database
from mailer.errors import Failed, Refused

NUMBER = 120
MARK = "# Made by `mailer demo`, which may replace it.\n"
ACTOR = "the demonstration"
EDITOR = "rosa@psg.example"


def show_demo(*, once: bool, port: int, folder: Path | None) -> None:
    """Run the demonstration in `folder`, or in a scratch one that goes with it.

    Raises:
        Refused: the folder holds a site that is not a demonstration's.
    """
    scratch = folder is None
    place = Path(tempfile.mkdtemp(prefix="mailer-demo-")) if folder is None else folder.resolve()
    inbox = Inbox(_cleared(place) / "letters", _any_port())
    inbox.start()
    try:
        config = _configuration(place, inbox.port, _free(port))
        door = Door(place / "config.toml")
        door.config = config
        upgrade_database(door)
        with closing(door.database):
            _fill(door.database, place)
            _send(door.database, config)
            if once:
                _send_once(door.database, config, inbox)
            else:
                _serve(door.database, config, inbox)
    finally:
        inbox.stop()
        if scratch and not once:
            shutil.rmtree(place, ignore_errors=True)


def _cleared(place: Path) -> Path:
    """The folder, without what an earlier demonstration left in it."""
    path = place / "config.toml"
    try:
        place.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_bytes().startswith(MARK.encode()):
            raise Refused(f"{place} holds a site of its own; choose another folder for the demo.")
        for old in (*place.glob("mailer.db*"), *place.glob("letters/*.eml")):
            old.unlink()
    except OSError as error:
        raise Failed(f"{place} cannot be used: {error.strerror}.") from None
    return place


def _configuration(place: Path, relay_port: int, port: int) -> Config:
    text = MARK + configuration(
        {
            "name": "Peru Support Group",
            "address": "1 Example Street, London",
            "timezone": "Europe/London",
            "language": "en",
            "url": f"http://127.0.0.1:{port}",
            "sender": "PSG Updates <updates@psg.example>",
            "bounces": "bounces@psg.example",
            "relay_host": "127.0.0.1",
            "relay_port": str(relay_port),
            "relay_security": "none",
        }
    ).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    path = place / "config.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(text, path, {})


def _fill(database: Database, place: Path) -> None:
    samples = files(__package__)
    listing = publication.parse_listing(
        (samples / "listing.txt").read_text(encoding="utf-8"), "listing.txt", ["Update"]
    )
    with database.write() as session:
        publication.import_listing(session, listing, update=False, now=now(), actor=ACTOR)
        series = publication.find_publication(session, None)
    readers = place / "readers.csv"
    readers.write_bytes((samples / "readers.csv").read_bytes())
    audience.import_csv(
        database,
        readers,
        publication_id=series.id,
        ground="made up for the demonstration",
        operator=ACTOR,
        now=now(),
    )


def _send(database: Database, config: Config) -> None:
    moment = now()
    with database.write() as session:
        series = publication.find_publication(session, None)
        issue = publication.find_issue(session, series.id, NUMBER)
        mailing = delivery.schedule(session, config, issue, moment, moment, ACTOR)
    delivery.start(database, config, mailing, moment)


def _send_once(database: Database, config: Config, inbox: Inbox) -> None:
    run(database, config, work=True, until=lambda: _sent(database))
    show(f"Update {NUMBER} went to {len(inbox.received)} readers.")
    show(f"The letters lie in {inbox.folder}")


def _sent(database: Database) -> bool:
    with database.read() as session:
        series = publication.find_publication(session, None)
        issue = publication.find_issue(session, series.id, NUMBER)
        return delivery.status_of(session, issue.id, issue.kind, now()).status == "sent"


def _serve(database: Database, config: Config, inbox: Inbox) -> None:
    from starlette.routing import Mount

    from mailer.web import create_app

    password = staff.new_password()
    with database.write() as session:
        staff.add(session, EDITOR, "owner", password, now(), ACTOR)
    app = create_app(config, database)
    app.router.routes.insert(0, Mount("/inbox", inbox_pages(inbox)))

    def ready() -> None:
        show("Mailer shows itself on sample data. Ctrl-C ends it.")
        show(f"The public archive: {config.site.url}/")
        show(f"The letters that readers got: {config.site.url}/inbox/")
        show(f"The desk, where issues are written and sent: {config.site.url}/desk/")
        show(f"Sign in there as {EDITOR}, with the password {password}")

    run(database, config, app=app, work=True, ready=ready)


def _free(port: int) -> int:
    """The port, or another one where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            remark(f"Port {port} is taken; another one is used.")
        else:
            return int(probe.getsockname()[1])
    return _any_port()


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
