"""The database: one schema, on SQLite (the embedded default) and on PostgreSQL.

1. `open_database()` gives a `Database` on the configured URL and refuses an older schema.
2. `database.read()` is a transaction that only looks; `database.write()` one that changes, and
   on SQLite takes the write lock at its start (BEGIN IMMEDIATE), so that it cannot fail halfway
   for a lock. Neither is held over 100 ms: long work is cut into chunks.
3. Each room's `models` declares its tables on `Base`; `load_models()` brings them together, for
   metadata only. Names of constraints and indexes follow one convention (`NAMING`).
4. `upgrade()` brings a database to the newest schema with Alembic (`migrations/`).

*Recorded* means durable: SQLite runs with synchronous=FULL, PostgreSQL with synchronous_commit.
"""

from mailer.database.bulk import insert_all, next_ids
from mailer.database.copies import back_up, require_sound, restore
from mailer.database.engine import Database, connect, database_error, open_database
from mailer.database.line import Line, WaitingLine
from mailer.database.models import (
    NAMING,
    Base,
    BigId,
    Json,
    UtcDateTime,
    among,
    load_models,
    upsert,
    whole_metadata,
)
from mailer.database.schema import SCHEMA, schema_of, upgrade
from mailer.database.turns import Turns

__all__ = [
    "NAMING",
    "SCHEMA",
    "Base",
    "BigId",
    "Database",
    "Json",
    "Line",
    "Turns",
    "UtcDateTime",
    "WaitingLine",
    "among",
    "back_up",
    "connect",
    "database_error",
    "insert_all",
    "load_models",
    "next_ids",
    "open_database",
    "require_sound",
    "restore",
    "schema_of",
    "upgrade",
    "upsert",
    "whole_metadata",
]
