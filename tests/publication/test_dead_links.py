"""Asking whether links are alive, against a real server on loopback."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mailer.letter import LinkAnswer
from mailer.publication import ask_links, dead_links

LOOPBACK = "127.0.0.1"
NAMES = {
    "site.example": [LOOPBACK],
    "inside.example": ["10.0.0.7"],
    "half.example": [LOOPBACK, "192.168.0.1"],
}


@dataclass
class Site:
    """A web server, what was asked of it, and which names were looked up; `ended` frees it."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "site.example") -> str:
        return f"http://{host}:{self.port}{path}"

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        return NAMES.get(host, [])

    def ask(self, *urls: str, **bounds: Any) -> list[tuple[str, str]]:
        """What became of each of these, a path standing for a page of the site."""
        whole = [self.url(url) if url.startswith("/") else url for url in urls]
        answers = ask_links(whole, loopback=True, resolve=self.resolve, **bounds)
        assert [answer.url for answer in answers] == whole
        return [(answer.state, answer.reason) for answer in answers]


class Handler(BaseHTTPRequestHandler):
    server_version = "Test"

    def do_HEAD(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        site.asked.append((self.command, self.path))
        head, _, path = self.path[1:].partition("/")
        if head.isdigit():
            self.reply(int(head))
        elif head == "get-only":
            self.reply(200 if self.command == "GET" else 404)
        elif head == "to":
            self.reply(302, path)
        elif head == "down":
            self.reply(301, f"/down/{int(path) - 1}" if int(path) else "/200")
        elif head == "silent" or (head == "silent-to-head" and self.command == "HEAD"):
            site.ended.wait(30)
        elif head == "drip":
            with suppress(OSError):
                while not site.ended.wait(0.01):
                    self.wfile.write(b"X")
        elif head == "huge":
            self.reply(200)
            with suppress(OSError):
                while not site.ended.is_set():
                    self.wfile.write(b"x" * 65_536)
        elif head == "long-header":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        elif head == "early":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            self.reply(200)
        elif head == "no-http":
            self.wfile.write(b"220 mail.example ESMTP\r\n\r\n")
        else:
            self.reply(200)

    do_GET = do_HEAD  # noqa: N815

    def reply(self, status: int, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        server.site = Site(server.server_port)  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.site  # type: ignore[attr-defined]
        server.site.ended.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", ""),
        ("/200", ""),
        ("/early", ""),
        ("/get-only", ""),
        ("/to//200", ""),
        ("/to/../200", ""),
        ("/down/4", ""),
        ("/403", ""),
        ("/429", ""),
        ("/404", "there is no such page (404)"),
        ("/410", "the page is gone (410)"),
        ("/500", "the server answers 500"),
        ("/to//404", "there is no such page (404)"),
        ("/to/itself", "it leads in a circle"),
        ("/down/5", "it leads on more than 5 times"),
        ("/to/ftp://a.example/", "it leads on to ftp:, which is no web page"),
        ("/to/http://[", "it leads on to what is no web address"),
        ("/long-header", "what answers is no web server"),
        ("/no-http", "what answers is no web server"),
    ],
)
def test_what_an_answer_means(site: Site, path: str, reason: str) -> None:
    assert site.ask(path) == [("dead" if reason else "alive", reason)]


def test_the_body_is_left_where_it_is(site: Site) -> None:
    assert site.ask("/huge") == [("alive", "")]
    assert site.asked == [("HEAD", "/huge")]


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_a_server_that_takes_its_time(site: Site, path: str) -> None:
    assert site.ask(path, link_seconds=0.2) == [("dead", "no answer within 0.2 seconds")]


def test_a_server_that_is_silent_to_head(site: Site) -> None:
    assert site.ask("/silent-to-head", link_seconds=1) == [("alive", "")]
    assert [method for method, _ in site.asked] == ["HEAD", "GET"]


def test_all_links_together_have_a_time_too(site: Site) -> None:
    many = [f"/silent/{n}" for n in range(dead_links.AT_ONCE + 1)]
    late = ("not asked", "time was up after 0.2 seconds")
    assert site.ask("/200", *many, all_seconds=0.2) == [("alive", ""), *[late] * len(many)]
    assert len(site.asked) <= 1 + dead_links.AT_ONCE


def test_so_many_links_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_links, "MOST_LINKS", 2)
    more = ("not asked", "only 2 links are asked at a time")
    assert site.ask("/1", "/2", "/3")[2:] == [more]
    assert {path for _, path in site.asked} == {"/1", "/2"}


