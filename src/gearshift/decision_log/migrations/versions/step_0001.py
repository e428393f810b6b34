"""The first schema: decisions, judgements, sums and times by hour, facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("time", sa.Float, nullable=False, index=True),
        sa.Column("dialect", sa.String(20), nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("upstream", sa.Text, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("scorer", sa.Text, nullable=False),
        sa.Column("scorer_version", sa.Text, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        *(
            sa.Column(name, sa.Float)
            for name in ("score", "length", "code", "technical", "multi_step", "question")
        ),
        sa.Column("config_hash", sa.String(16), nullable=False),
        sa.Column("session_hash", sa.String(32)),
        sa.Column("prompt_hash", sa.String(32)),
        sa.Column("prompt_characters", sa.Integer, nullable=False),
        sa.Column("client", sa.Text),
        sa.Column("propensity", sa.Float, nullable=False),
        sa.Column("streamed", sa.Boolean, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("fault", sa.String(40)),
        sa.Column("fallback", sa.Text),
        sa.Column("failed_attempts", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.Integer)
            for name in ("prompt_tokens", "completion_tokens", "cached_tokens")
        ),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("first_token_seconds", sa.Float),
        sa.Column("overhead_seconds", sa.Float, nullable=False),
        sa.Column("scoring_seconds", sa.Float, nullable=False),
        sa.Column("load_seconds", sa.Float),
        sa.Column("flops", sa.Float),
        sa.Column("baseline_flops", sa.Float),
        sa.Column("prompt", sa.Text),
    )
    op.create_table(
        "judgements",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column(
            "decision_id",
            sa.String(40),
            sa.ForeignKey("decisions.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("judge", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("weak_score", sa.Float),
        sa.Column("strong_score", sa.Float),
        sa.Column("propensity", sa.Float, nullable=False),
        sa.Column("comment", sa.Text),
    )
    op.create_table(
        "hours",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tier", sa.String(80), primary_key=True),
        sa.Column("model", sa.String(200), primary_key=True),
        sa.Column("cause", sa.String(20), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("requests", "failures", "fallbacks", "scored")
        ),
        sa.Column("score_sum", sa.Float, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("prompt_tokens", "completion_tokens", "cached_tokens")
        ),
        sa.Column("flops", sa.Float, nullable=False),
        sa.Column("baseline_flops", sa.Float, nullable=False),
        sa.Column("unknown_flops", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "times",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tier", sa.String(80), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("facts", "times", "hours", "judgements", "decisions"):
        op.drop_table(table)
