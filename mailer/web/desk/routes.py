"""The desk's pages, put together."""

from fastapi import FastAPI

from mailer.config import Config
from mailer.web.desk import (
    account,
    files,
    letters,
    log,
    overview,
    people,
    reader,
    reader_acts,
    reader_change,
    reader_imports,
    readers,
    sign_in,
)
from mailer.web.desk.cookies import Cookies
from mailer.web.desk.paper import Paper

READERS = (readers, reader, reader_change, reader_acts, reader_imports)
ROUTERS = [
    part.router for part in (files, sign_in, letters, account, people, log, overview, *READERS)
]


def furnish(app: FastAPI, config: Config) -> None:
    """Give `app` what the desk's pages are made with."""
    app.state.desk_paper = Paper(config)
    app.state.desk_cookies = Cookies(config)
