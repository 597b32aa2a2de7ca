"""Alembic's environment: runs the revisions on the connection that `database.upgrade` gives."""

from alembic import context

from mailer.database import UtcDateTime, whole_metadata


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column type into a revision as what it is to the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=whole_metadata(),
    render_as_batch=True,
    render_item=render_item,
    transactional_ddl=False,  # the caller's one transaction holds everything
)
context.run_migrations()
