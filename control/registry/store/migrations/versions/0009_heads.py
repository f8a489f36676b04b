"""Signed heads of the audit; and the tables as they stand are told in it, so that they can be held against it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make room for them; ``Database.upgrade`` tells the audit what it does not know of the tables."""
    op.create_table(
        "audit_head",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_head"),
    )
    op.add_column("ledger", sa.Column("told", sa.String(length=32), nullable=False, server_default=""))


def downgrade() -> None:
    """Take them away."""
    op.drop_table("audit_head")
    with op.batch_alter_table("ledger") as table:
        table.drop_column("told")
