"""approvals, figures that take long to count, and what a report asks for

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEST = sa.text("kind = 'test'")
_OPEN = sa.text("answer IS NULL")


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", BigId, nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('approved', 'returned', 'lapsed')", name=op.f("ck_approvals__answer")
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_approvals__issue_id__issues")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals__issue_id_id"), "approvals", ["issue_id", "id"])
    op.create_index(
        "uq_approvals__open",
        "approvals",
        ["issue_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "figures",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_figures")),
    )
    op.add_column("mailings", sa.Column("approved_version", sa.Integer(), nullable=True))
    op.create_index(
        "ix_mailings__tests",
        "mailings",
        ["created_by", "created_at"],
        sqlite_where=_TEST,
        postgresql_where=_TEST,
    )
    op.create_index(
        op.f("ix_consents__publication_id_event_at"), "consents", ["publication_id", "event", "at"]
    )
    op.create_index(op.f("ix_suppressions__reason_at"), "suppressions", ["reason", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_suppressions__reason_at"), "suppressions")
    op.drop_index(op.f("ix_consents__publication_id_event_at"), "consents")
    op.drop_index("ix_mailings__tests", "mailings")
    with op.batch_alter_table("mailings") as batch:
        batch.drop_column("approved_version")
    op.drop_table("figures")
    op.drop_table("approvals")
