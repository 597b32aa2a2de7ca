"""tallies, corrections, and indexes that what is sent stands in no more

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LEASED = sa.text("state IN ('claimed', 'in_flight')")
_HELD = sa.text("lease_until IS NOT NULL")
_TOLD = sa.text("state = 'deferred' OR state = 'failed' OR state = 'skipped' OR state = 'in_doubt'")
_BARE = sa.text("address IS NOT NULL")
_STATES_BEFORE = (
    "state IN ('queued', 'claimed', 'in_flight', 'deferred', 'sent', 'failed', 'skipped',"
    " 'in_doubt')"
)
# SQLite would look at each state of a list of more than two whenever a row is written.
_STATES = (
    "state = 'sent' OR state = 'in_flight' OR state = 'claimed' OR state = 'queued'"
    " OR state = 'deferred' OR state = 'failed' OR state = 'skipped' OR state = 'in_doubt'"
)

# What is queued, claimed or in flight is the rest.
_COUNT = """
INSERT INTO tallies (mailing_id, worker, audience, deferred, sent, failed, skipped, in_doubt, doubts)
SELECT d.mailing_id, '', count(*),
       sum(CASE WHEN d.state = 'deferred' THEN 1 ELSE 0 END),
       sum(CASE WHEN d.state = 'sent' THEN 1 ELSE 0 END),
       sum(CASE WHEN d.state = 'failed' THEN 1 ELSE 0 END),
       sum(CASE WHEN d.state = 'skipped' THEN 1 ELSE 0 END),
       sum(CASE WHEN d.state = 'in_doubt' THEN 1 ELSE 0 END),
       sum(d.doubts)
FROM deliveries d JOIN mailings m ON m.id = d.mailing_id
WHERE m.kind IN ('issue', 'announcement', 'correction')
GROUP BY d.mailing_id
"""


def upgrade() -> None:
    counts = ("audience", "deferred", "sent", "failed", "skipped", "in_doubt", "doubts")
    op.create_table(
        "tallies",
        sa.Column("mailing_id", BigId, nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        *(sa.Column(count, sa.Integer(), server_default="0", nullable=False) for count in counts),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rate", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_tallies__mailing_id__mailings")
        ),
        sa.PrimaryKeyConstraint("mailing_id", "worker", name=op.f("pk_tallies")),
    )
    op.execute(_COUNT)
    with op.batch_alter_table("mailings") as batch:
        batch.add_column(sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch.add_column(sa.Column("corrects_id", BigId, nullable=True))
        batch.create_foreign_key(
            op.f("fk_mailings__corrects_id__mailings"), "mailings", ["corrects_id"], ["id"]
        )
    with op.batch_alter_table("deliveries") as batch:
        batch.add_column(
            sa.Column("fault", sa.String(length=10), server_default="", nullable=False)
        )
        batch.drop_constraint(op.f("uq_deliveries__mailing_id_address"), type_="unique")
        batch.drop_constraint(op.f("ck_deliveries__state"), type_="check")
        batch.create_check_constraint(op.f("ck_deliveries__state"), _STATES)
        batch.drop_index("ix_deliveries__lease")
        batch.drop_index("ix_deliveries__mailing_id_state")
    for name, columns, where in (
        ("ix_deliveries__held", ["mailing_id", "lease_until"], _HELD),
        ("ix_deliveries__told", ["mailing_id", "state", "id"], _TOLD),
    ):
        op.create_index(name, "deliveries", columns, sqlite_where=where, postgresql_where=where)
    op.create_index(
        "uq_deliveries__mailing_id_address",
        "deliveries",
        ["mailing_id", "address"],
        unique=True,
        sqlite_where=_BARE,
        postgresql_where=_BARE,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Every row is rewritten twice as its message goes out: in its own page, where there is
        # room, and cleaned up before the mailing is over.
        op.execute(
            "ALTER TABLE deliveries SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)"
        )


def downgrade() -> None:
    op.drop_index("uq_deliveries__mailing_id_address", "deliveries")
    op.drop_index("ix_deliveries__told", "deliveries")
    op.drop_index("ix_deliveries__held", "deliveries")
    with op.batch_alter_table("deliveries") as batch:
        batch.create_index("ix_deliveries__mailing_id_state", ["mailing_id", "state"])
        batch.create_index(
            "ix_deliveries__lease",
            ["lease_until"],
            sqlite_where=_LEASED,
            postgresql_where=_LEASED,
        )
        batch.create_unique_constraint(
            op.f("uq_deliveries__mailing_id_address"), ["mailing_id", "address"]
        )
        batch.drop_constraint(op.f("ck_deliveries__state"), type_="check")
        batch.create_check_constraint(op.f("ck_deliveries__state"), _STATES_BEFORE)
        batch.drop_column("fault")
    with op.batch_alter_table("mailings") as batch:
        batch.drop_constraint(op.f("fk_mailings__corrects_id__mailings"), type_="foreignkey")
        batch.drop_column("corrects_id")
        batch.drop_column("version")
        batch.drop_column("judged_at")
        batch.drop_column("not_after")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE deliveries RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    op.drop_table("tallies")
