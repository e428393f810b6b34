"""Quality: what was sampled for judging, arms of experiments, both answers' texts, alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what quality is measured with."""
    op.add_column("decisions", sa.Column("drawn", sa.Float))
    op.add_column("decisions", sa.Column("arms", sa.Text))
    op.add_column("judgements", sa.Column("position", sa.String(10)))
    op.add_column("judgements", sa.Column("weak_answer", sa.Text))
    op.add_column("judgements", sa.Column("strong_answer", sa.Text))
    op.create_index("ix_judgements_time", "judgements", ["time"])
    op.create_table(
        "experiments",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("stop_reason", sa.Text),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("result", sa.Text),
    )
    op.create_table(
        "alarms",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False, index=True),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("until", sa.Float),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("alarms")
    op.drop_table("experiments")
    op.drop_index("ix_judgements_time", "judgements")
    with op.batch_alter_table("judgements") as judgements:
        for name in ("strong_answer", "weak_answer", "position"):
            judgements.drop_column(name)
    with op.batch_alter_table("decisions") as decisions:
        for name in ("arms", "drawn"):
            decisions.drop_column(name)
