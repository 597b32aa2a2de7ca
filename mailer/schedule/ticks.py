"""The ticks, and what each of them does."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from mailer import audience, clock, delivery
from mailer.config import Config
from mailer.database import Database, database_error
from mailer.errors import Failed

TICK_S = 1
CLEAR_AWAY_HOUR = 3
CLEAR_AWAY_AT_ONCE = 500
SCRUB_FOR = timedelta(days=3)

log = structlog.get_logger()


def open_schedule(database: Database, config: Config) -> BackgroundScheduler:
    """A scheduler whose `start()` begins the ticking and whose `shutdown()` ends it."""
    # It tells of every tick that is late; a tick is late whenever a letter is compiled.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        start_due,
        "interval",
        (database, config),
        seconds=TICK_S,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=clock.now(),
    )
    scheduler.add_job(
        clear_away,
        "cron",
        (database, config),
        hour=CLEAR_AWAY_HOUR,
        timezone=config.organisation.zone,
        misfire_grace_time=None,
    )
    scheduler.add_job(
        bring_readers_in,
        "interval",
        (database, config, lambda: not scheduler.running),
        seconds=TICK_S,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return scheduler


def start_due(database: Database, config: Config) -> None:
    """Begin the mailings whose time has come."""
    try:
        for mailing_id in delivery.start_due(database, config, clock.now()):
            log.info("mailing_started", mailing=mailing_id)
    except SQLAlchemyError as error:
        log.error("database_trouble", doing="schedule", reason=str(database_error(error)))


def bring_readers_in(
    database: Database, config: Config, ended: Callable[[], bool] = lambda: False
) -> None:
    """Go on with imports from the desk, one after the other."""
    try:
        while not ended() and audience.carry_on(
            database, config.organisation.zone, clock.now, ended=ended
        ):
            pass
    except SQLAlchemyError as error:
        log.error("database_trouble", doing="import", reason=str(database_error(error)))


def clear_away(database: Database, config: Config) -> None:
    """Carry out `[privacy]`, and clear the database's files of whom was erased in the last days."""
    now = clock.now()
    try:
        _forget(database, config, now)
        audience.forget_old(database, now)
        with database.read() as session:
            erased = audience.erased_since(session, now - SCRUB_FOR)
        if erased:
            audience.scrub(database)
    except Failed as error:
        log.warning("not_scrubbed", reason=str(error))
    except SQLAlchemyError as error:
        log.error("database_trouble", doing="clear away", reason=str(database_error(error)))


def _forget(database: Database, config: Config, now: datetime) -> None:
    """Forget networks and unconfirmed readers whose time is over, in bounded transactions."""
    at_once = CLEAR_AWAY_AT_ONCE
    forgotten = at_once
    while forgotten == at_once:
        with database.write() as session:
            forgotten = audience.forget_networks(session, now - config.privacy.networks, at_once)
    unconfirmed = [(0, "")] * at_once
    while len(unconfirmed) == at_once:
        with database.write() as session:
            before = now - config.privacy.unconfirmed
            unconfirmed = audience.unconfirmed_since(session, before, at_once)
            for subscriber_id, address in unconfirmed:
                delivery.erase(session, subscriber_id, address)
                audience.strip(session, subscriber_id, now)
