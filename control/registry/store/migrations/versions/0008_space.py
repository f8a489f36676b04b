"""The address space of providers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make room for it; nothing is known of it before."""
    op.create_table(
        "provider_prefix",
        sa.Column("provider_id", sa.String(length=40), nullable=False),
        sa.Column("first", sa.LargeBinary(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name="fk_provider_prefix_provider_id"),
        sa.PrimaryKeyConstraint("provider_id", "first", "length", name="pk_provider_prefix"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("provider_prefix")
