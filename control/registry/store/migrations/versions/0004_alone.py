"""How many live entries an intent cut, and who alone was behind it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room for that; of earlier intents it is not known."""
    op.add_column("intent", sa.Column("cut", sa.Integer()))
    op.add_column("intent", sa.Column("alone_by", sa.String(length=200)))
    op.add_column("intent", sa.Column("agreed_by", sa.String(length=200)))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("intent", "agreed_by")
    op.drop_column("intent", "alone_by")
    op.drop_column("intent", "cut")
