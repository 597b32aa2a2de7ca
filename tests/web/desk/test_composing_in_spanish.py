"""An editor who reads Spanish composes in Spanish."""

from mailer import clock, staff
from mailer.database import Database
from tests.web.conftest import Ana
from tests.web.desk.conftest import SignIn


def test_a_spanish_editor_composes(sign_in: SignIn, sample: Ana, database: Database) -> None:
    desk = sign_in("editor")
    with database.write() as session:
        staff.describe(session, desk.account.id, "Eva", "es", clock.now(), "test")
    page = desk.get("/desk/issues/").text
    assert "Seguir escribiendo" in page
    assert "3 artículos · en el archivo" in page
