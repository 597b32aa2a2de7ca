"""For the operator and the browser: is it alive, can it work; stylesheet, pictures."""

import structlog
from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import PlainTextResponse, Response

from mailer import clock, delivery, publication
from mailer.database import SCHEMA, database_error, schema_of
from mailer.errors import NotFound
from mailer.web import look
from mailer.web.headers import FOR_EVER, kept
from mailer.web.routing import look_only
from mailer.web.site import Site, TheSite

A_DAY = "public, max-age=86400"
# What came from a file is only ever looked at: opened alone, it runs and loads nothing.
ALONE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}

router = APIRouter()

log = structlog.get_logger()


@look_only(router, "/healthz")
def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("alive", headers={"Cache-Control": "no-store"})


@look_only(router, "/readyz")
def ready(site: TheSite) -> Response:
    """Whether it can do its work; 503 and the reason where it cannot."""
    reason = None
    try:
        found = schema_of(site.database.engine)
        if found != SCHEMA:
            reason = f"the database has schema {found}, and this version needs {SCHEMA}"
        else:
            with site.database.read() as session:
                reason = delivery.waiting_without_worker(session, clock.now())
    except SQLAlchemyError as error:
        # Anybody may ask; where the database stands is for the operator alone.
        log.error("not_ready", reason=str(database_error(error)))
        reason = "the database is down"
    return PlainTextResponse(
        f"not ready: {reason}" if reason else "ready",
        503 if reason else 200,
        headers={"Cache-Control": "no-store"},
    )


@look_only(router, "/static/style-{version}.css")
def style(site: TheSite, version: str) -> Response:
    """The stylesheet. Its address changes with its content, so it may be kept for ever."""
    current = version == look.version_of(site.stylesheet)
    return Response(site.stylesheet, media_type="text/css", headers=kept(current))


@look_only(router, "/static/logo")
def logo(site: TheSite) -> Response:
    """The organisation's logo."""
    return _logo(site, {"Cache-Control": A_DAY})


@look_only(router, "/static/logo-{version}")
def logo_of_letters(site: TheSite, version: str) -> Response:
    """The logo as letters link to it; a former one gives way to that of today."""
    found = publication.read_logo(site.config.organisation.logo)
    current = found is not None and publication.logo_path(found) == f"/static/logo-{version}"
    return _logo(site, kept(current))


@look_only(router, "/pictures/{picture_hash}")
def picture(request: Request, site: TheSite, picture_hash: str) -> Response:
    """A picture. Its address is the hash of its content, so it is kept for ever."""
    headers = {"Cache-Control": FOR_EVER, "ETag": f'"{picture_hash}"', **ALONE}
    with site.database.read() as session:
        found = publication.find_picture(session, picture_hash)
    # RFC 9110 section 13.1.2: whoever has it, has it for good.
    if picture_hash in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def _logo(site: Site, keeping: dict[str, str]) -> Response:
    found = publication.read_logo(site.config.organisation.logo)
    if found is None:
        raise NotFound("There is no logo.")
    headers = {**keeping, **ALONE}
    return Response(found.content, media_type=found.media_type, headers=headers)


@look_only(router, "/favicon.ico")
def icon(site: TheSite) -> Response:
    """The site's icon."""
    return Response(
        look.icon(site.config.organisation),
        media_type="image/svg+xml",
        headers={"Cache-Control": A_DAY},
    )
