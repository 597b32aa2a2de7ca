"""The desk's pages, put together."""

from fastapi import FastAPI

from mailer.config import Config
from mailer.web.desk import (
    account,
    approving,
    composer,
    correcting,
    due,
    files,
    issue_letter,
    issues,
    item_library,
    letters,
    log,
    looks,
    nowhere,
    overview,
    people,
    pictures,
    progress,
    publications,
    reader,
    reader_acts,
    reader_change,
    reader_imports,
    readers,
    report,
    revisions,
    ruling,
    send,
    settling,
    sign_in,
    standing_pages,
    testing,
    welcomes,
)
from mailer.web.desk.cookies import Cookies
from mailer.web.desk.counting import Counting
from mailer.web.desk.hindering import Hindering
from mailer.web.desk.live import Live
from mailer.web.desk.paper import Paper

_STAFF = (sign_in, letters, account, people, log)
_PUBLICATIONS = (publications, looks, welcomes, standing_pages)
_COMPOSING = (issues, composer, pictures, item_library, revisions, issue_letter)
_SENDING = (send, testing, approving, progress, ruling, correcting, settling, report, due)
_READERS = (readers, reader, reader_change, reader_acts, reader_imports)

ROUTERS = [
    part.router
    for part in (
        *(files, overview),
        *(*_STAFF, *_PUBLICATIONS, *_COMPOSING, *_SENDING, *_READERS),
    )
]

NOWHERE = nowhere.router
"""What is asked below /desk/ where no other route fits."""


def furnish(app: FastAPI, config: Config) -> None:
    """Give `app` what the desk's pages are made with."""
    app.state.desk_paper = Paper(config)
    app.state.desk_cookies = Cookies(config)
    app.state.desk_live = Live()
    app.state.desk_counting = Counting()
    app.state.desk_hindering = Hindering()
    app.state.desk_testing = testing.Testing()


def stop(app: FastAPI) -> None:
    """End the lines over which pages are watched, so that the server can end; from any thread."""
    app.state.desk_live.close()
    app.state.desk_counting.close()
    app.state.desk_testing.close()
