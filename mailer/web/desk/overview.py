"""The overview that greets whoever has signed in."""

from fastapi import APIRouter
from starlette.responses import Response

from mailer.staff import Act
from mailer.web.desk.shell import TheDesk, look

router = APIRouter()


@look(router, "/desk/", Act.LOOK)
def overview(desk: TheDesk) -> Response:
    """What is due."""
    return desk.page("overview")