def test_each_link_is_asked_once(site: Site) -> None:
    urls = [site.url("/200"), site.url("/200")]
    assert ask_links(urls, loopback=True, resolve=site.resolve) == (LinkAnswer(urls[0], "alive"),)
    assert site.asked == [("HEAD", "/200")]


def test_no_link_takes_no_time() -> None:
    assert ask_links([]) == ()


@pytest.mark.parametrize(
    "url",
    [
        "http://inside.example/",
        "http://half.example/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:a00:1]/",
        "http://[2002:a00:1::]/",
        "http://[64:ff9b::a00:1]/",
    ],
)
def test_private_networks_are_refused(site: Site, url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return NAMES.get(host, [host])

    (answer,) = ask_links([url], loopback=True, resolve=resolve)
    assert (answer.state, answer.reason) == ("dead", "it leads to a private network")


def test_loopback_is_refused_unless_a_test_wants_it(site: Site) -> None:
    urls = [site.url("/", host) for host in (LOOPBACK, "localhost", "[::1]", "[::ffff:127.0.0.1]")]
    assert {answer.reason for answer in ask_links(urls)} == {"it leads to a private network"}
    (answer,) = ask_links([site.url("/")], resolve=site.resolve)
    assert answer.reason == "it leads to a private network"
    assert site.asked == []


def test_a_redirection_is_looked_at_like_a_link(site: Site) -> None:
    onward = f"http://inside.example:{site.port}/"
    assert site.ask(f"/to/{onward}") == [("dead", "it leads to a private network")]
    assert site.looked_up == ["site.example", "inside.example"]


def test_an_answer_that_changes_is_not_asked_for_twice(site: Site) -> None:
    """DNS rebinding: HEAD and GET both go to the address that was looked at."""
    answers = iter([[LOOPBACK], ["10.0.0.1"]])

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(answers)

    (answer,) = ask_links([site.url("/get-only")], loopback=True, resolve=resolve)
    assert answer.state == "alive"
    assert [method for method, _ in site.asked] == ["HEAD", "GET"]
    (answer,) = ask_links([site.url("/200")], loopback=True, resolve=resolve)
    assert answer.reason == "it leads to a private network"


def test_a_host_that_nobody_knows(site: Site) -> None:
    assert site.ask("http://nobody.example/") == [("dead", "there is no host nobody.example")]


def test_where_nobody_listens(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        assert site.ask(f"http://site.example:{port}/") == [("dead", "nobody listens there")]


def test_tls_that_is_none(site: Site) -> None:
    url = site.url("/").replace("http:", "https:")
    assert site.ask(url) == [("dead", "it speaks no TLS that is safe")]


@pytest.mark.parametrize("url", ["http://site.example:25/", "http://site.example:22/"])
def test_ports_of_other_servers_are_not_asked(site: Site, url: str) -> None:
    ((state, reason),) = site.ask(url)
    assert state == "dead"
    assert "where no web server is" in reason
    assert site.looked_up == []


@pytest.mark.parametrize(
    "url", ["", "http://", "http://a b/", "http://[/", "http://a:99999/", "x:y"]
)
def test_what_is_no_web_address(site: Site, url: str) -> None:
    (answer,) = ask_links([url], loopback=True, resolve=site.resolve)
    assert answer.state == "dead"
    assert site.asked == []


def test_no_link_can_add_to_the_request(site: Site) -> None:
    url = site.url("/a%0d%0ab c\u2028é?q=\u00e9 x#part")
    (answer,) = ask_links([url], loopback=True, resolve=site.resolve)
    assert answer.state == "alive"
    assert site.asked == [("HEAD", "/a%0d%0ab%20c%E2%80%A8%C3%A9?q=%C3%A9%20x")]


def test_tls_is_asked_with_the_hosts_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("site.example").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as secure:
        secure.socket = server.wrap_socket(secure.socket, server_side=True)
        secure.site = site  # type: ignore[attr-defined]
        thread = threading.Thread(target=secure.serve_forever, args=(0.01,))
        thread.start()
        url = f"https://site.example:{secure.server_port}/200"
        ((state, reason),) = site.ask(url)
        monkeypatch.setattr(dead_links, "_tls", lambda: client)
        trusted = site.ask(url)
        NAMES["other.example"] = [LOOPBACK]
        ((misnamed, _),) = site.ask(url.replace("site.", "other."))
        secure.shutdown()
        thread.join()
    assert (state, reason.partition(" (")[0]) == ("dead", "its certificate is not valid")
    assert trusted == [("alive", "")]
    assert misnamed == "dead"
