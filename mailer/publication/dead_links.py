"""Which links are dead: each is asked once, with bounds on everything that a stranger decides.

1. A link's host is resolved. Where one of its addresses is not public (a private network, this
   machine), nothing is sent to any of them; the connection is then made to an address that was
   looked at, never to the name, so that a second answer of the resolver cannot change where it
   leads (DNS rebinding). A redirection is a new link, and is looked at in the same way.
2. HEAD first; where that is not well answered, GET, since many servers know no HEAD. Of an answer
   only the header is read, and only so much of it.
3. A server that says "not to you" (401, 403, 429 and their like) is alive: it takes us for a robot,
   and readers are none.

Success means that something answered for the page, not that it is the page that was meant.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from mailer.letter import LinkAnswer

MOST_LINKS = 200
AT_ONCE = 8
MOST_REDIRECTIONS = 5
MOST_HEADER_OCTETS = 32_768
LINK_SECONDS = 10.0
ALL_SECONDS = 60.0

Address = IPv4Address | IPv6Address
# The addresses of a host and port, as `getaddrinfo` gives them.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
# RFC 9110 section 15.5, RFC 6585, RFC 7725; 999 is how some sites turn robots away.
_NOT_TO_ROBOTS = frozenset({401, 402, 403, 405, 406, 407, 429, 451, 999})
_IN_WORDS = {404: "there is no such page (404)", 410: "the page is gone (410)"}
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])(?: [^\r\n]*)?\r\n")
_LOCATION = re.compile(rb"^location:[ \t]*([^\r\n]*?)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")
# RFC 6052: an IPv4 address written as an IPv6 one, for networks without IPv4.
_NAT64 = IPv6Network("64:ff9b::/96")


class _Dead(Exception):
    """The link is dead; the sentence says why."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one request goes: the address to connect to, and what is asked of it."""

    address: str
    port: int
    tls: bool
    host: str
    asked: str
    named: str


def ask_links(
    urls: Iterable[str],
    *,
    loopback: bool = False,
    resolve: Resolve | None = None,
    link_seconds: float = LINK_SECONDS,
    all_seconds: float = ALL_SECONDS,
) -> tuple[LinkAnswer, ...]:
    """Ask for each of these web addresses, and say what became of it, in their order.

    `loopback` lets links lead to this machine, and `resolve` answers for the resolver: for tests.
    """
    asked = tuple(dict.fromkeys(urls))
    return asyncio.run(_ask_all(asked, loopback, resolve or _resolve, link_seconds, all_seconds))


async def _ask_all(
    urls: Sequence[str],
    loopback: bool,
    resolve: Resolve,
    link_seconds: float,
    all_seconds: float,
) -> tuple[LinkAnswer, ...]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(url: str) -> LinkAnswer:
        async with turn:
            try:
                async with asyncio.timeout(link_seconds):
                    await _follow(url, loopback, resolve, link_seconds / 2)
            except _Dead as dead:
                return LinkAnswer(url, "dead", str(dead))
            except TimeoutError:
                return LinkAnswer(url, "dead", f"no answer within {link_seconds:g} seconds")
        return LinkAnswer(url, "alive")

    tasks = [asyncio.create_task(ask(url)) for url in urls[:MOST_LINKS]]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=all_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    answers = [
        task.result()
        if not task.cancelled()
        else LinkAnswer(url, "not asked", f"time was up after {all_seconds:g} seconds")
        for url, task in zip(urls, tasks, strict=False)
    ]
    many = f"only {MOST_LINKS} links are asked at a time"
    return (*answers, *(LinkAnswer(url, "not asked", many) for url in urls[MOST_LINKS:]))


async def _follow(url: str, loopback: bool, resolve: Resolve, head_seconds: float) -> None:
    """Ask for `url`, and for where it leads on to; who is silent to HEAD may answer GET.

    Raises:
        _Dead: there is nothing, or not for us to see.
    """
    seen = set()
    for _ in range(MOST_REDIRECTIONS + 1):
        if url in seen:
            raise _Dead("it leads in a circle")
        seen.add(url)
        targets = await _targets(url, loopback, resolve)
        try:
            async with asyncio.timeout(head_seconds):
                status, onward = await _status(targets, "HEAD")
        except TimeoutError:
            status, onward = None, ""
        if status is None or status >= 400:
            status, onward = await _status(targets, "GET")
        if status is None:
            raise _Dead(onward)
        if status not in _REDIRECTIONS or not onward:
            break
        try:
            url = urljoin(url, onward)
        except ValueError:
            raise _Dead("it leads on to what is no web address") from None
    else:
        raise _Dead(f"it leads on more than {MOST_REDIRECTIONS} times")
    if status >= 400 and status not in _NOT_TO_ROBOTS:
        raise _Dead(_IN_WORDS.get(status, f"the server answers {status}"))


