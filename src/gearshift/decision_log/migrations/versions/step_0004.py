"""Whether the score decided, which also tells propensities that can be trusted from older ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; what is there already stays without a value."""
    op.add_column("decisions", sa.Column("movable", sa.Boolean))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("decisions") as decisions:
        decisions.drop_column("movable")
