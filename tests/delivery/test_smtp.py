"""The SMTP client against a server that keeps the rules, and against one that does not."""

import asyncio
import base64
import re
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailer.config import Relay
from mailer.delivery import smtp, try_relay, wire
from mailer.delivery.disposition import Stage
from mailer.delivery.smtp import Connection, ConnectionLost, RelayFault
from tests.services import free_port
from tests.sink import DROP, RAW, STALL, Script, Sink, behave

PIPELINING = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
IN_STEPS = ("8BITMIME", "ENHANCEDSTATUSCODES")
BOTH = pytest.mark.parametrize("extensions", [PIPELINING, IN_STEPS], ids=["pipelining", "in steps"])

MESSAGE = b"Subject: water\r\n\r\nA pact.\r\n"


def relay_to(sink: Sink, **more: Any) -> Relay:
    more = {"host": "127.0.0.1", "security": "none", "helo": "client.example", **more}
    return Relay(port=sink.port, **more)


def with_connection(sink: Sink, talk: Callable[[Connection], Awaitable[None]]) -> None:
    async def go() -> None:
        connection = await smtp.connect(relay_to(sink))
        try:
            await talk(connection)
        finally:
            await connection.quit()

    with sink.running():
        asyncio.run(go())


async def offer(connection: Connection, recipient: str = "ana@example.org") -> Any:
    return await connection.envelope("bounces@psg.example", recipient, len(MESSAGE))


async def give(connection: Connection, recipient: str = "ana@example.org") -> int:
    """Send a whole message; the code that answers the dot."""
    assert await offer(connection, recipient) is None
    await connection.body(MESSAGE)
    return (await connection.dot()).code


def answering(stage: str, reply: str, only: str = "") -> Script:
    """A script that says `reply` at one stage, to any argument or only to one that has `only`."""
    return lambda at, argument: reply if at == stage and only in argument else None


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TIMEOUTS", dict.fromkeys(Stage, 0.2))
    monkeypatch.setattr(smtp, "QUIT_TIMEOUT", 0.2)


# Messages


@BOTH
@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "octet by octet"])
def test_one_connection_carries_message_after_message(
    extensions: tuple[str, ...], in_pieces: bool
) -> None:
    sink = Sink(extensions=extensions, in_pieces=in_pieces)
    readers = [f"reader{number}@example.org" for number in range(3)]

    async def talk(connection: Connection) -> None:
        for reader in readers:
            assert await give(connection, reader) == 250
        assert connection.messages == 3
        assert not connection.botched

    with_connection(sink, talk)
    assert sink.recipients == readers
    assert {recorded.content for recorded in sink.recorded} == {MESSAGE}
    assert {recorded.sender for recorded in sink.recorded} == {"bounces@psg.example"}
    assert sink.connections == 1


@pytest.mark.parametrize(
    "message",
    [
        b".\r\n",
        b".first\r\n",
        b"\r\n.\r\nafter\r\n",
        b"a\r\n..two\r\n.one\r\n",
        b"x" * 200_000 + b"\r\n.end\r\n",
    ],
)
def test_dots_arrive_as_they_were(message: bytes) -> None:
    sink = Sink()

    async def talk(connection: Connection) -> None:
        assert await connection.envelope("a@psg.example", "b@example.org", len(message)) is None
        await connection.body(message)
        assert (await connection.dot()).code == 250

    with_connection(sink, talk)
    assert [recorded.content for recorded in sink.recorded] == [message]


@pytest.mark.parametrize(
    ("offered", "recipient", "parameters"),
    [
        (("SIZE 1000000",), "b@example.org", f"SIZE={len(MESSAGE)}"),
        (("SIZE",), "b@example.org", f"SIZE={len(MESSAGE)}"),
        (("SMTPUTF8", "SIZE"), "ño@example.org", f"SIZE={len(MESSAGE)} SMTPUTF8"),
        (("SMTPUTF8",), "b@example.org", ""),
        ((), "b@example.org", ""),
    ],
)
def test_what_the_envelope_says_beside_the_addresses(
    offered: tuple[str, ...], recipient: str, parameters: str
) -> None:
    sink = Sink(extensions=offered)

    async def talk(connection: Connection) -> None:
        assert await give(connection, recipient) == 250

    with_connection(sink, talk)
    assert sink.parameters == parameters


