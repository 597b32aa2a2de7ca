"""A letter in a frame of a page: its HTML made fit to be looked at there, and what it may load."""

import re
from typing import Literal

from starlette.responses import HTMLResponse

from mailer.config import Config
from mailer.delivery import Scheme, in_scheme

# A letter brings its styles with it. It runs no script, wherever it is opened; what its links lead
# to opens in a window of its own, which is free of all this.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)

Width = Literal["phone", "desktop", "text"]


def framed(config: Config, html: str, scheme: Scheme) -> str:
    """`html` as a frame shows it, by day or by night.

    Pictures are asked for where the page itself is, whatever name the site has for readers, and
    links open in another window: the frame is for the letter.
    """
    shown = in_scheme(html, scheme).replace(f'src="{config.site.url}/', f'src="{config.site.path}/')
    return _HEAD.sub(lambda found: f'{found[0]}<base target="_blank">', shown, count=1)


def frame(config: Config, html: str, scheme: Scheme) -> HTMLResponse:
    """The frame's document."""
    return in_frame(framed(config, html, scheme))


def in_frame(html: str) -> HTMLResponse:
    """A document under the frame's policy."""
    return HTMLResponse(html, headers={"Content-Security-Policy": FRAME_POLICY})
