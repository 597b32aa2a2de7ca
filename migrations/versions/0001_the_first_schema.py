"""the first schema

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'editor', 'writer', 'secretary', 'auditor')",
            name=op.f("ck_accounts__role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_accounts__mailbox")),
    )
    op.create_table(
        "audience_keys",
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name=op.f("pk_audience_keys")),
    )
    op.create_table(
        "audit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit__subject_id"), ["subject", "id"], unique=False)

    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("slug", name=op.f("uq_pages__slug")),
    )
    op.create_table(
        "pictures",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_pictures")),
    )
    op.create_table(
        "publications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sender", sa.String(length=400), nullable=False),
        sa.Column("reply_to", sa.String(length=400), nullable=False),
        sa.Column("theme", sa.String(length=80), nullable=False),
        sa.Column("cadence", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        sa.UniqueConstraint("slug", name=op.f("uq_publications__slug")),
        sa.UniqueConstraint("title", name=op.f("uq_publications__title")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mailbox", sa.String(length=320), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column(
            "custom_fields",
            Json,
            nullable=False,
        ),
        sa.Column(
            "tags",
            Json,
            nullable=False,
        ),
        sa.Column("member_from", sa.Date(), nullable=True),
        sa.Column("member_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_subscribers__mailbox")),
    )
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscribers__domain"), ["domain"], unique=False)

    op.create_table(
        "suppressions",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('left', 'complaint', 'bounce', 'erased', 'staff')",
            name=op.f("ck_suppressions__reason"),
        ),
        sa.CheckConstraint("scope IN ('address', 'domain')", name=op.f("ck_suppressions__scope")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "wordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
        sa.UniqueConstraint("hash", name=op.f("uq_wordings__hash")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workers__seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", BigId, nullable=False),
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column(
            "topics",
            Json,
            nullable=True,
        ),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_consents__import_id__imports")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_consents__publication_id__publications"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_consents__subscriber_id__subscribers"),
        ),
        sa.ForeignKeyConstraint(
            ["wording_id"], ["wordings.id"], name=op.f("fk_consents__wording_id__wordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents__import_id"), ["import_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_consents__subscriber_id_id"), ["subscriber_id", "id"], unique=False
        )

    op.create_table(
        "issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'issue') = (number IS NOT NULL)", name=op.f("ck_issues__number")
        ),
        sa.CheckConstraint("kind IN ('issue', 'announcement')", name=op.f("ck_issues__kind")),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_issues__publication_id__publications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint(
            "publication_id", "number", name=op.f("uq_issues__publication_id_number")
        ),
    )
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_issues__publication_id_date"), ["publication_id", "date"], unique=False
        )

    op.create_table(
        "subscriptions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("subscriber_id", BigId, nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column(
            "topics",
            Json,
            nullable=True,
        ),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("format IN ('html', 'text')", name=op.f("ck_subscriptions__format")),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'paused', 'ended')",
            name=op.f("ck_subscriptions__state"),
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_subscriptions__publication_id__publications"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriptions__subscriber_id__subscribers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "subscriber_id",
            "publication_id",
            name=op.f("uq_subscriptions__subscriber_id_publication_id"),
        ),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_subscriptions__publication_id_state_subscriber_id"),
            ["publication_id", "state", "subscriber_id"],
            unique=False,
        )

    op.create_table(
        "items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("picture_hash", sa.String(length=64), nullable=True),
        sa.Column("picture_alt", sa.Text(), nullable=False),
        sa.Column("members_only", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_items__issue_id__issues")
        ),
        sa.ForeignKeyConstraint(
            ["picture_hash"], ["pictures.hash"], name=op.f("fk_items__picture_hash__pictures")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("issue_id", "slug", name=op.f("uq_items__issue_id_slug")),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_items__picture_hash"), ["picture_hash"], unique=False)

    op.create_table(
        "mailings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("send_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fan_out_cursor", BigId, nullable=False),
        sa.Column("fanned_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("message_id_domain", sa.String(length=255), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "kind IN ('issue', 'announcement', 'test', 'confirmation', 'welcome', 'reminder', 'correction')",
            name=op.f("ck_mailings__kind"),
        ),
        sa.CheckConstraint(
            "status IN ('scheduled', 'sending', 'paused', 'sent', 'cancelled')",
            name=op.f("ck_mailings__status"),
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_mailings__issue_id__issues")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_mailings__publication_id__publications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailings")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mailings__dedupe_key")),
    )
    with op.batch_alter_table("mailings", schema=None) as batch_op:
        batch_op.create_index("ix_mailings__issue_id", ["issue_id"], unique=False)
        batch_op.create_index("ix_mailings__status", ["status", "start_at"], unique=False)
        batch_op.create_index(
            "uq_mailings__issue_id_kind",
            ["issue_id", "kind"],
            unique=True,
            sqlite_where=sa.text("kind IN ('issue', 'announcement')"),
            postgresql_where=sa.text("kind IN ('issue', 'announcement')"),
        )

    op.create_table(
        "revisions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("page_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "content",
            Json,
            nullable=False,
        ),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(issue_id IS NULL) <> (page_id IS NULL)", name=op.f("ck_revisions__subject")
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_revisions__issue_id__issues")
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name=op.f("fk_revisions__page_id__pages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("issue_id", "version", name=op.f("uq_revisions__issue_id_version")),
        sa.UniqueConstraint("page_id", "version", name=op.f("uq_revisions__page_id_version")),
    )
    op.create_table(
        "letters",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mailing_id", BigId, nullable=False),
        sa.Column("variant", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("compiled", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_letters__mailing_id__mailings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint(
            "mailing_id", "variant", "version", name=op.f("uq_letters__mailing_id_variant_version")
        ),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mailing_id", BigId, nullable=False),
        sa.Column("subscriber_id", BigId, nullable=True),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("letter_id", BigId, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_code", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'claimed', 'in_flight', 'deferred', 'sent', 'failed', 'skipped', 'in_doubt')",
            name=op.f("ck_deliveries__state"),
        ),
        sa.CheckConstraint(
            "(subscriber_id IS NULL) <> (address IS NULL)", name=op.f("ck_deliveries__recipient")
        ),
        sa.CheckConstraint(
            "letter_id IS NOT NULL OR state = 'skipped'", name=op.f("ck_deliveries__letter")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_deliveries__letter_id__letters")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_deliveries__mailing_id__mailings")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_deliveries__subscriber_id__subscribers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "mailing_id", "address", name=op.f("uq_deliveries__mailing_id_address")
        ),
        sa.UniqueConstraint(
            "mailing_id", "subscriber_id", name=op.f("uq_deliveries__mailing_id_subscriber_id")
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries__due",
            ["mailing_id", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'deferred')"),
            postgresql_where=sa.text("state IN ('queued', 'deferred')"),
        )
        batch_op.create_index(
            "ix_deliveries__lease",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state IN ('claimed', 'in_flight')"),
            postgresql_where=sa.text("state IN ('claimed', 'in_flight')"),
        )
        batch_op.create_index(
            batch_op.f("ix_deliveries__mailing_id_state"), ["mailing_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_deliveries__subscriber_id"), ["subscriber_id"], unique=False
        )

    op.create_table(
        "merge_values",
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_merge_values__delivery_id__deliveries"),
        ),
        sa.PrimaryKeyConstraint("delivery_id", "field", name=op.f("pk_merge_values")),
    )


def downgrade() -> None:
    op.drop_table("merge_values")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries__subscriber_id"))
        batch_op.drop_index(batch_op.f("ix_deliveries__mailing_id_state"))
        batch_op.drop_index(
            "ix_deliveries__lease",
            sqlite_where=sa.text("state IN ('claimed', 'in_flight')"),
            postgresql_where=sa.text("state IN ('claimed', 'in_flight')"),
        )
        batch_op.drop_index(
            "ix_deliveries__due",
            sqlite_where=sa.text("state IN ('queued', 'deferred')"),
            postgresql_where=sa.text("state IN ('queued', 'deferred')"),
        )

    op.drop_table("deliveries")
    op.drop_table("letters")
    op.drop_table("revisions")
    with op.batch_alter_table("mailings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_mailings__issue_id_kind",
            sqlite_where=sa.text("kind IN ('issue', 'announcement')"),
            postgresql_where=sa.text("kind IN ('issue', 'announcement')"),
        )
        batch_op.drop_index("ix_mailings__status")
        batch_op.drop_index("ix_mailings__issue_id")

    op.drop_table("mailings")
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_items__picture_hash"))

    op.drop_table("items")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions__publication_id_state_subscriber_id"))

    op.drop_table("subscriptions")
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issues__publication_id_date"))

    op.drop_table("issues")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents__subscriber_id_id"))
        batch_op.drop_index(batch_op.f("ix_consents__import_id"))

    op.drop_table("consents")
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workers__seen_at"))

    op.drop_table("workers")
    op.drop_table("wordings")
    op.drop_table("suppressions")
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscribers__domain"))

    op.drop_table("subscribers")
    op.drop_table("publications")
    op.drop_table("pictures")
    op.drop_table("pages")
    op.drop_table("imports")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit__subject_id"))

    op.drop_table("audit")
    op.drop_table("audience_keys")
    op.drop_table("accounts")
