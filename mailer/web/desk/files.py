"""The desk's stylesheet and scripts, at addresses that change with their content."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailer.errors import NotFound
from mailer.web.desk.paper import Paper
from mailer.web.look import version_of
from mailer.web.routing import look_only

FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter()


@look_only(router, "/static/desk-{version}.css")
def style(request: Request, version: str) -> Response:
    """The stylesheet."""
    paper: Paper = request.app.state.desk_paper
    current = version == version_of(paper.stylesheet)
    kept = FOR_EVER if current else "no-cache"
    return Response(paper.stylesheet, media_type="text/css", headers={"Cache-Control": kept})


@look_only(router, "/static/desk/{version}/{name}")
def module(request: Request, version: str, name: str) -> Response:
    """One ES module; modules import each other by relative addresses."""
    paper: Paper = request.app.state.desk_paper
    if name not in paper.scripts:
        raise NotFound("There is no such script.")
    current = paper.scripts_path.endswith(f"/{version}")
    return Response(
        paper.scripts[name],
        media_type="text/javascript",
        headers={"Cache-Control": FOR_EVER if current else "no-cache"},
    )
