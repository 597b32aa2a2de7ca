"""How a database goes about what it is asked: the plans of a function's own statements."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from mailer.database import Database


def plans_of_deliveries(database: Database, look: Callable[[], object]) -> list[str]:
    """The plan of each statement that `look` reads deliveries with."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM deliveries" in statement or "JOIN deliveries" in statement:
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        look()
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    plans = []
    with database.read() as session:
        connection = session.connection()
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(explain + statement, parameters)
            plans.append(" ".join(str(cell) for row in rows for cell in row))
    return plans
