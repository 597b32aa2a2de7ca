"""The desk's pages, put together."""

from fastapi import FastAPI

from mailer.config import Config
from mailer.web.desk import (
    files,
    letters,
    looks,
    overview,
    publications,
    sign_in,
    standing_pages,
    welcomes,
)
from mailer.web.desk.cookies import Cookies
from mailer.web.desk.paper import Paper

ROUTERS = [
    part.router
    for part in (files, sign_in, overview, letters, publications, looks, welcomes, standing_pages)
]


def furnish(app: FastAPI, config: Config) -> None:
    """Give `app` what the desk's pages are made with."""
    app.state.desk_paper = Paper(config)
    app.state.desk_cookies = Cookies(config)
