"""The desk's stylesheet and scripts, at addresses that change with their content."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailer.errors import NotFound
from mailer.web.desk.paper import Paper
from mailer.web.headers import kept
from mailer.web.look import version_of
from mailer.web.routing import look_only

router = APIRouter()


@look_only(router, "/static/desk-{version}.css")
def style(request: Request, version: str) -> Response:
    """The stylesheet."""
    paper: Paper = request.app.state.desk_paper
    current = version == version_of(paper.stylesheet)
    return Response(paper.stylesheet, media_type="text/css", headers=kept(current))


@look_only(router, "/static/desk/{version}/{name}")
def module(request: Request, version: str, name: str) -> Response:
    """One ES module; modules import each other by relative addresses."""
    paper: Paper = request.app.state.desk_paper
    if name not in paper.scripts:
        raise NotFound("There is no such script.")
    current = paper.scripts_path.endswith(f"/{version}")
    return Response(paper.scripts[name], media_type="text/javascript", headers=kept(current))
