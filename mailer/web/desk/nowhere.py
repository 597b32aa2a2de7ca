"""Addresses of the desk at which nothing stands: the desk says so itself, in one's own language."""

from fastapi import APIRouter, HTTPException

from mailer.staff import Act
from mailer.web.desk.shell import TheDesk, look

router = APIRouter()


@look(router, "/desk/{rest:path}", Act.SELF)
def nothing(_desk: TheDesk) -> None:
    """Say that there is no such page; asked where no other route fits."""
    raise HTTPException(404)
