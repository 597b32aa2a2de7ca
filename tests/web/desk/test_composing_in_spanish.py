"""Composing in Spanish: every text of its pages and sentences is in the catalogue."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment

import mailer
from mailer import clock, staff
from mailer.config import resource
from mailer.database import Database
from mailer.web.catalogue import read_texts
from tests.web.conftest import Ana
from tests.web.desk.conftest import SignIn

PACKAGE = Path(mailer.__file__).parent
CODE = [
    *(
        f"web/desk/{name}.py"
        for name in (
            *("issues", "composing_words", "composer", "pictures", "item_library", "revisions"),
        )
    ),
    *(
        f"publication/{name}.py"
        for name in (
            *("cadence", "texts", "saving", "items", "composing", "looking_back", "library"),
            "developing",
        )
    ),
]
PAGES = (
    *("list", "new", "announce", "item_form", "compose", "item", "both_texts", "overtaken"),
    *("pictures", "library", "revisions", "differences"),
)


def texts_of_code(source: str) -> set[object]:
    found: set[object] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        said = [one.value for one in node.args if isinstance(one, ast.Constant)]
        if name in {"Sentence", "say"} and said:
            found.add(said[0])
        if name == "count" and len(said) > 1:
            found.add(tuple(said[:2]))
    return found


@pytest.mark.parametrize("name", CODE)
def test_every_sentence_is_translated(name: str) -> None:
    texts = read_texts(resource("templates") / "catalogues" / "es")
    said = texts_of_code((PACKAGE / name).read_text(encoding="utf-8"))
    assert said
    assert said - set(texts.single) - set(texts.plural) == set()


@pytest.mark.parametrize("name", PAGES)
def test_every_text_of_a_page_is_translated(name: str) -> None:
    texts = read_texts(resource("templates") / "catalogues" / "es")
    environment = Environment(extensions=["jinja2.ext.i18n"])
    source = (resource("templates") / "desk" / "issues" / f"{name}.html.j2").read_text("utf-8")
    found = environment.extract_translations(source, gettext_functions=("_", "n_"))  # type: ignore[attr-defined]
    said = {
        tuple(one[:2]) if call == "n_" else one if isinstance(one, str) else one[0]
        for _line, call, one in found
    }
    assert said
    assert said - set(texts.single) - set(texts.plural) == set()


def test_placeholders_are_the_same_in_both_languages() -> None:
    texts = read_texts(resource("templates") / "catalogues" / "es")
    for source, said in texts.single.items():
        assert set(re.findall(r"{\w+}", source)) == set(re.findall(r"{\w+}", said)), source


def test_a_spanish_editor_composes(sign_in: SignIn, sample: Ana, database: Database) -> None:
    desk = sign_in("editor")
    with database.write() as session:
        staff.describe(session, desk.account.id, "Eva", "es", clock.now(), "test")
    page = desk.get("/desk/issues/").text
    assert "Seguir escribiendo" in page
    assert "3 artículos · en el archivo" in page