def test_a_reply_of_several_lines_is_one_reply() -> None:
    sink = Sink(script=answering("dot", "550-5.7.1 first\r\n550-5.7.1 second\r\n550 5.7.1 third"))

    async def talk(connection: Connection) -> None:
        assert await offer(connection) is None
        await connection.body(MESSAGE)
        reply = await connection.dot()
        assert (reply.code, reply.text) == (550, "5.7.1 first 5.7.1 second 5.7.1 third")
        assert reply.enhanced == "5.7.1"

    with_connection(sink, talk)


# Refusals


@BOTH
@pytest.mark.parametrize("reply", ["550 5.1.1 no", "450 4.2.1 later", "554-5.7.1 a\r\n554 5.7.1 b"])
@pytest.mark.parametrize(
    ("stage", "refused_at"),
    [("MAIL", Stage.MAIL), ("RCPT", Stage.RCPT), ("DATA", Stage.DATA)],
)
def test_after_a_refusal_the_next_envelope_goes_through(
    extensions: tuple[str, ...], stage: str, refused_at: Stage, reply: str
) -> None:
    refusals = [reply]

    def once(at: str, _argument: str) -> str | None:
        return refusals.pop() if at == stage and refusals else None

    sink = Sink(script=once, extensions=extensions)

    async def talk(connection: Connection) -> None:
        refused = await offer(connection, "refused@example.org")
        assert refused is not None
        at, said = refused
        assert (at, said.code) == (refused_at, int(reply[:3]))
        assert not connection.botched
        assert await give(connection, "taken@example.org") == 250

    with_connection(sink, talk)
    assert sink.recipients == ["taken@example.org"]
    assert sink.connections == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_data_accepted_without_a_recipient_gets_an_empty_message(stage: str) -> None:
    def careless(at: str, argument: str) -> str | None:
        if at == stage and argument.startswith(("refused", "bounces")) and not sink.recorded:
            return None if refused.get(at) else refused.setdefault(at, "550 5.1.1 no")
        return "354 go on anyway" if at == "DATA" and not argument else None

    refused: dict[str, str] = {}
    sink = Sink(script=careless)

    async def talk(connection: Connection) -> None:
        found = await offer(connection, "refused@example.org")
        assert found is not None
        assert found[1].code == 550
        assert await give(connection, "taken@example.org") == 250

    with_connection(sink, talk)
    assert "taken@example.org" in sink.recipients
    assert {recorded.content for recorded in sink.recorded} <= {MESSAGE, b""}


@BOTH
def test_a_refusal_stands_though_the_connection_dies_behind_it(
    extensions: tuple[str, ...],
) -> None:
    def script(at: str, _argument: str) -> str | None:
        return {"RCPT": "550 5.1.1 no", "DATA": DROP}.get(at)

    async def talk(connection: Connection) -> None:
        refused = await offer(connection)
        assert refused is not None
        assert refused[1].code == 550

    with_connection(Sink(script=script, extensions=extensions), talk)


def test_a_refused_message_leaves_the_connection_good() -> None:
    sink = Sink(script=answering("dot", "550 5.7.1 spam", only="first"))

    async def talk(connection: Connection) -> None:
        assert await give(connection, "first@example.org") == 550
        assert not connection.past_dot
        assert await give(connection, "second@example.org") == 250

    with_connection(sink, talk)
    assert sink.recipients == ["second@example.org"]


# Losses


