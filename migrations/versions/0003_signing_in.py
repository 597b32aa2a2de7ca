"""signing in, invitations, and an audit log that is only added to and speaks other languages

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROLES = "role IN ('owner', 'editor', 'writer', 'secretary', 'auditor')"
# "issue 4" is of the kind "issue"; "archive" is its own.
_KIND = {
    "sqlite": "UPDATE audit SET kind = CASE instr(subject, ' ') WHEN 0 THEN subject"
    " ELSE substr(subject, 1, instr(subject, ' ') - 1) END",
    "postgresql": "UPDATE audit SET kind = split_part(subject, ' ', 1)",
}
_REFUSAL = "the audit log is only added to"


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(
            sa.Column("name", sa.String(length=200), server_default="", nullable=False)
        )
        batch.add_column(
            sa.Column("language", sa.String(length=10), server_default="en", nullable=False)
        )
        batch.add_column(sa.Column("totp_secret", sa.Text(), nullable=True))
        batch.add_column(sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.create_table(
        "staff_sessions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("network", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_staff_sessions__account_id__accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_sessions__secret_hash")),
    )
    for column in ("account_id", "seen_at", "created_at"):
        op.create_index(op.f(f"ix_staff_sessions__{column}"), "staff_sessions", [column])
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes__account_id__accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mailbox", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("invited_by", sa.String(length=200), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_ROLES, name=op.f("ck_invitations__role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_invitations__mailbox")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitations__secret_hash")),
    )
    op.create_table(
        "password_resets",
        sa.Column("id", BigId, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_password_resets__account_id__accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_password_resets__secret_hash")),
    )
    for column in ("account_id", "expires_at"):
        op.create_index(op.f(f"ix_password_resets__{column}"), "password_resets", [column])
    op.create_table(
        "sign_in_tries",
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_sign_in_tries")),
    )
    op.create_index(op.f("ix_sign_in_tries__tried_at"), "sign_in_tries", ["tried_at"])
    with op.batch_alter_table("audit") as batch:
        batch.add_column(
            sa.Column("kind", sa.String(length=100), server_default="", nullable=False)
        )
        batch.add_column(sa.Column("template", sa.Text(), nullable=True))
        batch.add_column(sa.Column("filled", Json, nullable=True))
    op.execute(_KIND[op.get_bind().dialect.name])
    for columns in (["kind", "id"], ["actor", "id"], ["at", "id"]):
        op.create_index(op.f(f"ix_audit__{'_'.join(columns)}"), "audit", columns)
    _only_add()


def _only_add() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    for change, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            f"FOR EACH {each} EXECUTE FUNCTION audit_is_only_added_to()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for change in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER audit_no_{change}" + ("" if sqlite else " ON audit"))
    if not sqlite:
        op.execute("DROP FUNCTION audit_is_only_added_to()")
    for columns in ("at_id", "actor_id", "kind_id"):
        op.drop_index(op.f(f"ix_audit__{columns}"), "audit")
    with op.batch_alter_table("audit") as batch:
        for column in ("filled", "template", "kind"):
            batch.drop_column(column)
    for table in (
        "sign_in_tries",
        "password_resets",
        "invitations",
        "recovery_codes",
        "staff_sessions",
    ):
        op.drop_table(table)
    with op.batch_alter_table("accounts") as batch:
        for column in ("totp_step", "totp_secret", "language", "name"):
            batch.drop_column(column)
