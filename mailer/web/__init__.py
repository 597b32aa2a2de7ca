"""The public site: what everybody may read, and what each reader rules over.

1. `create_app` builds the application once: configuration and database in, pages out.
2. A handler parses what came, calls a room's function in one transaction, and renders a
   template of `templates/pages`; it holds no rule. What is posted is checked before that
   transaction, and the answer is made outside it, so that it keeps nobody else from writing.
   Pages are whole without JavaScript.
3. GET and HEAD change nothing. A reader's link carries a signed token, which is the only
   authority on its page: no cookie is read. What it does, it does by POST.
4. Errors are pages in words; what they say of the cause goes to the log alone.

What pages say is in `catalogue`, in each language; colours are in `look`, what browsers are told
in `headers`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from mailer.config import Config
    from mailer.database import Database

__all__ = ["create_app"]


def create_app(config: "Config", database: "Database") -> "FastAPI":
    """The site as an ASGI application."""
    from mailer.web.app import build

    return build(config, database)
