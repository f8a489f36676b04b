"""The key leaves the database: the ledger has its name; ``Database.upgrade`` takes it out and keeps it in a file."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make room for the name, and let the key go."""
    with op.batch_alter_table("ledger") as table:
        table.add_column(sa.Column("key_name", sa.String(length=16)))
        table.alter_column("secret", existing_type=sa.LargeBinary(length=32), nullable=True)


def downgrade() -> None:
    """Have a key in the database again: another one, for the old one is not here."""
    ledger = sa.table("ledger", sa.column("secret", sa.LargeBinary()))
    op.execute(ledger.update().where(ledger.c.secret.is_(None)).values(secret=secrets.token_bytes(32)))
    with op.batch_alter_table("ledger") as table:
        table.alter_column("secret", existing_type=sa.LargeBinary(length=32), nullable=False)
        table.drop_column("key_name")
