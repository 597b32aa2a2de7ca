"""Somebody reaches for more than their form gives: other people's issues, header lines of letters,
templates, the pages themselves in a frame, and posts that a page of ours did not send."""

import pytest

from mailer.database import Database
from mailer.publication import issue_by_id
from tests.web.conftest import TestClient
from tests.web.desk.conftest import AtDesk, SignIn
from tests.web.desk.sending import Update120

LINES = "News\r\nBcc: thief@evil.example\r\n\r\n<b>body</b>"
TEMPLATES = [
    "{{ 12345*6789 }}",
    "{{ ''.__class__.__mro__ }}",
    "{% include '/etc/passwd' %}",
    "{{ config }}",
    "{# x #}{% for a in [] %}",
    "${12345*6789} #{12345*6789} <%= 12345*6789 %>",
]


@pytest.fixture
def owner(update: Update120, sign_in: SignIn) -> AtDesk:
    return sign_in("owner")


@pytest.mark.parametrize("kind", ["form", "files", "json"])
def test_a_post_of_any_kind_needs_the_token_and_our_page(
    owner: AtDesk, update: Update120, kind: str
) -> None:
    path = f"{update.path}/preview" if kind == "json" else f"{update.path}/items/"
    body: dict[str, object] = {
        "form": {"data": {"title": "planted"}},
        "files": {"data": {"title": "planted"}, "files": {"picture": ("x.png", b"", "image/png")}},
        "json": {"json": {"title": "planted"}},
    }[kind]
    ours = {"x-csrf": owner.csrf}
    before = len(update.issue.items)
    for headers in (
        {},
        {"x-csrf": "x" * len(owner.csrf)},
        {**ours, "origin": "https://evil.example"},
        {**ours, "origin": "null"},
        {**ours, "sec-fetch-site": "cross-site"},
        {**ours, "sec-fetch-site": "same-site"},
        {**ours, "sec-fetch-site": "none"},
    ):
        answer = owner.post(path, headers=headers, **body)  # type: ignore[arg-type]
        assert answer.status_code == 403, headers
    assert len(update.issue.items) == before


def test_an_item_of_one_issue_is_none_of_another(
    owner: AtDesk, update: Update120, database: Database
) -> None:
    with database.read() as session:
        other = next(
            issue
            for issue in (issue_by_id(session, n) for n in range(1, 5))
            if issue.id != update.issue.id
        )
    theirs = other.items[0]
    here = f"{update.path}/items/{theirs.id}"
    for path in (f"{here}/", f"{here}/move", f"{here}/remove", f"{here}/bring-back"):
        answer = owner.submit(path, title="taken", version=theirs.version, place=1)
        assert answer.status_code in (303, 404, 409, 422), path
    with database.read() as session:
        assert issue_by_id(session, other.id) == other
    for version in (0, 99, 2**31):
        assert owner.get(f"{update.path}/revisions/{version}").status_code in (404, 422)
        assert owner.submit(f"{update.path}/revisions/{version}/restore").status_code in (404, 422)


@pytest.mark.parametrize("field", ["subject", "preheader"])
def test_no_line_is_added_to_a_letters_header(owner: AtDesk, update: Update120, field: str) -> None:
    owner.submit(f"{update.path}/", **{field: LINES, "version": update.issue.head_version})
    kept = getattr(update.issue, field)
    assert "thief" in kept
    assert not {"\r", "\n"} & set(kept)


@pytest.mark.parametrize("field", ["sender", "reply_to"])
def test_no_line_is_added_by_a_sender(owner: AtDesk, field: str) -> None:
    path = "/desk/publications/updates/settings"
    for mailbox in (LINES, f"A <a@psg.example>{LINES}", f'"{LINES}" <a@psg.example>'):
        answer = owner.submit(path, title="Update", language="en", version=1, **{field: mailbox})
        assert answer.status_code in (303, 422)
        assert "\nBcc:" not in owner.get(path).text


@pytest.mark.parametrize("others", ["a@psg.example\r\nBcc:x@evil.example", "a@b\r\nRCPT TO:<x@y>"])
def test_no_line_is_added_by_an_address_for_a_test(
    owner: AtDesk, update: Update120, others: str
) -> None:
    answer = owner.submit(f"{update.path}/test", others=others)
    assert answer.status_code == 422
    assert "Sent" not in answer.text


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_template_that_somebody_writes_is_obeyed(
    owner: AtDesk, update: Update120, client: TestClient, template: str
) -> None:
    item = update.issue.items[0]
    here = f"{update.path}/items/{item.id}/"
    owner.submit(here, title=f"A{template}", summary=template, body=template, version=item.version)
    owner.submit(f"{update.path}/", subject=template, version=update.issue.head_version)
    owner.submit("/desk/pages/1/", title="Aims", body=template, version=1)
    look = {"logo_kind": "none", "version": 1}
    owner.submit("/desk/publications/updates/look", footer=template, **look)
    welcome = "/desk/publications/updates/welcome/en"
    owner.submit(welcome, subject=template, body=template, version=0)
    shown = [
        owner.get(path).text
        for path in (
            *(f"{update.path}/", f"{update.path}/letter", f"{update.path}/letter.html"),
            *(f"{update.path}/send", "/desk/publications/updates/look.html"),
            *(welcome, f"{welcome}/letter.html"),
        )
    ]
    shown += [client.get(path).text for path in ("/pages/aims/", "/updates/120/", "/updates/")]
    for page in shown:
        for told in ("83810205", "root:", "secret_key", "<class", "__subclasses__", "Traceback"):
            assert told not in page


def test_no_page_of_the_desk_stands_in_a_frame_of_another_site(
    owner: AtDesk, update: Update120
) -> None:
    for path in ("/desk/", f"{update.path}/", f"{update.path}/send", "/desk/none", "/desk/log/"):
        policy = owner.get(path).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, path
    letter = owner.get(f"{update.path}/letter.html").headers["content-security-policy"]
    assert "frame-ancestors 'self'" in letter
    assert "script-src" not in letter
    assert "default-src 'none'" in letter
