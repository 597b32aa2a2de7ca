"""What is asked of each route of the desk: one address or several, with what is in the database."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailer.web.desk.entry import ENTRIES
from mailer.web.desk.routes import ROUTERS

NO_PAGE: Mapping[str, str] = {
    "/desk/session": "JSON for scripts",
    "/desk/sign-in/code": "leads back to the first step, always",
    "/desk/publications/{slug}/welcome": "leads to the welcome in its language, always",
    "/desk/issues/{issue_id}/progress/events": "a stream that does not end",
    "/desk/issues/{issue_id}/letter/readers": "JSON for scripts",
    "/desk/readers/import/{import_id:int}/progress": "JSON for scripts",
    "/desk/readers/import/{import_id:int}/refused.csv": "a file",
}
"""The routes that give no page of HTML, and what they give."""

_ISSUE = "/desk/issues/{issue_id}/"
_READERS = "/desk/readers/"

ASKED: Mapping[str, tuple[str, ...]] = {
    "/desk/": ("/desk/",),
    "/desk/sign-in": ("/desk/sign-in",),
    "/desk/invitation/{secret}": ("/desk/invitation/{invitation}",),
    "/desk/forgotten": ("/desk/forgotten",),
    "/desk/reset/{secret}": ("/desk/reset/{reset}",),
    "/desk/account/": ("/desk/account/",),
    "/desk/account/two-step": ("/desk/account/two-step",),
    "/desk/people/": ("/desk/people/",),
    "/desk/people/invite": ("/desk/people/invite",),
    "/desk/people/{account_id}/": ("/desk/people/2/",),
    "/desk/people/{account_id}/remove": ("/desk/people/2/remove",),
    "/desk/log/": (
        *("/desk/log/", "/desk/log/?who=staff+3", "/desk/log/?what=issue"),
        *("/desk/log/?before=50000", "/desk/log/?who=staff+3&what=issue&until={year_ago}"),
    ),
    "/desk/settings/": ("/desk/settings/",),
    "/desk/publications/": ("/desk/publications/",),
    "/desk/publications/new": ("/desk/publications/new",),
    "/desk/publications/{slug}/settings": ("/desk/publications/updates/settings",),
    "/desk/publications/{slug}/look": ("/desk/publications/updates/look",),
    "/desk/publications/{slug}/look.html": ("/desk/publications/updates/look.html",),
    "/desk/publications/{slug}/welcome/{language}": ("/desk/publications/updates/welcome/es",),
    "/desk/publications/{slug}/welcome/{language}/letter.html": (
        "/desk/publications/updates/welcome/es/letter.html",
    ),
    "/desk/pages/": ("/desk/pages/",),
    "/desk/pages/new": ("/desk/pages/new",),
    "/desk/pages/{page_id}/": ("/desk/pages/2/",),
    "/desk/issues/": (
        *("/desk/issues/", "/desk/issues/?page=3", "/desk/issues/?publication=updates"),
    ),
    "/desk/issues/new": ("/desk/issues/new",),
    "/desk/issues/announce": ("/desk/issues/announce",),
    _ISSUE: ("/desk/issues/{draft}/", "/desk/issues/{sent}/"),
    _ISSUE + "items/{item_id}/": ("/desk/issues/{draft}/items/{item}/",),
    _ISSUE + "items/{item_id}/pictures": ("/desk/issues/{draft}/items/{item}/pictures",),
    _ISSUE + "library": (
        *("/desk/issues/{draft}/library", "/desk/issues/{draft}/library?words=river"),
        *("/desk/issues/{draft}/library?words=valley+zzz", "/desk/issues/{draft}/library?page=40"),
        "/desk/issues/{draft}/library?topic=water",
    ),
    _ISSUE + "revisions": ("/desk/issues/{draft}/revisions",),
    _ISSUE + "revisions/{version}": ("/desk/issues/{draft}/revisions/30",),
    _ISSUE + "letter": ("/desk/issues/{draft}/letter",),
    _ISSUE + "letter.html": ("/desk/issues/{draft}/letter.html",),
    _ISSUE + "send": (
        *("/desk/issues/{draft}/send", "/desk/issues/{scheduled}/send"),
        "/desk/issues/{asked}/send",
    ),
    _ISSUE + "progress": ("/desk/issues/{sent}/progress", "/desk/issues/{sending}/progress"),
    _ISSUE + "progress/{state}": (
        *("/desk/issues/{sent}/progress/failed", "/desk/issues/{sent}/progress/skipped"),
        *("/desk/issues/{sent}/progress/in_doubt", "/desk/issues/{sending}/progress/deferred"),
        "/desk/issues/{sent}/progress/failed?after={late}",
    ),
    _ISSUE + "stop": ("/desk/issues/{sending}/stop",),
    _ISSUE + "cancel": ("/desk/issues/{sending}/cancel",),
    _ISSUE + "correct": ("/desk/issues/{sent}/correct", "/desk/issues/{earlier}/correct"),
    _ISSUE + "doubts": ("/desk/issues/{sent}/doubts",),
    _ISSUE + "report": ("/desk/issues/{sent}/report", "/desk/issues/{earlier}/report"),
    "/desk/queue": ("/desk/queue",),
    "/desk/calendar": ("/desk/calendar", "/desk/calendar?month={year_ago_month}"),
    _READERS: (
        *(_READERS, _READERS + "?words=ana", _READERS + "?words=ana+quispe"),
        *(_READERS + "?words=ana+zzz", _READERS + "?words=big+large", _READERS + "?words=a"),
        *(_READERS + "?words=hugo.m", _READERS + "?words=luis.torres4242%40d1694.example"),
        *(_READERS + "?state=reads", _READERS + "?state=unconfirmed", _READERS + "?state=left"),
        *(_READERS + "?state=suppressed", _READERS + "?words=ana&state=suppressed"),
        *(_READERS + "?words=%40big.example", _READERS + "?words=%40big.example&state=unconfirmed"),
        _READERS + "?words=%40big.example&state=suppressed",
    ),
    _READERS + "add": (_READERS + "add",),
    _READERS + "{reader_id:int}/": (_READERS + "{reader}/",),
    _READERS + "{reader_id:int}/change": (_READERS + "{reader}/change",),
    _READERS + "{reader_id:int}/erase": (_READERS + "{reader}/erase",),
    _READERS + "import/": (_READERS + "import/",),
    _READERS + "import/{import_id:int}/": (_READERS + "import/1/", _READERS + "import/2/"),
}

VISITORS = ("/desk/sign-in", "/desk/invitation/", "/desk/forgotten", "/desk/reset/")
"""Pages for whoever is not signed in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One address, and its name in the table; whoever asks is signed in, or is a visitor."""

    name: str
    address: str
    signed_in: bool


def routes() -> set[str]:
    """The paths of the desk's routes that answer a GET."""
    return {
        route.path
        for router in ROUTERS
        for route in router.routes
        if "GET" in (getattr(route, "methods", None) or ())
        and inspect.unwrap(route.endpoint) in ENTRIES  # type: ignore[attr-defined]
    }


def unknown() -> set[str]:
    """The routes of which nothing is asked here, and what is asked here of routes that are gone."""
    return routes() ^ {*ASKED, *NO_PAGE}


def addresses(values: Mapping[str, object]) -> Iterator[Asked]:
    """Every page, with `values` put in."""
    for templates in ASKED.values():
        for template in templates:
            yield Asked(template, template.format(**values), not template.startswith(VISITORS))
