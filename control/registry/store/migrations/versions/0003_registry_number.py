"""A registrant's number in the register of companies."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("registrant", sa.Column("registry_number", sa.String(length=200)))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("registrant", "registry_number")
