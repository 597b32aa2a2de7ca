"""Which theme a letter has: the publication's, the configured one, or one of one's own."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailer.config import Config
from mailer.delivery import compose
from mailer.delivery.themes import theme
from mailer.delivery.variants import usual_variants
from mailer.errors import WrongInput
from tests.conftest import NOW
from tests.delivery.desk import Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OWN = """<!DOCTYPE html>
<html lang="{{ language }}"><head><title>{{ subject }}</title></head><body>
<h1 class="mine">{{ letter.title }}</h1>
{% for item in items %}<h2>{{ item.title }}</h2>{% endfor %}
<a href="{{ fields.unsubscribe_url }}">{{ say("unsubscribe", publication=letter.publication) }}</a>
</body></html>
"""


def configured(config: Config, **mail: object) -> Config:
    return config.model_copy(update={"mail": config.mail.model_copy(update=mail)})


def page(desk: Desk, config: Config) -> bytes:
    (letter, *_) = compose.compile_issue(config, desk.issue, NOW, usual_variants(desk.issue))
    return b"".join(letter.segments)


def own_themes(folder: Path, source: str = OWN) -> Path:
    (folder / "themes" / "mine").mkdir(parents=True)
    (folder / "themes" / "mine" / "letter.html.j2").write_text(source)
    (folder / "themes" / "mine" / "inlined.css").write_text(".mine { color: #123456 }")
    return folder / "themes"


def test_the_configured_one_unless_the_publication_names_another(desk: Desk) -> None:
    bulletin = configured(desk.config, theme="bulletin")
    assert theme(bulletin, desk.issue.publication.theme, "letter").name == "bulletin"
    assert theme(bulletin, "update", "letter").name == "update"
    assert theme(bulletin, "", "note").name == "bulletin"
    assert page(desk, bulletin) != page(desk, desk.config)


def test_one_of_ones_own(desk: Desk, tmp_path: Path) -> None:
    mine = configured(desk.config, theme="mine", themes=own_themes(tmp_path))
    assert b"color:#123456" in page(desk, mine)
    (tmp_path / "themes/mine/inlined.css").write_text(".mine { color: #654321 }")
    assert b"color:#654321" in page(desk, mine)
    assert theme(mine, "bulletin", "letter").name == "bulletin"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (OWN.replace("{% endfor %}", ""), "letter.html.j2, line"),
        (OWN.replace("letter.title", "letter.titel"), "letter.html.j2, line 3"),
        (OWN.replace("items %}", "range(9) %}"), "letter.html.j2, line 4"),
        (OWN.replace("unsubscribe_url", "letter_url"), "no unsubscribe link"),
    ],
)
def test_a_broken_one_is_told(desk: Desk, tmp_path: Path, source: str, words: str) -> None:
    mine = configured(desk.config, theme="mine", themes=own_themes(tmp_path, source))
    with pytest.raises(WrongInput, match="mine") as refused:
        page(desk, mine)
    assert words in str(refused.value)
    errors = [one for one in compose.check_issue(mine, desk.issue) if one.severity == "error"]
    assert errors


def test_one_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    mine = configured(desk.config, theme="gone", themes=own_themes(tmp_path))
    with pytest.raises(WrongInput, match=r"no theme “gone”; there is: bulletin, mine, update\."):
        page(desk, mine)
    issue = replace(desk.issue, publication=replace(desk.issue.publication, theme="gone"))
    with pytest.raises(WrongInput, match="no theme “gone”; there is: bulletin, update"):
        compose.compile_issue(desk.config, issue, NOW, usual_variants(issue))
