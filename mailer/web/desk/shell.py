"""How a request enters the desk.

1. The route's entry says which act it is, and how much may be posted to it.
2. The session's cookie says who it is; nobody knows the secret but the browser.
3. Whoever is not signed in is led to sign-in and back; what they posted from one of our pages is
   kept for them. Whoever's role may not do it is told so; whoever is to sign in with two steps
   sets the second up first.
4. What is posted must come from a page of ours: by the browser's own word, and by the CSRF token
   of the session. Only then does the handler run.
"""

import hmac
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from mailer import clock, staff
from mailer.staff import Act
from mailer.web.desk.cookies import Cookies
from mailer.web.desk.entry import ENTRIES, Entry, act, look
from mailer.web.desk.paper import Paper, spoken
from mailer.web.desk.posted import Posted, read
from mailer.web.desk.refusing import Forged, NotYours, OneStepOnly, SignedOut
from mailer.web.desk.visit import Desk, Visit

__all__ = ["Desk", "Posted", "PostedForm", "TheDesk", "TheVisit", "Visit", "act", "look"]


async def enter(request: Request) -> AsyncIterator[Visit]:
    """Whoever is there, once everything has been looked at.

    Raises:
        SignedOut, NotYours, Forged: see there.
    """
    entry = ENTRIES[request.scope["endpoint"]]
    visit = await run_in_threadpool(_visit, request)
    request.state.visit = visit
    try:
        await _look_at(request, visit, entry)
        yield visit
    finally:
        await visit.form.close()


async def _look_at(request: Request, visit: Visit, entry: Entry) -> None:
    posts = request.method == "POST"
    ours = posts and came_from_us(request, visit)
    if entry.act is not None and not isinstance(visit, Desk):
        if ours:
            visit.form = await read(request, entry.largest)
        raise SignedOut(visit)
    if isinstance(visit, Desk) and entry.act is not None and not visit.may(entry.act):
        raise NotYours(visit)
    if isinstance(visit, Desk) and visit.must_set_up and entry.act not in (None, Act.SELF):
        raise OneStepOnly(visit)
    if posts:
        if not ours:
            raise Forged(visit)
        visit.form = await read(request, entry.largest)
        # The token stands in the form, or in a header where a script posts.
        given = request.headers.get("x-csrf") or visit.form.one("csrf")
        if not hmac.compare_digest(given.encode(), visit.csrf.encode()):
            raise Forged(visit)


def _visit(request: Request) -> Visit:
    """Who it is, by the session's cookie."""
    paper: Paper = request.app.state.desk_paper
    cookies: Cookies = request.app.state.desk_cookies
    database = request.app.state.site.database
    secret = cookies.session(request)
    if secret:
        with database.read() as session:
            found = staff.signed_in(session, secret, clock.now())
        if found is not None:
            if found.stale:
                with database.write() as session:
                    staff.seen(session, found.session_id, clock.now())
            return Desk(
                request,
                paper,
                cookies,
                database,
                language=found.account.language,
                visitor=str(found.session_id),
                csrf=found.csrf,
                account=found.account,
                session_id=found.session_id,
            )
    before = cookies.before(request)
    language = spoken(
        request.headers.get("accept-language", ""), paper.config.organisation.language
    )
    return Visit(
        request,
        paper,
        cookies,
        database,
        language=language,
        visitor=before,
        csrf=cookies.csrf_of(before),
    )


def came_from_us(request: Request, visit: Visit) -> bool:
    """Whether the browser says that one of our own pages asked, as far as it says anything.

    Fetch metadata where it is sent, else the origin (Fetch standard, "Origin" header).
    """
    where = request.headers.get("sec-fetch-site")
    if where is not None:
        return where == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return True
    host = urlsplit(origin).netloc
    return host in (request.headers.get("host", ""), urlsplit(visit.config.site.url).netloc)


async def desk_of(visit: Annotated[Visit, Depends(enter)]) -> Desk:
    assert isinstance(visit, Desk), "a route without an act has visitors only"
    return visit


async def visit_of(visit: Annotated[Visit, Depends(enter)]) -> Visit:
    return visit


async def form_of(visit: Annotated[Visit, Depends(enter)]) -> Posted:
    return visit.form


TheDesk = Annotated[Desk, Depends(desk_of)]
TheVisit = Annotated[Visit, Depends(visit_of)]
PostedForm = Annotated[Posted, Depends(form_of)]
