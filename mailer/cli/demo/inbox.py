"""The built-in inbox: an SMTP server that keeps what it gets, and pages that show it."""

import html
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Received:
    """A letter as it came: its envelope, and the file that holds its bytes."""

    sender: str
    recipient: str
    file: Path

    def message(self) -> EmailMessage:
        return message_from_bytes(self.file.read_bytes(), policy=policy.default)


class Inbox:
    """Everything received so far, oldest first."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port
        self.received: list[Received] = []
        self._controller = Controller(
            self, hostname="127.0.0.1", port=port, server_hostname="inbox.example", ident="Inbox"
        )

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a letter; aiosmtpd calls this when the final dot has come."""
        file = self.folder / f"{len(self.received) + 1:05}.eml"
        assert isinstance(envelope.content, bytes)
        file.write_bytes(envelope.content)
        self.received += [
            Received(envelope.mail_from or "", recipient, file) for recipient in envelope.rcpt_tos
        ]
        return "250 2.0.0 kept"


def inbox_pages(inbox: Inbox) -> Starlette:
    """The pages: what was received, and one letter as HTML, text and headers."""

    def find(request: Request) -> tuple[int, Received]:
        number = request.path_params["number"]
        if not 1 <= number <= len(inbox.received):
            raise HTTPException(404, "There is no such letter.")
        return number, inbox.received[number - 1]

    def listing(request: Request) -> Response:
        rows = []
        newest = list(enumerate(inbox.received, 1))[-_SHOWN:]
        for number, received in reversed(newest):
            message = received.message()
            rows.append(
                f'<li><a href="{number}/">{_text(message["subject"])}</a>'
                f"<p>to {_text(message['to'])}</p></li>"
            )
        body = f"<ol reversed>{''.join(rows)}</ol>" if rows else "<p>Nothing yet.</p>"
        return _page(request, f"Inbox: {len(inbox.received)} letters", body)

    def letter(request: Request) -> Response:
        number, received = find(request)
        message = received.message()
        text = message.get_body(("plain",))
        headers = "".join(f"{name}: {value}\n" for name, value in message.items())
        body = (
            f'<p><a href="../">All letters</a></p>'
            f"<p>Envelope: from {_text(received.sender)} to {_text(received.recipient)}</p>"
            f'<h2>HTML</h2><iframe title="The letter" sandbox="allow-popups" src="html"></iframe>'
            f"<h2>Text</h2><pre>{_text(text.get_content() if text else '')}</pre>"
            f"<h2>Headers</h2><pre>{_text(headers)}</pre>"
            f'<p><a href="raw">The whole message as it came</a></p>'
        )
        return _page(request, f"{number}. {message['subject']}", body)

    def part(request: Request) -> Response:
        _, received = find(request)
        found = received.message().get_body(("html",))
        return HTMLResponse(
            found.get_content() if found else "<p>This letter has no HTML part.</p>",
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
                "img-src 'self'; frame-ancestors 'self'; sandbox allow-popups"
            },
        )

    def raw(request: Request) -> Response:
        return PlainTextResponse(find(request)[1].file.read_bytes())

    return Starlette(
        routes=[
            Route("/", listing),
            Route("/{number:int}/", letter),
            Route("/{number:int}/html", part),
            Route("/{number:int}/raw", raw),
        ]
    )


_STYLE = """
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { max-width: 44em; margin: 0 auto; padding: 24px; overflow-wrap: anywhere; }
h1, h2 { font-family: Georgia, serif; line-height: 1.2; }
li { margin-block: 12px; } li p { margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
iframe { width: 100%; height: 60em; border: 1px solid; background: Canvas; }
"""


def _page(request: Request, title: str, body: str) -> HTMLResponse:
    site = request.scope.get("root_path", "").removesuffix("/inbox") + "/"
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{_text(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{_text(title)}</h1>{body}</main>"
        f'<p><a href="{_text(site)}">To the archive</a></p></body></html>',
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "frame-src 'self'; base-uri 'none'"
        },
    )


def _text(value: object) -> str:
    return html.escape(str(value))
