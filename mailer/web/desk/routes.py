"""The desk's pages, put together."""

from fastapi import FastAPI

from mailer.config import Config
from mailer.web.desk import (
    account,
    composer,
    files,
    issue_letter,
    issues,
    item_library,
    letters,
    log,
    looks,
    overview,
    people,
    pictures,
    publications,
    revisions,
    sign_in,
    standing_pages,
    welcomes,
)
from mailer.web.desk.cookies import Cookies
from mailer.web.desk.paper import Paper

ROUTERS = [
    part.router
    for part in (
        *(files, sign_in, letters, account, people, log, overview),
        *(publications, looks, welcomes, standing_pages),
        *(issues, composer, pictures, item_library, revisions, issue_letter),
    )
]


def furnish(app: FastAPI, config: Config) -> None:
    """Give `app` what the desk's pages are made with."""
    app.state.desk_paper = Paper(config)
    app.state.desk_cookies = Cookies(config)
