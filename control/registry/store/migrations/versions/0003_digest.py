"""The digest of the whole list with each serial; those given before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("publication", sa.Column("digest", sa.LargeBinary(length=32)))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("publication", "digest")