@BOTH
@pytest.mark.parametrize("reply", [DROP, "421 4.3.2 closing"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_lost_in_the_envelope(extensions: tuple[str, ...], stage: str, reply: str) -> None:
    async def talk(connection: Connection) -> None:
        with pytest.raises(ConnectionLost):
            await offer(connection)
        assert connection.botched
        assert not connection.past_dot
        with pytest.raises(ConnectionLost):
            await offer(connection)

    sink = Sink(script=answering(stage, reply), extensions=extensions)
    with_connection(sink, talk)
    assert sink.recorded == []


@pytest.mark.parametrize(("stage", "kept"), [("dot", 0), ("accepted", 1)])
def test_lost_behind_the_dot(stage: str, kept: int) -> None:
    async def talk(connection: Connection) -> None:
        assert await offer(connection) is None
        await connection.body(MESSAGE)
        assert not connection.past_dot
        with pytest.raises(ConnectionLost):
            await connection.dot()
        assert connection.past_dot
        assert connection.botched

    sink = Sink(script=answering(stage, DROP))
    with_connection(sink, talk)
    assert len(sink.recorded) == kept


def test_lost_between_the_message_and_its_dot() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for reply in (b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
            await reader.readline()
            writer.write(reply)
        await reader.readline()
        writer.transport.abort()

    async def talk() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = await smtp.connect(Relay(host="127.0.0.1", port=port, security="none"))
        assert await offer(connection) is None
        await connection.body(MESSAGE)
        async with asyncio.timeout(5):
            while not connection.botched:
                await asyncio.sleep(0)
        with pytest.raises(ConnectionLost):
            await connection.dot()
        assert not connection.past_dot
        server.close()

    asyncio.run(talk())


def test_421_to_the_dot_is_an_answer() -> None:
    async def talk(connection: Connection) -> None:
        assert await give(connection) == 421
        assert not connection.past_dot

    with_connection(Sink(script=answering("dot", "421 4.3.2 closing")), talk)


MALFORMED = [
    "hello",
    "25",
    "250ok",
    "99 no",
    "999 no",
    "150 no",
    "²50 superscript",
    "٢٥٠ arabic",
    "",
    "250-one\r\n251 two",
    "250-" + "x" * 5000,
    RAW + "250 " + "x" * 9000,
    "250-more\r\n" * 300 + "250 end",
]


@pytest.mark.parametrize("reply", MALFORMED, ids=[repr(reply)[:20] for reply in MALFORMED])
@pytest.mark.parametrize("stage", ["MAIL", "dot"])
def test_a_malformed_reply_ends_the_connection(stage: str, reply: str) -> None:
    if reply == "250-" + "x" * 5000:
        reply += "\r\nand then rubbish"

    async def talk(connection: Connection) -> None:
        with pytest.raises(ConnectionLost):
            await give(connection)
        assert connection.botched
        assert connection.past_dot == (stage == "dot")

    with_connection(Sink(script=answering(stage, reply)), talk)


@pytest.mark.parametrize(
    ("stage", "reply", "past_dot"),
    [
        ("MAIL", "354 what", False),
        ("RCPT", "354 what", False),
        ("DATA", "250 what", False),
        ("dot", "354 what", True),
    ],
)
def test_a_reply_that_cannot_come_there_means_out_of_step(
    stage: str, reply: str, past_dot: bool
) -> None:
    async def talk(connection: Connection) -> None:
        with pytest.raises(ConnectionLost, match="out of step"):
            await give(connection)
        assert connection.botched
        assert connection.past_dot == past_dot

    with_connection(Sink(script=answering(stage, reply)), talk)


def test_a_reply_that_nobody_asked_for_is_taken_for_no_answer() -> None:
    sink = Sink(script=answering("accepted", "250 2.0.0 kept\r\n250 2.0.0 and more"))

    async def talk(connection: Connection) -> None:
        assert await give(connection) == 250
        assert connection.botched
        with pytest.raises(ConnectionLost, match="unasked"):
            await offer(connection)

    with_connection(sink, talk)
    assert len(sink.recorded) == 1


def test_saying_good_bye_closes_a_connection_that_lost_step() -> None:
    sink = Sink(script=answering("accepted", "250 2.0.0 kept\r\n421 4.4.2 idle"))

    async def talk(connection: Connection) -> None:
        assert await give(connection) == 250
        await connection.quit()
        assert connection.lost

    with_connection(sink, talk)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mail.psg.example", "mail.psg.example"),
        ("localhost", "[127.0.0.1]"),
        ("localhost.localdomain", "[127.0.0.1]"),
        ("host", "[127.0.0.1]"),
    ],
)
def test_who_has_no_full_name_says_the_address(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    names: list[str] = []
    sink = Sink(script=lambda at, argument: names.append(argument) if at == "EHLO" else None)
    monkeypatch.setattr("socket.getfqdn", lambda: name)
    smtp._own_name.cache_clear()

    async def go() -> None:
        await (await smtp.connect(relay_to(sink, helo=None))).quit()

    with sink.running():
        asyncio.run(go())
    smtp._own_name.cache_clear()
    assert names == [said]


def test_words_before_the_dot_keep_it_back() -> None:
    sink = Sink(script=answering("DATA", "354 go on\r\n552 5.3.4 too big"))

    async def talk(connection: Connection) -> None:
        assert await offer(connection) is None
        await connection.body(MESSAGE)
        with pytest.raises(ConnectionLost, match="too big"):
            await connection.dot()
        assert not connection.past_dot

    with_connection(sink, talk)
    assert sink.recorded == []


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize(
    ("stage", "past_dot"),
    [("MAIL", False), ("RCPT", False), ("DATA", False), ("dot", True), ("accepted", True)],
)
def test_silence_ends_the_connection(stage: str, past_dot: bool) -> None:
    async def talk(connection: Connection) -> None:
        with pytest.raises(ConnectionLost, match="in time"):
            await give(connection)
        assert connection.botched
        assert connection.past_dot == past_dot

    with_connection(Sink(script=answering(stage, STALL)), talk)


@pytest.mark.usefixtures("hurry")
def test_a_relay_that_takes_no_more_of_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BLOCK_TIMEOUT", 0.2)

    async def talk(connection: Connection) -> None:
        assert await offer(connection) is None
        with pytest.raises(ConnectionLost, match="takes no more"):
            await connection.body(b"x" * 78 + b"\r\n" + b"y" * 50_000_000)
        assert not connection.past_dot

    def script(at: str, _argument: str) -> str | None:
        return "354 go on\r\n" + STALL if at == "DATA" else None

    class Deaf(Sink):
        async def _content(self, reader: asyncio.StreamReader) -> bytes:
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.Event().wait()
            return b""

    with_connection(Deaf(), talk)


@pytest.mark.usefixtures("hurry")
def test_saying_good_bye_never_raises() -> None:
    for reply in (DROP, STALL, "500 what", "nonsense"):

        async def talk(connection: Connection) -> None:
            await connection.quit()
            assert connection.botched
            await connection.quit()

        with_connection(Sink(script=answering("QUIT", reply)), talk)


# Opening


def fault(sink: Sink, **more: Any) -> str:
    """The sentence with which opening a connection fails."""
    with sink.running(), pytest.raises(RelayFault) as caught:
        try_relay(relay_to(sink, **more))
    sentence = str(caught.value)
    assert sentence.startswith(
        f"The relay {more.get('host', '127.0.0.1')}:{sink.port} cannot be used: "
    )
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("stage", ["connect", "EHLO"])
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("554 5.7.1 not you", "554 5.7.1 not you (in reply to "),
        ("421 4.3.2 busy", "421 4.3.2 busy"),
        ("nonsense", "malformed"),
        (DROP, "connection closed by the relay"),
        (STALL, "in time"),
    ],
)
@pytest.mark.usefixtures("hurry")
def test_a_relay_that_does_not_let_us_in(stage: str, reply: str, words: str) -> None:
    assert words in fault(Sink(script=answering(stage, reply)))


