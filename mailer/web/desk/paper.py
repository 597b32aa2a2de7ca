"""The desk's pages as paper: templates, in each language, with our stylesheet and scripts."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from mailer import publication
from mailer.config import Config, resource
from mailer.staff import LANGUAGES
from mailer.web import catalogue, look, templating
from mailer.web.catalogue import Catalogue


class Paper:
    """Made once for a site; renders what the handlers fill in."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.stylesheet = look.stylesheet(config.organisation, "desk.css", *_sheets())
        self.stylesheet_path = f"/static/desk-{look.version_of(self.stylesheet)}.css"
        self.scripts = _scripts()
        self.scripts_path = f"/static/desk/{look.version_of(''.join(self.scripts.values()))}"
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def catalogue(self, language: str) -> Catalogue:
        """The sentences of the desk in `language`."""
        return catalogue.catalogue_of(language)

    def render(
        self, template: str, language: str, *, nonce: str, csrf_token: str, **values: Any
    ) -> str:
        """The whole page, as HTML."""
        field = Markup('<input type="hidden" name="csrf" value="{}">').format(csrf_token)
        return (
            self._environments[language]
            .get_template(f"{template}.html.j2")
            .render(
                nonce=nonce,
                csrf=field,
                csrf_token=csrf_token,
                script=partial(self._script, nonce),
                **values,
            )
        )

    def _script(self, nonce: str, name: str) -> Markup:
        """The element that loads one of our modules; what it imports comes with it."""
        assert f"{name}.js" in self.scripts, f"there is no script {name}"
        return Markup('<script type="module" nonce="{}" src="{}"></script>').format(
            nonce, f"{self.config.site.path}{self.scripts_path}/{name}.js"
        )

    def _environment(self, language: str) -> Environment:
        environment = templating.environment(
            "desk", catalogue.catalogue_of(language), self.config.organisation.zone
        )
        environment.globals.update(
            organisation=self.config.organisation,
            root=self.config.site.path,
            language=language,
            languages=LANGUAGES,
            stylesheet=self.config.site.path + self.stylesheet_path,
            issue_path=publication.issue_path,
            page_path=publication.page_path,
            picture_path=publication.picture_path,
        )
        return environment


def _sheets() -> tuple[str, ...]:
    folder = resource("templates") / "static" / "desk"
    return tuple(f"desk/{path.name}" for path in sorted(folder.glob("*.css")))


def _scripts() -> Mapping[str, str]:
    folder = resource("templates") / "static" / "desk"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.js"))}


def spoken(accepted: str, otherwise: str) -> str:
    """The language of the desk that a browser would rather have (RFC 9110 section 12.5.4)."""
    wanted = []
    for part in accepted.lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.split("-")[0]))
        except ValueError:
            continue
    for _weight, tag in sorted(wanted, key=lambda one: one[0]):
        if tag in LANGUAGES:
            return tag
    return otherwise if otherwise in LANGUAGES else "en"
