"""What the answer cache did, and what it has saved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_OF_DECISIONS = (
    ("cache", sa.String(20)),
    ("saved_prompt_tokens", sa.Integer),
    ("saved_completion_tokens", sa.Integer),
    ("saved_flops", sa.Float),
)
_OF_HOURS = (
    ("cache_hits", sa.BigInteger),
    ("cache_misses", sa.BigInteger),
    ("saved_prompt_tokens", sa.BigInteger),
    ("saved_completion_tokens", sa.BigInteger),
    ("saved_flops", sa.Float),
)


def upgrade() -> None:
    """Add the columns; before them nothing was known of it, and sums of it are 0."""
    for name, kind in _OF_DECISIONS:
        op.add_column("decisions", sa.Column(name, kind))
    for name, kind in _OF_HOURS:
        op.add_column("hours", sa.Column(name, kind, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take them away."""
    for table, columns in (("hours", _OF_HOURS), ("decisions", _OF_DECISIONS)):
        with op.batch_alter_table(table) as changed:
            for name, _ in reversed(columns):
                changed.drop_column(name)
