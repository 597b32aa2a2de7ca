"""readers found by their words, list size by day, changed addresses, imports with progress

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mailer.audience.suppression import hash_of
from mailer.audience.words import words_of

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Word = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000
_SUPPRESSED = sa.text("suppressed <> ''")
_STATES = (
    "state IN ('uploading', 'looking', 'looked', 'waiting', 'running', 'done', 'stopped', 'failed')"
)
_COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "suppressed")
# Who joined and who left before days were counted: as far as subscriptions still tell.
_DAYS = """
INSERT INTO list_days (publication_id, day, joined, "left")
SELECT publication_id, day, sum(won), sum(lost) FROM (
    SELECT publication_id, {created} AS day, 1 AS won, 0 AS lost
    FROM subscriptions WHERE state <> 'pending'
    UNION ALL
    SELECT publication_id, {updated}, 0, 1 FROM subscriptions WHERE state = 'ended'
) AS moved GROUP BY publication_id, day
"""
_DAY_OF = {"sqlite": "date({})", "postgresql": "CAST({} AT TIME ZONE 'UTC' AS date)"}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    # Batches would write the table of readers anew.
    op.add_column(
        "subscribers",
        sa.Column("suppressed", sa.String(length=20), server_default="", nullable=False),
    )
    op.create_index(
        "ix_subscribers__suppressed",
        "subscribers",
        ["id"],
        sqlite_where=_SUPPRESSED,
        postgresql_where=_SUPPRESSED,
    )
    op.create_table(
        "reader_words",
        sa.Column("word", Word, nullable=False),
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_reader_words__subscriber_id__subscribers"),
        ),
        sa.PrimaryKeyConstraint("word", "subscriber_id", name=op.f("pk_reader_words")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "address_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_address_changes__subscriber_id__subscribers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
        sa.UniqueConstraint("subscriber_id", name=op.f("uq_address_changes__subscriber_id")),
    )
    op.create_table(
        "list_days",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("joined", sa.Integer(), server_default="0", nullable=False),
        sa.Column("left", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_list_days__publication_id__publications"),
        ),
        sa.PrimaryKeyConstraint("publication_id", "day", name=op.f("pk_list_days")),
    )
    with op.batch_alter_table("imports") as batch:
        batch.add_column(sa.Column("publication_id", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("state", sa.String(length=10), server_default="done", nullable=False)
        )
        batch.add_column(sa.Column("octets", BigId, server_default="0", nullable=False))
        for count in _COUNTS:
            batch.add_column(sa.Column(count, sa.Integer(), server_default="0", nullable=False))
        batch.add_column(sa.Column("problem", Json, nullable=True))
        batch.add_column(
            sa.Column("runner", sa.String(length=64), server_default="", nullable=False)
        )
        batch.add_column(sa.Column("lease_until", Moment, nullable=True))
        batch.create_check_constraint(op.f("ck_imports__state"), _STATES)
        batch.create_foreign_key(
            op.f("fk_imports__publication_id__publications"),
            "publications",
            ["publication_id"],
            ["id"],
        )
    op.create_index(op.f("ix_imports__state_id"), "imports", ["state", "id"])
    op.create_index(op.f("ix_imports__publication_id"), "imports", ["publication_id"])
    for name, columns in (
        ("import_parts", [sa.Column("packed", sa.LargeBinary(), nullable=False)]),
        (
            "import_refusals",
            [sa.Column("value", sa.Text(), nullable=False), sa.Column("reason", Json)],
        ),
    ):
        key = "number" if name == "import_parts" else "line"
        columns[-1].nullable = False
        op.create_table(
            name,
            sa.Column("import_id", sa.Integer(), nullable=False),
            sa.Column(key, sa.Integer(), nullable=False),
            *columns,
            sa.ForeignKeyConstraint(
                ["import_id"], ["imports.id"], name=op.f(f"fk_{name}__import_id__imports")
            ),
            sa.PrimaryKeyConstraint("import_id", key, name=op.f(f"pk_{name}")),
        )
    day_of = _DAY_OF[dialect]
    op.execute(
        _DAYS.format(created=day_of.format("created_at"), updated=day_of.format("updated_at"))
    )
    _fill()
    op.create_index(op.f("ix_reader_words__subscriber_id"), "reader_words", ["subscriber_id"])


def _fill() -> None:
    """The words of all readers, and who of them is suppressed."""
    connection = op.get_bind()
    secret = connection.execute(
        sa.text("SELECT secret FROM audience_keys WHERE purpose = 'suppression'")
    ).scalar()
    reasons = dict(connection.execute(sa.text("SELECT key, reason FROM suppressions")).all())
    some = sa.text(
        "SELECT id, mailbox, name, greeting FROM subscribers "
        "WHERE id > :after AND mailbox IS NOT NULL ORDER BY id LIMIT :most"
    )
    added = sa.text("INSERT INTO reader_words (word, subscriber_id) VALUES (:word, :of)")
    marked = sa.text("UPDATE subscribers SET suppressed = :reason WHERE id = :of")
    after = 0
    while rows := connection.execute(some, {"after": after, "most": _AT_ONCE}).all():
        after = rows[-1].id
        words = [
            {"word": word, "of": row.id}
            for row in rows
            for word in words_of(row.mailbox, row.name, row.greeting)
        ]
        if words:
            connection.execute(added, words)
        if secret is None or not reasons:
            continue
        found = (
            (row.id, reasons.get(hash_of(bytes(secret), name)))
            for row in rows
            for name in (row.mailbox, row.mailbox.rpartition("@")[2])
        )
        if marks := [{"of": of, "reason": reason} for of, reason in found if reason]:
            connection.execute(marked, marks)


def downgrade() -> None:
    for table in ("import_refusals", "import_parts"):
        op.drop_table(table)
    op.drop_index(op.f("ix_imports__publication_id"), "imports")
    op.drop_index(op.f("ix_imports__state_id"), "imports")
    with op.batch_alter_table("imports") as batch:
        batch.drop_constraint(op.f("fk_imports__publication_id__publications"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_imports__state"), type_="check")
        for column in ("lease_until", "runner", "problem", *reversed(_COUNTS), "octets", "state"):
            batch.drop_column(column)
        batch.drop_column("publication_id")
    for table in ("list_days", "address_changes", "reader_words"):
        op.drop_table(table)
    op.drop_index("ix_subscribers__suppressed", "subscribers")
    op.drop_column("subscribers", "suppressed")
