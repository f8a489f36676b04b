"""What edges report, and that the clock carries an intent out."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make room for it; nothing was reported before."""
    op.create_table(
        "edge_report",
        sa.Column("edge_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watched", sa.Double(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer()),
        sa.Column("ahead", sa.Double(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name="fk_edge_report_edge_id"),
        sa.PrimaryKeyConstraint("edge_id", name="pk_edge_report"),
    )
    op.create_table(
        "edge_use",
        sa.Column("first", sa.LargeBinary(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("edge_id", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name="fk_edge_use_edge_id"),
        sa.PrimaryKeyConstraint("first", "length", "edge_id", name="pk_edge_use"),
    )
    op.add_column("intent", sa.Column("waits_boot", sa.String(length=40)))
    op.add_column("intent", sa.Column("waits_since", sa.Double()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("intent", "waits_since")
    op.drop_column("intent", "waits_boot")
    op.drop_table("edge_use")
    op.drop_table("edge_report")