def test_a_relay_that_is_not_there() -> None:
    port = free_port()
    with pytest.raises(RelayFault, match=f"127.0.0.1:{port} cannot be used: .*[Cc]onne.* refused"):
        try_relay(Relay(host="127.0.0.1", port=port, security="none"))


def test_a_host_that_cannot_be_one() -> None:
    with pytest.raises(RelayFault, match="cannot be used"):
        try_relay(Relay(host="a" * 64, port=25, security="none"))


def test_a_server_that_knows_no_ehlo_is_greeted_with_helo() -> None:
    def old(at: str, _argument: str) -> str | None:
        return {"EHLO": "502 5.5.1 what?", "HELO": "250 sink.example"}.get(at)

    sink = Sink(script=old)

    async def talk(connection: Connection) -> None:
        assert connection.extensions == {}
        assert await give(connection) == 250

    with_connection(sink, talk)


def test_the_extensions_that_a_relay_offers() -> None:
    sink = Sink(extensions=("pipelining", "SIZE 1000", "AUTH PLAIN LOGIN"))
    with sink.running():
        assert try_relay(relay_to(sink)) == ["AUTH", "PIPELINING", "SIZE"]


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def secure_sink(authority: trustme.CA, security: str, *names: str, **more: Any) -> Sink:
    return Sink(
        tls=certified(authority, *(names or ("127.0.0.1",))),
        implicit_tls=security == "tls",
        extensions=("PIPELINING", "STARTTLS"),
        **more,
    )


TLS = pytest.mark.parametrize("security", ["tls", "starttls"])


@TLS
def test_a_message_goes_over_tls(authority: trustme.CA, ca_file: Path, security: str) -> None:
    sink = secure_sink(authority, security)

    async def go() -> None:
        relay = relay_to(sink, security=security, ca_file=ca_file)
        connection = await smtp.connect(relay)
        assert await give(connection) == 250
        await connection.quit()

    with sink.running():
        asyncio.run(go())
    assert sink.recipients == ["ana@example.org"]


@TLS
def test_a_certificate_of_an_unknown_authority(authority: trustme.CA, security: str) -> None:
    assert "its certificate is not good" in fault(
        secure_sink(authority, security), security=security
    )


@TLS
def test_a_certificate_of_another_host(authority: trustme.CA, ca_file: Path, security: str) -> None:
    sink = secure_sink(authority, security, "other.example")
    assert "its certificate is not good" in fault(sink, security=security, ca_file=ca_file)


