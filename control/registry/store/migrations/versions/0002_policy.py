"""Intents that are about the gateway's policy."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make room for the policy that an intent proposes."""
    op.add_column("intent", sa.Column("policy", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))
    op.add_column("intent", sa.Column("policy_etag", sa.String(length=100)))


def downgrade() -> None:
    """Take it away, with the intents that say nothing without it."""
    op.execute("DELETE FROM intent WHERE step = 'policy'")
    op.drop_column("intent", "policy_etag")
    op.drop_column("intent", "policy")
