"""For the operator and the browser: is it alive, can it work; stylesheet, icon, logo."""

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import FileResponse, PlainTextResponse, Response

from mailer import clock, delivery
from mailer.database import SCHEMA, database_error, schema_of
from mailer.errors import NotFound
from mailer.web import look
from mailer.web.routing import look_only
from mailer.web.site import TheSite

FOR_EVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
LOGO_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}

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
    return Response(
        site.stylesheet,
        media_type="text/css",
        headers={"Cache-Control": FOR_EVER if current else "no-cache"},
    )


@look_only(router, "/static/logo")
def logo(site: TheSite) -> Response:
    """The organisation's logo."""
    path = site.config.organisation.logo
    media_type = LOGO_TYPES.get(path.suffix.lower()) if path else None
    if path is None or media_type is None or not path.is_file():
        raise NotFound("There is no logo.")
    return FileResponse(path, media_type=media_type, headers={"Cache-Control": A_DAY})


@look_only(router, "/favicon.ico")
def icon(site: TheSite) -> Response:
    """The site's icon."""
    return Response(
        look.icon(site.config.organisation),
        media_type="image/svg+xml",
        headers={"Cache-Control": A_DAY},
    )
