"""Whose host a link leads to, by its name alone."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from mailer.sentence import Sentence

# RFC 6761 sections 6.2 and 6.4, RFC 6762, RFC 8375, and ICANN's ".internal".
_NEVER_PUBLIC = (".test", ".invalid", ".local", ".internal", ".localhost", ".home.arpa", ".lan")


def is_loopback(host: str) -> bool:
    """True where `host` can only be the machine that asks."""
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def not_public(host: str) -> str:
    """Why no reader gets to `host`, in words; empty where nothing speaks against it."""
    host = host.lower().rstrip(".")
    if address := _address(host):
        public = address.is_global and not address.is_multicast
        return "" if public else Sentence("a private network")
    if not host:
        return Sentence("no host")
    # What ends in a number is meant as an IPv4 address (WHATWG URL standard, host parsing).
    if host.rpartition(".")[2].isdigit():
        return Sentence("what is no address")
    if host == "localhost" or host.endswith(_NEVER_PUBLIC):
        return Sentence("a host for tests")
    return "" if "." in host else Sentence("a bare name")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
