"""Somebody posts what no page of ours would: JSON of the wrong shape, half characters, texts that
are made to take long, bodies that are not what they say."""

import re
import time

import pytest

from mailer.web.desk.entry import ENTRIES
from tests.web.desk.conftest import AtDesk, SignIn
from tests.web.desk.sending import Update120
from tests.web.desk.test_entering import routes

SLOW_S = 20.0
JSON = {
    "deep": b"[" * 200_000,
    "deep objects": b'{"items":' * 50_000,
    "no utf-8": b"\xff\xfe{}",
    "a list": b"[]",
    "a number": b"1",
    "infinity": b'{"items":[{"id":1e999}]}',
    "no number": b'{"items":[{"id":NaN}]}',
    "many digits": b'{"items":[{"id":' + b"9" * 4000 + b"}]}",
    "too large an id": b'{"items":[{"id":99999999999999999999}]}',
    "items by name": b'{"items":{"a":1}}',
    "items as text": b'{"items":"abc"}',
    "items of nothing": b'{"items":[null,true]}',
    "half characters": (
        b'{"title":"\\ud800","subject":"\\udfff\\u0000","language":"\\ud800","date":"\\ud800",'
        b'"items":[{"key":"\\ud800","title":"","body":"\\u0000\\ud800","summary":"\\u0000",'
        b'"link":"\\u0000","picture":"\\u0000","topic":"\\u0000","picture_alt":"\\ud800"}]}'
    ),
    "a path": b'{"language":"../../etc/passwd","items":[{"picture":"../../etc/passwd"}]}',
    "lists for texts": b'{"title":["x"],"items":[{"title":["x"],"key":{"a":1}}]}',
    "the end of time": b'{"date":"9999-12-31","items":[]}',
    "header lines": b'{"subject":"a\\r\\nBcc: x@psg.example","preheader":"\\r\\n\\r\\n"}',
    "pasted depth": b'{"html":"' + b"<div>" * 100_000 + b'"}',
    "pasted half": b'{"html":"\\ud800<p>\\u0000"}',
}
FORMS = {
    "half characters": (
        'multipart/form-data; boundary="b"; charset=raw_unicode_escape',
        b'--b\r\ncontent-disposition: form-data; name="title"\r\n\r\n\\ud800\\x00\r\n--b--\r\n',
    ),
    "no boundary": ("multipart/form-data", b"--b\r\n\r\n--b--"),
    "cut off": ('multipart/form-data; boundary="b"', b"--b\r\ncontent-dispo"),
    "no character set": (
        'multipart/form-data; boundary="b"; charset=none-such',
        b'--b\r\ncontent-disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n',
    ),
    "many fields": ("application/x-www-form-urlencoded", b"a=1&" * 10_000),
    "bytes": ("application/x-www-form-urlencoded", b"title=%ff%00%ed%a0%80&version=%d9%a1"),
    "many digits": ("application/x-www-form-urlencoded", b"version=" + b"9" * 10_000),
    "nothing": ("text/plain", b""),
}
_NOT_AGAIN = ("/sign-out", "/end-others", "/end")


def addresses() -> list[str]:
    """Where something can be posted by somebody who is signed in, filled with what is there."""
    found = []
    for method, route in routes():
        if method == "POST" and ENTRIES[route.endpoint].act is not None:
            path = route.path.replace("{slug}", "updates").replace("{language}", "en")
            if not path.endswith(_NOT_AGAIN):
                found.append(re.sub(r"\{[^}]*\}", "1", path))
    return found


def send(browser: AtDesk, path: str, kind: str, body: bytes) -> None:
    began = time.process_time()
    answer = browser.post(
        path,
        content=body,
        headers={"content-type": kind, "x-csrf": browser.csrf, "accept": "application/json"},
    )
    what = f"{path} {kind} {body[:40]!r}: {answer.status_code}"
    assert answer.status_code < 500, what
    assert time.process_time() - began < SLOW_S, what


def test_no_json_breaks_what_scripts_ask(update: Update120, sign_in: SignIn) -> None:
    browser = sign_in("owner")
    here = update.path
    for path in (f"{here}/preview", f"{here}/findings", f"{here}/links", "/desk/paste"):
        for body in JSON.values():
            send(browser, path, "application/json", body)


@pytest.mark.long
def test_no_json_breaks_a_page(update: Update120, sign_in: SignIn) -> None:
    browser = sign_in("owner")
    for path in addresses():
        for body in JSON.values():
            send(browser, path, "application/json", body)


@pytest.mark.long
def test_no_form_breaks_a_page(update: Update120, sign_in: SignIn) -> None:
    browser = sign_in("owner")
    for path in addresses():
        for kind, body in FORMS.values():
            send(browser, path, kind, body)


@pytest.mark.parametrize("text", ["> " * 5_000, "[" * 40_000, "*a **b " * 10_000, "www." * 10_000])
@pytest.mark.parametrize("what", ["preview", "findings"])
def test_a_text_that_is_made_to_take_long_does_not(
    update: Update120, sign_in: SignIn, what: str, text: str
) -> None:
    item = update.issue.items[0].id
    draft = f'{{"items":[{{"id":{item},"title":"x","body":"{text}"}}]}}'.encode()
    send(sign_in("auditor"), f"{update.path}/{what}", "application/json", draft)


def test_no_preview_of_a_text_that_could_not_be_saved(update: Update120, sign_in: SignIn) -> None:
    browser = sign_in("editor")
    answer = browser.post(
        f"{update.path}/preview",
        json={"items": [{"title": "x", "body": "word " * 30_000}]},
        headers={"x-csrf": browser.csrf, "accept": "application/json"},
    )
    assert (answer.status_code, "too large" in answer.json()["said"]) == (413, True)
