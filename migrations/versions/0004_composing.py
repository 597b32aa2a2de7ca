"""composing: versions of items and heads, what was overwritten, captions, reused items

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, server_default="", nullable=False)


def _version(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), server_default="1", nullable=False)


def upgrade() -> None:
    with op.batch_alter_table("issues") as batch:
        batch.add_column(_version("head_version"))
        batch.add_column(sa.Column("head_changed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(_text("head_changed_by", sa.String(length=200)))
    # On SQLite an id is given again unless the table is made so that it is not.
    with op.batch_alter_table("items", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(_text("picture_caption", sa.Text()))
        batch.add_column(sa.Column("reused_from", sa.Integer(), nullable=True))
        batch.add_column(_version("version"))
        batch.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(_text("changed_by", sa.String(length=200)))
        batch.create_foreign_key(
            op.f("fk_items__reused_from__items"),
            "items",
            ["reused_from"],
            ["id"],
            ondelete="SET NULL",
        )
    op.create_index(op.f("ix_items__reused_from"), "items", ["reused_from"])
    op.create_table(
        "overwritten",
        sa.Column("id", BigId, nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_overwritten__issue_id__issues")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overwritten")),
        sa.UniqueConstraint(
            "issue_id", "item_id", "version", name=op.f("uq_overwritten__issue_id_item_id_version")
        ),
    )
    op.create_index(op.f("ix_overwritten__at"), "overwritten", ["at"])
    with op.batch_alter_table("revisions") as batch:
        batch.add_column(sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_pictures__created_at"), "pictures", ["created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_pictures__created_at"), "pictures")
    with op.batch_alter_table("revisions") as batch:
        batch.drop_column("begun_at")
    op.drop_table("overwritten")
    op.drop_index(op.f("ix_items__reused_from"), "items")
    with op.batch_alter_table("items") as batch:
        batch.drop_constraint(op.f("fk_items__reused_from__items"), type_="foreignkey")
        for column in ("changed_by", "changed_at", "version", "reused_from", "picture_caption"):
            batch.drop_column(column)
    with op.batch_alter_table("issues") as batch:
        for column in ("head_changed_by", "head_changed_at", "head_version"):
            batch.drop_column(column)