@TLS
def test_a_handshake_that_is_cut_off_has_a_reason(ca_file: Path, security: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if security == "starttls":
            writer.write(b"220 sink\r\n")
            await reader.readline()
            writer.write(b"250-sink\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go on\r\n")
        await reader.read(1)
        writer.transport.abort()

    async def go() -> str:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        relay = Relay(host="127.0.0.1", port=port, security=security, ca_file=ca_file)  # type: ignore[arg-type]
        try:
            with pytest.raises(RelayFault) as refused:
                await smtp.connect(relay)
        finally:
            server.close()
        return str(refused.value)

    sentence = asyncio.run(go())
    assert re.search(r"cannot be used: \w.*\w\.$", sentence), sentence


def test_an_authority_file_that_is_missing(tmp_path: Path) -> None:
    missing = tmp_path / "none.pem"
    assert str(missing) in fault(Sink(), security="tls", ca_file=missing)


@pytest.mark.usefixtures("hurry")
def test_a_relay_that_speaks_no_tls(ca_file: Path) -> None:
    assert fault(Sink(), security="tls", ca_file=ca_file)


def test_starttls_is_not_done_without() -> None:
    assert "does not offer STARTTLS" in fault(Sink(), security="starttls")


def test_starttls_that_is_refused(authority: trustme.CA) -> None:
    sink = secure_sink(authority, "starttls", script=answering("STARTTLS", "454 4.7.0 not now"))
    assert "454 4.7.0 not now (in reply to STARTTLS)" in fault(sink, security="starttls")


def test_words_in_clear_behind_starttls_are_not_believed(
    authority: trustme.CA, ca_file: Path
) -> None:
    forged = "220 go on\r\n250-evil.example\r\n250 AUTH PLAIN"
    sink = secure_sink(authority, "starttls", script=answering("STARTTLS", forged))
    assert "in clear" in fault(sink, security="starttls", ca_file=ca_file)


# AUTH

ANA = {"username": "ana", "password": "sésamo"}


def test_auth_plain() -> None:
    said: list[tuple[str, str]] = []

    def script(at: str, argument: str) -> str | None:
        said.append((at, argument))
        return "235 2.7.0 welcome" if at == "AUTH" else None

    sink = Sink(script=script, extensions=("AUTH LOGIN PLAIN",))
    with sink.running():
        try_relay(relay_to(sink, **ANA))
    mechanism, _, secret = dict(said)["AUTH"].partition(" ")
    assert (mechanism, base64.b64decode(secret).decode()) == ("PLAIN", "\0ana\0sésamo")


def test_auth_login_where_nothing_else_is_offered() -> None:
    said: list[str] = []

    def script(at: str, argument: str) -> str | None:
        if at in ("connect", "EHLO", "QUIT"):
            return None
        said.append(argument if at == "AUTH" else base64.b64decode(at).decode())
        return "235 2.7.0 welcome" if len(said) == 3 else "334 VXNlcm5hbWU6"

    sink = Sink(script=script, extensions=("AUTH LOGIN",))
    with sink.running():
        try_relay(relay_to(sink, **ANA))
    assert said == ["LOGIN", "ana", "sésamo"]


@pytest.mark.parametrize(
    ("offered", "script", "words"),
    [
        ("AUTH PLAIN", answering("AUTH", "535 5.7.8 wrong password"), "535 5.7.8 wrong password"),
        ("AUTH LOGIN", answering("AUTH", "535 5.7.8 wrong password"), "535 5.7.8 wrong password"),
        ("AUTH PLAIN", answering("AUTH", "454 4.7.0 not now"), "454 4.7.0 not now"),
        ("AUTH PLAIN", answering("AUTH", DROP), "connection closed by the relay"),
        ("AUTH CRAM-MD5", behave, "neither AUTH PLAIN nor AUTH LOGIN"),
        ("SIZE", behave, "neither AUTH PLAIN nor AUTH LOGIN"),
    ],
)
def test_auth_that_fails(offered: str, script: Script, words: str) -> None:
    sentence = fault(Sink(script=script, extensions=(offered,)), **ANA)
    assert words in sentence
    assert "sésamo" not in sentence


def test_an_address_beyond_ascii_is_not_sent_to_a_relay_that_takes_none() -> None:
    sink = Sink()

    async def talk(connection: Connection) -> None:
        refused = await offer(connection, "ño@example.org")
        assert refused is not None
        assert (refused[0], refused[1].enhanced) == (Stage.MAIL, "5.6.7")
        assert await give(connection) == 250

    with_connection(sink, talk)
    assert sink.recipients == ["ana@example.org"]
