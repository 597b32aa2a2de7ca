"""Services that tests start on loopback, and what happens where one is missing."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

WITH_PASSWORD = "mailer_with_password"
"""The role of which a PostgreSQL server of ours asks a password."""


def missing_service(name: str) -> NoReturn:
    """Skip the test for want of `name`; fail it where services are required."""
    if os.environ.get("MAILER_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{name} is required here, and is not installed", pytrace=False)
    pytest.skip(f"{name} is not installed")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server, by the URL of its maintenance database's parent."""

    url: str

    def database(self, name: str) -> str:
        return f"{self.url.rstrip('/')}/{name}"

    def run(self, statement: str) -> None:
        with psycopg.connect(self.database("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def copy(self, template: str, name: str) -> None:
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def empty(self, name: str, schema: str) -> None:
        """Make a used database as good as new, which is five times as quick as a copy.

        Raises:
            psycopg.Error: somebody still uses it, or its tables are not what they were.
        """
        with psycopg.connect(self.database(name), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '1s'")
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "DO $$ DECLARE one record; BEGIN "
                "FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename <> 'alembic_version' "
                "LOOP EXECUTE format('DELETE FROM %I', one.tablename); END LOOP; "
                "FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' "
                "LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', one.sequencename); END LOOP; "
                "END $$"
            )
            connection.execute("UPDATE alembic_version SET version_num = %s", (schema,))

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class OwnPostgres(Postgres):
    """A server in a scratch folder of ours, which may be stopped and started."""

    pg_ctl: tuple[str, ...]
    options: str

    def start(self) -> None:
        _quietly(*self.pg_ctl, "-w", "-o", self.options, "start")

    def stop(self) -> None:
        """Stop at once, as a crash would: whoever is connected hears no more."""
        _quietly(*self.pg_ctl, "-w", "-m", "immediate", "stop")


@contextmanager
def start_postgres() -> Iterator[OwnPostgres | None]:
    """A PostgreSQL server in a scratch folder; None where the machine has no binaries for it."""
    binaries = _postgres_binaries()
    if binaries is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="mailer-postgres-"))
    # PostgreSQL refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    port, data = free_port(), ("-D", str(folder / "data"))
    _quietly(
        *(*user, str(binaries / "initdb"), *data),
        *("-U", "postgres", "-A", "trust", "--encoding=UTF8", "--no-sync"),
    )
    rules = folder / "data" / "pg_hba.conf"
    asked = f"host all {WITH_PASSWORD} 127.0.0.1/32 scram-sha-256\n"
    rules.write_text(asked + rules.read_text())
    server = OwnPostgres(
        f"postgresql://postgres@127.0.0.1:{port}",
        (*user, str(binaries / "pg_ctl"), *data, "-l", str(folder / "log")),
        # A test kills processes, not machines: fsync would only slow it down.
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off",
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _quietly(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _postgres_binaries() -> Path | None:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        candidates.append(Path(found).resolve().parent)
    return next(
        (c for c in candidates if (c / "initdb").exists() and (c / "pg_ctl").exists()), None
    )
