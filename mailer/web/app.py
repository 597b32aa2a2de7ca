"""The application: routes, errors, headers."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from mailer import delivery
from mailer.config import Config
from mailer.database import Database
from mailer.web import archive, choices, errors, new_address, operations, subscribe
from mailer.web.desk import routes as desk
from mailer.web.headers import Headers
from mailer.web.routing import BelowPath, slashless
from mailer.web.site import Site

# The archive comes last: its addresses begin with any word.
_PUBLIC = [part.router for part in (operations, subscribe, new_address, choices)]
_AT_DESK = [*desk.ROUTERS, slashless(desk.ROUTERS), desk.NOWHERE]
ROUTERS = (*_PUBLIC, *_AT_DESK, archive.router)
SLASHLESS = slashless([*_PUBLIC, archive.router])


class Pages(FastAPI):
    """The application. Whatever it answers has its headers, a bug's page too."""

    def build_middleware_stack(self) -> ASGIApp:
        """Everything around the routes: the site's own path is taken off before all else."""
        site: Site = self.state.site
        return BelowPath(Headers(super().build_middleware_stack()), site.config.site.path)


def build(config: Config, database: Database) -> FastAPI:
    """The pages of `config`'s organisation, on `database`."""
    app = Pages(
        title=config.organisation.name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.site = site = Site(config, database)
    # The first confirmation shall not wait for this in the transaction that enqueues it.
    delivery.preload()
    desk.furnish(app, config)
    # Not `include_router`, which would read every handler's signature once more.
    app.router.routes.extend(route for router in ROUTERS for route in router.routes)
    app.router.default = SLASHLESS
    errors.register(app, site)
    return app
