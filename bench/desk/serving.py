"""The desk on a port of its own, and how long its pages take: by the clock, and of processors."""

import http.client
import math
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import uvicorn

from bench.busy import busy_s
from mailer import web
from mailer.config import Config
from mailer.database import Database


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of one page: half of the requests took `p50` at most, 95 of 100 `p95`.

    `busy` is how long processors were busy with one: this process's for 95 of 100 at most, and
    PostgreSQL's on average, of which no more is known. On a machine that has nothing else to do the
    clock shows about as much.
    """

    p50: float
    p95: float
    worst: float
    busy: float
    octets: int


@contextmanager
def served(database: Database, config: Config) -> Iterator[http.client.HTTPConnection]:
    """A connection to the pages."""
    app = web.create_app(config, database)
    server = uvicorn.Server(uvicorn.Config(app, port=config.site.listen_port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", config.site.listen_port)) as browser:
            yield browser
    finally:
        web.stop(app)
        server.should_exit = True
        thread.join()


def measure(
    connection: http.client.HTTPConnection,
    address: str,
    cookie: str,
    rounds: int,
    postgres: int | None,
) -> Took:
    """Ask for a page once, and then `rounds` times with the clock running; `postgres` is the
    process of the server's.

    Raises:
        SystemExit: it is no page.
    """
    octets = _ask(connection, address, cookie)
    taken, own = [], []
    roots = () if postgres is None else (postgres,)
    began = busy_s(*roots)
    for _ in range(rounds):
        at, busy = time.perf_counter(), time.process_time()
        _ask(connection, address, cookie)
        taken.append((time.perf_counter() - at) * 1000)
        own.append((time.process_time() - busy) * 1000)
    others = max(0.0, (busy_s(*roots) - began) * 1000 - sum(own)) / rounds if roots else 0.0
    taken.sort()
    own.sort()
    return Took(
        at_share(taken, 0.5), at_share(taken, 0.95), taken[-1], at_share(own, 0.95) + others, octets
    )


def at_share(ordered: list[float], share: float) -> float:
    """The least figure that this share of all does not exceed."""
    return ordered[max(0, math.ceil(round(share * len(ordered), 6)) - 1)]


def _ask(connection: http.client.HTTPConnection, address: str, cookie: str) -> int:
    connection.request("GET", address, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    octets = len(answer.read())
    kind = answer.headers.get("content-type", "")
    if answer.status != 200 or not kind.startswith("text/html"):
        raise SystemExit(f"{address} is no page: {answer.status} {kind}")
    return octets