async def _status(targets: Sequence[_Target], method: str) -> tuple[int | None, str]:
    """The status of the first address that answers, and where it leads on to.

    Without any answer None, and why.
    """
    reason = "nobody answers"
    for target in targets:
        try:
            return await _request(target, method)
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not valid ({error.verify_message})"
        except ssl.SSLError:
            reason = "it speaks no TLS that is safe"
        except (EOFError, asyncio.LimitOverrunError):
            reason = "what answers is no web server"
        except ConnectionRefusedError:
            reason = "nobody listens there"
        except OSError as error:
            reason = f"it cannot be reached ({error.strerror or type(error).__name__})"
    return None, reason


async def _request(target: _Target, method: str) -> tuple[int, str]:
    """One request on a connection of its own; only the answer's header is read.

    Raises:
        OSError, EOFError, asyncio.LimitOverrunError: there is no answer, or none of HTTP.
    """
    reader, writer = await asyncio.open_connection(
        target.address,
        target.port,
        ssl=_tls() if target.tls else None,
        server_hostname=target.host if target.tls else None,
        limit=MOST_HEADER_OCTETS,
    )
    try:
        writer.write(
            f"{method} {target.asked} HTTP/1.1\r\nHost: {target.named}\r\n"
            "User-Agent: Mailer (asks whether a link is alive)\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        # RFC 9110 section 15.2: interim answers may come before the final one.
        for _ in range(5):
            header = await reader.readuntil(b"\r\n\r\n")
            found = _STATUS.match(header)
            if found is None:
                break
            if (status := int(found[1])) >= 200:
                location = _LOCATION.search(header)
                return status, location[1].decode("latin-1") if location else ""
        raise EOFError
    finally:
        # What is left of the answer is not wanted, and a server may not let us go in peace.
        writer.transport.abort()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _targets(url: str, loopback: bool, resolve: Resolve) -> tuple[_Target, ...]:
    """Where to ask for `url`: addresses that were looked at.

    Raises:
        _Dead: it is no web address, its host is not known, or is not public.
    """
    try:
        parts = urlsplit(url)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        raise _Dead("it is no web address") from None
    if parts.scheme not in ("http", "https"):
        raise _Dead(f"it leads on to {parts.scheme or 'nothing'}:, which is no web page")
    tls = parts.scheme == "https"
    port = port or (443 if tls else 80)
    if port < 1024 and port not in (80, 443):
        raise _Dead(f"it leads to port {port}, where no web server is")
    try:
        found = [ip_address(one) for one in await resolve(host, port)]
    except (OSError, UnicodeError, ValueError):
        found = []
    if not found:
        raise _Dead(f"there is no host {host}")
    if not all(_allowed(address, loopback) for address in found):
        raise _Dead("it leads to a private network")
    named = f"[{host}]" if ":" in host else host
    return tuple(
        _Target(str(address), port, tls, host, _asked(parts), f"{named}:{port}")
        if parts.port
        else _Target(str(address), port, tls, host, _asked(parts), named)
        # IPv4 first: a machine may have IPv6 and no way out by it.
        for address in sorted(found, key=lambda address: address.version)[:2]
    )


def _ascii_host(host: str) -> str:
    """The host as it may stand in a request.

    Raises:
        ValueError: it is none.
    """
    if ":" in host:
        return str(ip_address(host))
    name = host.encode("idna").decode().lower()
    if not _HOST.fullmatch(name):
        raise ValueError(host)
    return name


def _asked(parts: SplitResult) -> str:
    """The path and query of a request, in visible ASCII only (RFC 9112 section 3.2.1)."""
    kept = "!#$%&'()*+,/:;=?@[]~-._"
    return quote(parts.path or "/", kept) + (f"?{quote(parts.query, kept)}" if parts.query else "")


def _allowed(address: Address, loopback: bool) -> bool:
    """Whether anybody on the internet may ask there; or it is this machine, and that is wanted."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return _allowed(inside, loopback)
        if address.teredo is not None or address.is_site_local:
            return False
    if address.is_loopback:
        return loopback
    return address.is_global and not (address.is_multicast or address.is_reserved)


async def _resolve(host: str, port: int) -> Sequence[str]:
    from socket import SOCK_STREAM

    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    # An address with a zone ("fe80::1%eth0") is of this network alone.
    return list(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found))
