"""Every page of the desk, by the route that answers with it: with content, and when it says no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.web.desk.conftest import PASSWORD
from tests.web.desk.whole_desk import WholeDesk

NOBODY = ""
SOMEBODY_ELSE = "somebody else"
"""Nobody yet, in a browser of their own: they sign in."""

ISSUE = "/desk/issues/{issue_id}/"
ITEM = ISSUE + "items/{item_id}/"
READER = "/desk/readers/{reader_id:int}/"
IMPORT = "/desk/readers/import/{import_id:int}/"
OF = "/desk/publications/{slug}/"
WELCOME = OF + "welcome/{language}"


@dataclass(frozen=True)
class Page:
    """A page as somebody sees it. What `posts` is typed into it first, and it comes again."""

    name: str
    path: str
    role: str = "owner"
    posts: Mapping[str, str] | None = None
    to: str = ""
    """Where that is posted, if not to the page itself."""
    strict: bool = False
    """Where nothing is sent that was not approved."""
    first: Callable[[WholeDesk], None] | None = None
    then: tuple[tuple[str, str], ...] = ()
    """Which fields get what, before Enter is pressed in the last."""
    status: int = 200


def open_page(browser: Any, desk: WholeDesk, page: Page) -> int:
    """Have the browser show the page; the status that it came with."""
    if page.first:
        page.first(desk)
    root = desk.strict if page.strict else desk.root
    answer = browser.goto(root + page.path.format_map(desk.ids))
    if page.posts is not None:
        posts = {name: value.format_map(desk.ids) for name, value in page.posts.items()}
        there = root + (page.to or page.path).format_map(desk.ids)
        with browser.expect_navigation() as came:
            browser.evaluate(_POST, [there, posts])
        answer = came.value
    for field, value in page.then:
        browser.fill(field, value)
    if page.then:
        with browser.expect_navigation() as came:
            browser.press(page.then[-1][0], "Enter")
        answer = came.value
    status: int = answer.status
    return status


_POST = """([action, fields]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action});
  const csrf = document.querySelector("[name=csrf]").value;
  for (const [name, value] of Object.entries({csrf, ...fields}))
    form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
  document.body.append(form);
  form.submit();
}"""

_SIGN_IN = {"mailbox": "careful@psg.example", "password": PASSWORD}

PAGES: dict[str, tuple[Page, ...]] = {
    "/desk/": (
        Page("overview", "/desk/"),
        Page("overview of a writer", "/desk/", "writer"),
    ),
    # Coming in.
    "/desk/sign-in": (
        Page("sign-in", "/desk/sign-in", NOBODY),
        Page("sign-in, wrong", "/desk/sign-in", NOBODY,
             {"mailbox": "nobody@psg.example", "password": "wrong"}, status=422),
        Page("sign-in, second step", "/desk/sign-in", NOBODY, _SIGN_IN),
        Page("sign-in, second step, wrong", "/desk/sign-in", NOBODY, _SIGN_IN,
             then=(("#code", "nothing"),), status=422),
    ),
    "/desk/forgotten": (
        Page("forgotten", "/desk/forgotten", NOBODY),
        Page("forgotten, asked", "/desk/forgotten", NOBODY, {"mailbox": "eva@psg.example"}),
    ),
    "/desk/invitation/{secret}": (
        Page("invitation", "{invitation}", NOBODY),
        Page("invitation, wrong", "{invitation}", NOBODY,
             {"name": "Tom", "password": "short", "language": "en"}, status=422),
    ),
    "/desk/reset/{secret}": (
        Page("reset", "{reset}", NOBODY),
        Page("reset, wrong", "{reset}", NOBODY, {"password": "short"}, status=422),
        Page("reset, too old", "/desk/reset/nothing", NOBODY, status=404),
    ),
    # Oneself.
    "/desk/account/": (
        Page("account", "/desk/account/"),
        Page("account, two steps", "/desk/account/", "two steps"),
        Page("account, wrong", "/desk/account/", posts={"name": "", "language": "xx"}, status=422),
        Page("recovery codes", "/desk/account/", "two steps", {"codes": PASSWORD},
             "/desk/account/recovery-codes"),
    ),
    "/desk/account/two-step": (
        Page("two-step", "/desk/account/two-step"),
        Page("two-step, wrong", "/desk/account/two-step", then=(("#code", "123"),), status=422),
        Page("two-step, another telephone", "/desk/account/two-step", "two steps"),
    ),
    # People, log.
    "/desk/people/": (Page("people", "/desk/people/"),),
    "/desk/people/invite": (
        Page("invite", "/desk/people/invite"),
        Page("invite, wrong", "/desk/people/invite",
             posts={"mailbox": "nobody", "role": "writer", "language": "en"}, status=422),
    ),
    "/desk/people/{account_id}/": (Page("person", "/desk/people/{person}/"),),
    "/desk/people/{account_id}/remove": (Page("person, remove", "/desk/people/{person}/remove"),),
    "/desk/log/": (
        Page("log", "/desk/log/"),
        Page("log, nothing found", "/desk/log/?from=2001-01-01&to=2001-01-02"),
    ),
    # Publications and standing pages.
    "/desk/settings/": (Page("settings", "/desk/settings/"),),
    "/desk/publications/": (Page("publications", "/desk/publications/"),),
    "/desk/publications/new": (
        Page("new publication", "/desk/publications/new"),
        Page("new publication, wrong", "/desk/publications/new",
             posts={"title": "Update", "language": "xx", "sender": "nobody"}, status=422),
    ),
    OF + "settings": (
        Page("settings of one", "/desk/publications/updates/settings"),
        Page("settings, overtaken", "/desk/publications/updates/settings",
             posts={"title": "Updates", "language": "en", "version": "0"}, status=409),
    ),
    OF + "look": (
        Page("look", "/desk/publications/updates/look"),
        Page("look, wrong", "/desk/publications/updates/look",
             posts={"accent": "#ffee00", "footer": "{{{{ x }}}}", "version": "1"}, status=422),
    ),
    WELCOME: (
        Page("welcome", "/desk/publications/updates/welcome/en"),
        Page("welcome, empty", "/desk/publications/boletin/welcome/es"),
    ),
    "/desk/pages/": (Page("pages", "/desk/pages/"),),
    "/desk/pages/new": (
        Page("new page", "/desk/pages/new"),
        Page("new page, wrong", "/desk/pages/new", posts={"title": "", "body": "A."}, status=422),
    ),
    "/desk/pages/{page_id}/": (
        Page("page", "/desk/pages/{page}/"),
        Page("page, overtaken", "/desk/pages/{page}/",
             posts={"title": "Why?", "body": "Otherwise.", "version": "1"}, status=409),
    ),
    # Issues.
    "/desk/issues/": (
        Page("issues", "/desk/issues/"),
        Page("issues, none", "/desk/issues/?publication=boletin"),
    ),
    "/desk/issues/new": (
        Page("new issue", "/desk/issues/new"),
        Page("new issue, wrong", "/desk/issues/new",
             posts={"publication": "updates", "number": "120", "date": ""}, status=422),
    ),
    "/desk/issues/announce": (
        Page("announce", "/desk/issues/announce"),
        Page("announce, wrong", "/desk/issues/announce",
             posts={"publication": "updates", "title": "", "date": "2026-12-01"}, status=422),
    ),
    ISSUE: (
        Page("composer", "/desk/issues/{draft}/"),
        Page("composer, item open", "/desk/issues/{draft}/?open={item}"),
        Page("composer, item removed", "/desk/issues/{draft}/?removed={removed}"),
        Page("composer, empty issue", "/desk/issues/{empty}/"),
        Page("composer, issue sent", "/desk/issues/{sent}/"),
        Page("composer, announcement", "/desk/issues/{announcement}/"),
        Page("composer, wrong", "/desk/issues/{draft}/",
             posts={"version": "1", "number": "120", "date": ""}, status=422),
        Page("composer, auditor", "/desk/issues/{draft}/", "auditor"),
    ),
    ITEM: (
        Page("item", "/desk/issues/{draft}/items/{item}/"),
        Page("item, wrong", "/desk/issues/{draft}/items/{second_item}/",
             posts={"version": "1", "link": "no address", "title": "Typed"}, status=422),
        Page("item, overtaken", "/desk/issues/{draft}/items/{item}/",
             posts={"version": "1", "title": "My own title", "body": "My own text."}, status=409),
        Page("item, removed meanwhile", "/desk/issues/{draft}/items/{item}/",
             posts={"version": "1", "title": "My own title", "body": "My own text."},
             to="/desk/issues/{draft}/items/{removed}/", status=409),
    ),
    ITEM + "pictures": (Page("pictures", "/desk/issues/{draft}/items/{item}/pictures"),),
    ISSUE + "library": (
        Page("library", "/desk/issues/{draft}/library"),
        Page("library, nothing found", "/desk/issues/{draft}/library?words=nothing+such"),
    ),
    ISSUE + "revisions": (Page("revisions", "/desk/issues/{draft}/revisions"),),
    ISSUE + "revisions/{version}": (
        Page("differences", "/desk/issues/{draft}/revisions/4"),
    ),
    ISSUE + "letter": (
        Page("letter", "/desk/issues/{draft}/letter"),
        Page("letter as a member by night",
             "/desk/issues/{draft}/letter?width=desktop&scheme=dark&member=yes"),
        Page("letter as text", "/desk/issues/{draft}/letter?width=text"),
    ),
    # Sending.
    ISSUE + "send": (
        Page("send", "/desk/issues/{draft}/send"),
        Page("send, nothing to send", "/desk/issues/{empty}/send"),
        Page("send, no such time", "/desk/issues/{draft}/send", status=422,
             posts={"version": "1", "when": "later", "day": "2001-01-01", "time": "25:00"}),
        Page("send, as a writer", "/desk/issues/{draft}/send", "writer"),
        Page("send, to be approved", "/desk/issues/{draft}/send", strict=True),
        Page("send, approval asked", "/desk/issues/{asked}/send", strict=True),
        Page("send, sent back", "/desk/issues/{returned}/send", strict=True),
        Page("send, scheduled", "/desk/issues/{scheduled}/send"),
        Page("send, a minute to undo", "/desk/issues/{going}/send", first=WholeDesk.in_a_minute),
    ),
    ISSUE + "progress": (
        Page("progress", "/desk/issues/{running}/progress"),
        Page("progress, paused", "/desk/issues/{paused}/progress"),
        Page("progress, cancelled", "/desk/issues/{cancelled}/progress"),
        Page("progress, sent", "/desk/issues/{sent}/progress"),
        Page("progress, as a writer", "/desk/issues/{running}/progress", "writer"),
    ),
    ISSUE + "progress/{state}": (
        Page("progress, failed ones", "/desk/issues/{running}/progress/failed"),
        Page("progress, deferred ones", "/desk/issues/{running}/progress/deferred"),
        Page("progress, nobody", "/desk/issues/{cancelled}/progress/deferred"),
    ),
    ISSUE + "doubts": (
        Page("doubts", "/desk/issues/{running}/doubts"),
        Page("doubts, nothing said", "/desk/issues/{running}/doubts", posts={}, status=422),
        Page("doubts, none", "/desk/issues/{scheduled}/doubts"),
    ),
    ISSUE + "stop": (Page("stop", "/desk/issues/{running}/stop"),),
    ISSUE + "cancel": (Page("cancel", "/desk/issues/{running}/cancel"),),
    ISSUE + "correct": (
        Page("correct", "/desk/issues/{sent}/correct"),
        Page("correct, not now", "/desk/issues/{running}/correct"),
        Page("correct, nothing said", "/desk/issues/{sent}/correct",
             posts={"words": "own", "text": ""}, status=422),
    ),
    ISSUE + "report": (
        Page("report", "/desk/issues/{sent}/report"),
        Page("report of a cancelled one", "/desk/issues/{cancelled}/report"),
    ),
    "/desk/queue": (
        Page("queue", "/desk/queue"),
        Page("queue, strict", "/desk/queue", strict=True),
    ),
    "/desk/calendar": (
        Page("calendar", "/desk/calendar"),
        Page("calendar of another month", "/desk/calendar?month=2001-01"),
    ),
    # Readers.
    "/desk/readers/": (
        Page("readers", "/desk/readers/"),
        Page("readers, nobody found", "/desk/readers/?words=zzz"),
        Page("readers, unsubscribed", "/desk/readers/?state=left"),
    ),
    "/desk/readers/add": (
        Page("add a reader", "/desk/readers/add"),
        Page("add a reader, wrong", "/desk/readers/add",
             posts={"publication": "1", "address": "tom", "language": "en"}, status=422),
    ),
    READER: (
        Page("reader", "/desk/readers/{reader}/"),
        Page("reader, suppressed", "/desk/readers/{suppressed}/"),
        Page("reader, as an auditor", "/desk/readers/{reader}/", "auditor"),
    ),
    READER + "change": (
        Page("reader, change", "/desk/readers/{reader}/change"),
        Page("reader, change, wrong", "/desk/readers/{reader}/change",
             posts={"address": "tom", "language": "xx"}, status=422),
    ),
    READER + "erase": (Page("reader, erase", "/desk/readers/{reader}/erase"),),
    "/desk/readers/import/": (
        Page("imports", "/desk/readers/import/"),
        Page("imports, no file", "/desk/readers/import/", posts={"publication": "1"}, status=422),
    ),
    IMPORT: (
        Page("import received", "/desk/readers/import/{received}/"),
        Page("import looked at", "/desk/readers/import/{looked_at}/"),
        Page("import, no ground", "/desk/readers/import/{looked_at}/",
             posts={"ground": ""}, to="/desk/readers/import/{looked_at}/run", status=422),
        Page("import begun", "/desk/readers/import/{begun}/"),
        Page("import done", "/desk/readers/import/{done}/"),
        Page("import stopped", "/desk/readers/import/{stopped}/"),
        Page("import failed", "/desk/readers/import/{failed}/"),
    ),
}  # fmt: skip
"""By route, in the order in which somebody who walks through the desk comes to them."""

REFUSALS = (
    Page("not yours", "/desk/people/", "writer", status=403),
    Page("open for too long", "/desk/account/", posts={"csrf": "old"}, status=403),
    Page("not there", "/desk/issues/99999/", status=404),
    Page("no such page", "/desk/nothing", status=404),
    Page("signed out while typing", "/desk/sign-in", NOBODY, {"title": "What I typed"},
         "/desk/issues/new", status=401),
    Page("what was typed is here", "/desk/sign-in", SOMEBODY_ELSE,
         {"mailbox": "secretary.en@psg.example", "password": PASSWORD,
          "kept": '{{"path": "/desk/readers/add", "fields": {{"name": ["Tom"]}}}}'}),
)  # fmt: skip
"""What the desk answers in place of a page."""

LETTERS = {
    ISSUE + "letter.html",
    OF + "look.html",
    WELCOME + "/letter.html",
}
"""Letters themselves, shown in the frame of a page: held to what holds for letters."""

NO_PAGES = {
    "/desk/session",
    "/desk/sign-in/code",
    OF + "welcome",
    ISSUE + "letter/readers",
    ISSUE + "progress/events",
    IMPORT + "progress",
    IMPORT + "refused.csv",
}
"""What scripts read, files, and what leads elsewhere."""
