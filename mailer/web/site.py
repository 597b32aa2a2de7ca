"""What every page needs: the configuration, the database, the keys, and the templates."""

import hashlib
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from mailer import publication
from mailer.config import Config
from mailer.database import Database
from mailer.letter import long_date, render_markdown
from mailer.publication import Issue, IssueSummary, Publication
from mailer.tokens import Signer
from mailer.web import look, templating
from mailer.web.catalogue import Catalogue, catalogue_of, languages, spoken
from mailer.web.wordings import consent


class Site:
    """One organisation's site; made once, shared by all requests."""

    def __init__(self, config: Config, database: Database) -> None:
        self.config = config
        self.database = database
        self.signer = Signer(config.site.secret_key, config.site.old_secret_keys)
        self.stylesheet = look.stylesheet(config.organisation, "site.css")
        self.stylesheet_path = f"/static/style-{look.version_of(self.stylesheet)}.css"
        self._templates = {
            language: _templates(config, catalogue_of(language)) for language in languages()
        }

    @property
    def language(self) -> str:
        """The language in which the site itself speaks."""
        return self.config.organisation.language

    def page(
        self,
        template: str,
        session: Session | None,
        *,
        status: int = 200,
        language: str | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The page that `template` makes of `values`, in `language` (else the site's).

        The navigation is read in `session`; without one it has the organisation's name alone.
        """
        language = spoken(language or self.language)
        return HTMLResponse(
            self._templates[language]
            .get_template(f"{template}.html.j2")
            .render(
                values,
                language=language,
                stylesheet=self.config.site.path + self.stylesheet_path,
                publications=publication.publications(session) if session else (),
                pages=publication.pages(session) if session else (),
            ),
            status,
        )

    def document(self, template: str, media_type: str, **values: Any) -> Response:
        """A document for machines (a feed), made of a template."""
        text = self._templates[spoken(self.language)].get_template(template).render(values)
        return Response(text, media_type=media_type)


def for_anybody(request: Request, response: Response) -> Response:
    """A page that is the same for everybody: kept by browsers, and asked for by its hash."""
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    # RFC 9110 section 13.1.2; a proxy that compresses makes our strong tag a weak one.
    known = request.headers.get("if-none-match", "").replace("W/", "")
    if tag in (part.strip() for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def series_title(of: Publication) -> str:
    """What the whole series is called: "Updates", where the slug of "Update" is `updates`."""
    return f"{of.title}s" if of.slug == f"{of.title.lower()}s" else of.title


def issue_line(issue: Issue | IssueSummary, language: str) -> str:
    """Which issue, and of when: "Update 120. 31 March 2007"."""
    return f"{issue.title}. {long_date(issue.date, language)}"


def _templates(config: Config, catalogue: Catalogue) -> Environment:
    environment = templating.environment("pages", catalogue, config.organisation.zone)

    def consent_to(title: str) -> str:
        return consent(catalogue, config.organisation.name, title).text

    environment.globals.update(
        organisation=config.organisation,
        root=config.site.path,
        site_url=config.site.url,
        consent=consent_to,
        issue_line=issue_line,
        series_title=series_title,
        publication_path=publication.publication_path,
        issue_path=publication.issue_path,
        item_path=publication.item_path,
        page_path=publication.page_path,
        picture_path=publication.picture_path,
    )
    environment.filters.update(markdown=_markdown, host=_host)
    return environment


def _markdown(source: str, language: str) -> Markup:
    # Sanitised by the renderer, so it may stand in a page as it is.
    return Markup(render_markdown(source, language))  # noqa: S704


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


async def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


TheSite = Annotated[Site, Depends(site_of)]
