"""The overview that greets whoever has signed in."""

from fastapi import APIRouter
from starlette.responses import Response

from mailer.staff import ROLE_NAMES, Act
from mailer.web.desk.shell import TheDesk, look

router = APIRouter()


@look(router, "/desk/", Act.LOOK)
def overview(desk: TheDesk) -> Response:
    """Who is signed in, and what can be done here."""
    return desk.page("overview", role=ROLE_NAMES[desk.account.role])
