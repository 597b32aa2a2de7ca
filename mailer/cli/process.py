"""A process that runs until it is told to end.

1. The sender has the main thread and its event loop; pages and schedule have threads of their
   own, so that a page never waits for a ledger's commit.
2. SIGTERM and Ctrl-C end it in order, within ten seconds: no page is begun, nothing is claimed,
   replies are awaited and recorded; a lock of the database is waited for only a moment.
"""

import asyncio
import gc
import logging
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from mailer import delivery, web
from mailer.cli.ending import Ending
from mailer.config import Config, Log
from mailer.database import Database, database_error
from mailer.errors import Failed, WrongInput

if TYPE_CHECKING:
    from fastapi import FastAPI

PAGES_END_WITHIN_S = 5
_AGAIN_AFTER_S = 1.0
_COLLECT_AFTER = 20_000


def run(
    database: Database,
    config: Config,
    *,
    app: "FastAPI | None" = None,
    work: bool,
    until: Callable[[], bool] | None = None,
    every_s: float = 0.25,
    ready: Callable[[], None] | None = None,
    ending: Ending | None = None,
) -> None:
    """Run the pages of `app`, or schedule and sender, or all of it.

    It ends with a signal, or when `until()` says so. `ready` is called once the pages can be read.
    `ending` listens for signals already; without it they are listened for from here to the end.
    """
    if ending is None:
        ending = Ending(status=0 if until is None else 1)
        try:
            run(
                database,
                config,
                app=app,
                work=work,
                until=until,
                every_s=every_s,
                ready=ready,
                ending=ending,
            )
        finally:
            ending.close()
        return
    if config.site.key_is_known and not config.site.on_loopback:
        raise WrongInput(
            "site.secret_key is the one of config.example.toml, with which anybody could make "
            "links; put 32 characters or more of your own there."
        )
    set_up_log(config.log)
    delivery.preload()
    # What is loaded stays; what a message leaves behind goes without the collector's help.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    server = _Pages(app, config) if app is not None else None
    if server is not None:
        server.start()
        if ready is not None:
            ready()
    try:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(database, config, work, until, every_s, server, ending))
    finally:
        if server is not None:
            server.end()
        database.close()


async def _work(
    database: Database,
    config: Config,
    work: bool,
    until: Callable[[], bool] | None,
    every_s: float,
    server: "_Pages | None",
    signals: Ending,
) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        database.hurry()
        if server is not None:
            server.stop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(ending.set)

    signals.then(told)
    watch = asyncio.create_task(_watch(until, every_s, ending)) if until else None
    try:
        if work:
            await _send(database, config, ending)
        else:
            await ending.wait()
    finally:
        if watch is not None and not watch.cancel():
            watch.result()  # a bug in `until`, if it ended with one


async def _watch(until: Callable[[], bool], every_s: float, ending: asyncio.Event) -> None:
    """Ask `until()` until it says yes; trouble with the database is no answer."""
    try:
        while True:
            try:
                if until():
                    return
            except (SQLAlchemyError, Failed) as error:
                reason = error if isinstance(error, Failed) else database_error(error)
                structlog.get_logger().warning("not_known_how_far", reason=str(reason))
                await asyncio.sleep(_AGAIN_AFTER_S)
            await asyncio.sleep(every_s)
    finally:
        ending.set()


async def _send(database: Database, config: Config, ending: asyncio.Event) -> None:
    from mailer.schedule import open_schedule

    schedule = open_schedule(database, config)
    schedule.start()
    sender = delivery.open_sender(database, config)
    sending = asyncio.create_task(sender.run())
    told = asyncio.create_task(ending.wait())
    await asyncio.wait((sending, told), return_when=asyncio.FIRST_COMPLETED)
    schedule.shutdown(wait=False)
    told.cancel()
    sender.stop()
    await sending


class _NotOfPagesThatWereEnded(logging.Filter):
    """That a page was cancelled because its time was up is said in a line, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, asyncio.CancelledError)


class _Pages:
    """The pages, served on a thread of their own."""

    def __init__(self, app: "FastAPI", config: Config) -> None:
        self._app = app
        self._config = config
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(config.site.trusted_proxies),
                forwarded_allow_ips=list(config.site.trusted_proxies),
                timeout_graceful_shutdown=PAGES_END_WITHIN_S,
            )
        )
        logging.getLogger("uvicorn.error").addFilter(_NotOfPagesThatWereEnded())
        self._thread = threading.Thread(target=self._serve, name="pages", daemon=True)
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Serve; the address is taken before this returns.

        Raises:
            Failed: the address is in use.
        """
        host, port = self._config.site.listen_host, self._config.site.listen_port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise Failed(
                f"The pages cannot be served at {host}:{port}: {error.strerror}; "
                "end what uses it, or change site.listen."
            ) from None
        self._socket.listen(128)
        self._thread.start()
        structlog.get_logger().info("pages_served", at=f"http://{host}:{port}")

    def stop(self) -> None:
        """Begin no page any more, and end those that are begun within five seconds."""
        web.stop(self._app)
        self._server.should_exit = True

    def end(self) -> None:
        """Wait until the pages have ended."""
        self.stop()
        self._thread.join(PAGES_END_WITHIN_S + 2)

    def _serve(self) -> None:
        assert self._socket is not None
        asyncio.run(self._server.serve(sockets=[self._socket]))


def set_up_log(settings: Log) -> None:
    """Log to standard error, as text for people or JSON for machines."""
    level = getattr(logging, settings.level.upper())
    logging.basicConfig(stream=sys.stderr, level=max(level, logging.WARNING), format="%(message)s")
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _LogThatNeverFails())),
    )


class _LogThatNeverFails:
    """Standard error: a full disk behind it costs lines of the log, and no process its life."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()
