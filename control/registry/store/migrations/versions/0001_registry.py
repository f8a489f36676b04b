"""The tables of the registry, the ledger's one row, and triggers that keep the audit from being rewritten."""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

HELD = sa.text("state IN ('active', 'expiring', 'suspended')")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make every table, those first that others refer to."""
    _create_audit()
    _create_idempotency_key()
    _create_intent()
    _create_job()
    _create_ledger()
    _create_officer()
    _create_provider()
    _create_publication()
    _create_registrant()
    _create_application()
    _create_edge()
    _create_job_row()
    _create_token()
    _create_application_entry()
    _create_edge_ack()
    _create_registration()
    _create_intent_item()
    _create_listing()
    _fill_ledger()
    _protect_audit()


def downgrade() -> None:
    """Drop every table and all that it holds."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_kept()")


TABLES = (
    "listing",
    "intent_item",
    "registration",
    "edge_ack",
    "application_entry",
    "token",
    "job_row",
    "edge",
    "application",
    "registrant",
    "publication",
    "provider",
    "officer",
    "ledger",
    "job",
    "intent",
    "idempotency_key",
    "audit",
)
"""Every table, those first that refer to others."""


def _fill_ledger() -> None:
    ledger = sa.table("ledger", *(sa.column(name) for name in LEDGER))
    op.bulk_insert(ledger, [LEDGER | {"epoch": os.urandom(16), "secret": os.urandom(32)}])


LEDGER = {"id": 1, "epoch": b"", "serial": 0, "count": 0, "audit_seq": 0, "audit_hash": bytes(32), "secret": b""}


def _protect_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_is_kept_from_{event.lower()} BEFORE {event} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_actor", "audit", ["actor"], unique=False)
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_object", "audit", ["object", "seq"], unique=False)


def _create_idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", DOCUMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("holder", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"], unique=False)


def _create_intent() -> None:
    op.create_table(
        "intent",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intent"),
    )
    op.create_index("ix_intent_state", "intent", ["state"], unique=False)


def _create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("request", DOCUMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("result", DOCUMENT, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_owner", "job", ["owner"], unique=False)
    op.create_index("ix_job_state", "job", ["state"], unique=False)


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.LargeBinary(length=16), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )


def _create_officer() -> None:
    op.create_table(
        "officer",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_officer"),
        sa.UniqueConstraint("name", name="uq_officer_name"),
    )


def _create_provider() -> None:
    op.create_table(
        "provider",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contacts", DOCUMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provider"),
        sa.UniqueConstraint("name", name="uq_provider_name"),
    )


def _create_publication() -> None:
    op.create_table(
        "publication",
        sa.Column("serial", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_publication"),
    )
    op.create_index("ix_publication_at", "publication", ["at"], unique=False)


def _create_registrant() -> None:
    op.create_table(
        "registrant",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("contacts", DOCUMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registrant"),
        sa.UniqueConstraint("reference", name="uq_registrant_reference"),
    )
    op.create_index("ix_registrant_name", "registrant", ["name"], unique=False)


def _create_application() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("registrant_id", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=40), nullable=True),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("documents", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name="fk_application_provider_id"),
        sa.ForeignKeyConstraint(["registrant_id"], ["registrant.id"], name="fk_application_registrant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_application"),
    )
    op.create_index("ix_application_provider_queue", "application", ["provider_id", "state", "id"], unique=False)
    op.create_index("ix_application_queue", "application", ["state", "submitted_at"], unique=False)
    op.create_index("ix_application_registrant_id", "application", ["registrant_id"], unique=False)


def _create_edge() -> None:
    op.create_table(
        "edge",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("provider_id", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name="fk_edge_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_edge"),
        sa.UniqueConstraint("name", name="uq_edge_name"),
    )


def _create_job_row() -> None:
    op.create_table(
        "job_row",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("mend", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_row_job_id"),
        sa.PrimaryKeyConstraint("job_id", "place", name="pk_job_row"),
    )


def _create_token() -> None:
    op.create_table(
        "token",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("registrant_id", sa.String(length=40), nullable=True),
        sa.Column("provider_id", sa.String(length=40), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name="fk_token_provider_id"),
        sa.ForeignKeyConstraint(["registrant_id"], ["registrant.id"], name="fk_token_registrant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )
    op.create_index("ix_token_holder", "token", ["holder"], unique=False)


def _create_application_entry() -> None:
    op.create_table(
        "application_entry",
        sa.Column("application_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("first", sa.LargeBinary(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("protocols", sa.String(length=200), nullable=False),
        sa.Column("ports", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="fk_application_entry_application_id"),
        sa.PrimaryKeyConstraint("application_id", "place", name="pk_application_entry"),
    )
    op.create_index("ix_application_entry_prefix", "application_entry", ["length", "first"], unique=False)


def _create_edge_ack() -> None:
    op.create_table(
        "edge_ack",
        sa.Column("edge_id", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name="fk_edge_ack_edge_id"),
        sa.PrimaryKeyConstraint("edge_id", "serial", name="pk_edge_ack"),
    )


def _create_registration() -> None:
    op.create_table(
        "registration",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("application_id", sa.String(length=40), nullable=False),
        sa.Column("registrant_id", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("first", sa.LargeBinary(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("protocols", sa.String(length=200), nullable=False),
        sa.Column("ports", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("live_serial", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="fk_registration_application_id"),
        sa.ForeignKeyConstraint(["registrant_id"], ["registrant.id"], name="fk_registration_registrant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_registration"),
    )
    op.create_index("ix_registration_application_id", "registration", ["application_id"], unique=False)
    op.create_index("ix_registration_registrant_id", "registration", ["registrant_id"], unique=False)
    op.create_index("ix_registration_validity", "registration", ["state", "valid_until"], unique=False)
    op.create_index(
        "uq_registration_held",
        "registration",
        ["length", "first"],
        unique=True,
        sqlite_where=HELD,
        postgresql_where=HELD,
    )


def _create_intent_item() -> None:
    op.create_table(
        "intent_item",
        sa.Column("intent_id", sa.String(length=40), nullable=False),
        sa.Column("registration_id", sa.String(length=40), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intent.id"], name="fk_intent_item_intent_id"),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name="fk_intent_item_registration_id"),
        sa.PrimaryKeyConstraint("intent_id", "registration_id", name="pk_intent_item"),
    )
    op.create_index(
        "uq_intent_item_open",
        "intent_item",
        ["registration_id"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )


def _create_listing() -> None:
    op.create_table(
        "listing",
        sa.Column("registration_id", sa.String(length=40), nullable=False),
        sa.Column("joined_serial", sa.Integer(), nullable=False),
        sa.Column("left_serial", sa.Integer(), nullable=True),
        sa.Column("first", sa.LargeBinary(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("protocols", sa.String(length=200), nullable=False),
        sa.Column("ports", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name="fk_listing_registration_id"),
        sa.PrimaryKeyConstraint("registration_id", "joined_serial", name="pk_listing"),
    )
    op.create_index("ix_listing_joined_serial", "listing", ["joined_serial"], unique=False)
    op.create_index("ix_listing_left_serial", "listing", ["left_serial"], unique=False)
    op.create_index("ix_listing_prefix", "listing", ["first", "length"], unique=False)
    op.create_index(
        "uq_listing_live",
        "listing",
        ["first", "length"],
        unique=True,
        sqlite_where=sa.text("left_serial IS NULL"),
        postgresql_where=sa.text("left_serial IS NULL"),
    )
