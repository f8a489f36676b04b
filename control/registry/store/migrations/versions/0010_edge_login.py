"""Which login of PostgreSQL speaks for an edge."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make room for it; no edge has one before."""
    op.create_table(
        "edge_login",
        sa.Column("edge_id", sa.String(length=40), nullable=False),
        sa.Column("login", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name="fk_edge_login_edge_id"),
        sa.PrimaryKeyConstraint("edge_id", name="pk_edge_login"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("edge_login")
