"""What every table shares: the base class, the names of constraints, the types of columns."""

import importlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    any_,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s__%(column_0_N_name)s",
    "uq": "uq_%(table_name)s__%(column_0_N_name)s",
    "ck": "ck_%(table_name)s__%(constraint_name)s",
    "fk": "fk_%(table_name)s__%(column_0_N_name)s__%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

ROOMS_WITH_TABLES = ("publication", "audience", "delivery", "staff", "audit")


class Base(DeclarativeBase):
    """The tables of all rooms stand in one metadata, so that foreign keys may cross rooms."""

    metadata = MetaData(naming_convention=NAMING)


BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC `datetime`; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Any JSON value: JSONB on PostgreSQL, text on SQLite. None is NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            # Imported here, since it costs each command on SQLite a twentieth of a second.
            from sqlalchemy.dialects.postgresql import JSONB

            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(self.impl_instance)


def upsert(session: Session, table: type[Base]) -> Any:
    """An INSERT into `table` that knows ON CONFLICT, in the session's dialect."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table)


def among(session: Session, column: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """That `column` is one of `ids`, with all of them in one parameter: a statement that names
    hundreds of parameters takes longer to write than to carry out."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import ARRAY

        return column == any_(literal(list(ids), ARRAY(BigInteger)))  # type: ignore[no-any-return]
    listed = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(listed.c.value))  # type: ignore[no-any-return]


def load_models() -> MetaData:
    """Import the tables of every room by name and return the metadata that holds them all."""
    for room in ROOMS_WITH_TABLES:
        importlib.import_module(f"mailer.{room}.models")
    return Base.metadata


def whole_metadata() -> MetaData:
    """The metadata with the conditions of partial indexes, as Alembic needs it.

    An index names its condition as `info={"where": …}`: said to SQLAlchemy at once, it would load
    both dialects, and every command would wait for that.
    """
    metadata = load_models()
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                for dialect in ("sqlite", "postgresql"):
                    index.dialect_options[dialect]["where"] = text(index.info["where"])
    return metadata
