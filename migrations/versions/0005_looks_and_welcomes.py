"""what a publication's letters look like, welcome letters, and pages that were removed

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LOGO = ("logo_width", "logo_height", "logo_octets")


def upgrade() -> None:
    with op.batch_alter_table("publications") as batch:
        for name, length in (
            ("accent", 7),
            ("accent_dark", 7),
            ("heading_font", 10),
            ("text_font", 10),
        ):
            batch.add_column(
                sa.Column(name, sa.String(length=length), server_default="", nullable=False)
            )
        batch.add_column(sa.Column("footer", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("logo_hash", sa.String(length=64), nullable=True))
        for name in _LOGO:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("with_logo", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch.create_foreign_key(
            op.f("fk_publications__logo_hash__pictures"), "pictures", ["logo_hash"], ["hash"]
        )
        batch.create_index(op.f("ix_publications__logo_hash"), ["logo_hash"])
    with op.batch_alter_table("pages") as batch:
        batch.add_column(sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "welcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("when_added", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_welcomes__publication_id__publications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welcomes")),
        sa.UniqueConstraint(
            "publication_id", "language", name=op.f("uq_welcomes__publication_id_language")
        ),
    )


def downgrade() -> None:
    op.drop_table("welcomes")
    with op.batch_alter_table("pages") as batch:
        batch.drop_column("removed_at")
    with op.batch_alter_table("publications") as batch:
        batch.drop_index(op.f("ix_publications__logo_hash"))
        batch.drop_constraint(op.f("fk_publications__logo_hash__pictures"), type_="foreignkey")
        for name in (
            *("accent", "accent_dark", "heading_font", "text_font", "footer", "logo_hash"),
            *_LOGO,
            *("with_logo", "version"),
        ):
            batch.drop_column(name)
