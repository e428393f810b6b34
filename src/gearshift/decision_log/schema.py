"""The tables of the decision log; migrations bring a database to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

HEAD: Final = "0006"
"""The newest migration."""

METADATA: Final = MetaData()

VERSION: Final = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), nullable=False)
)
"""Where Alembic keeps the last migration that a database has seen."""
VERSION.append_constraint(PrimaryKeyConstraint("version_num", name="alembic_version_pkc"))

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("time", Float, nullable=False, index=True),
    Column("dialect", String(20), nullable=False),
    Column("tier", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("scorer", Text, nullable=False),
    Column("scorer_version", Text, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("score", Float),
    Column("length", Float),
    Column("code", Float),
    Column("technical", Float),
    Column("multi_step", Float),
    Column("question", Float),
    Column("config_hash", String(16), nullable=False),
    Column("session_hash", String(32)),
    Column("prompt_hash", String(32)),
    Column("prompt_characters", Integer, nullable=False),
    Column("client", Text),
    Column("propensity", Float, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    Column("fault", String(40)),
    Column("fallback", Text),
    Column("failed_attempts", Integer, nullable=False),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("seconds", Float, nullable=False),
    Column("first_token_seconds", Float),
    Column("overhead_seconds", Float, nullable=False),
    Column("scoring_seconds", Float, nullable=False),
    Column("load_seconds", Float),
    Column("flops", Float),
    Column("baseline_flops", Float),
    Column("prompt", Text),
    Column("drawn", Float),
    Column("arms", Text),
    Column("movable", Boolean),
    Column("cache", String(20)),
    Column("saved_prompt_tokens", Integer),
    Column("saved_completion_tokens", Integer),
    Column("saved_flops", Float),
)
"""One row for each request; `prompt` only where a setting says so.

`drawn` holds a decision's `sample_rate` (older versions called it so, and a column is not renamed
under processes that still write it); `arms` the experiments it took part in, as `name:arm` with
commas between; `movable` whether its score decided where it went. Rows without `movable` are older
than that column: their `propensity` may be that of a tier that chance alone would have chosen, not
of the one the request went to.

`cache` is what the answer cache did (`hit`, `miss`, `bypass`), empty where there was none. Of a
hit, tokens and FLOPs are 0; what the kept answer once took is in the `saved_` columns.
"""

ANSWERED_ANEW: Final = DECISIONS.c.cache.is_distinct_from("hit")
"""Requests that some deployment has answered: a kept answer is no further evidence of quality."""

JUDGEMENTS: Final = Table(
    "judgements",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column(
        "decision_id",
        String(40),
        ForeignKey("decisions.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("time", Float, nullable=False),
    Column("judge", String(40), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("weak_score", Float),
    Column("strong_score", Float),
    Column("propensity", Float, nullable=False),
    Column("comment", Text),
    Column("position", String(10)),
    Column("weak_answer", Text),
    Column("strong_answer", Text),
    Index("ix_judgements_time", "time"),
    Index(
        "ux_judgements_user",
        "decision_id",
        unique=True,
        sqlite_where=text("judge = 'user'"),
        postgresql_where=text("judge = 'user'"),
    ),
)
"""What a judge, or a user, said of an answer.

`position` is what a model preferred in both orders where that contradicts itself, `first` or
`second`; the answers' texts are kept only where a setting says so. A decision has one verdict of
its user: the last.
"""

HOURS: Final = Table(
    "hours",
    METADATA,
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("tier", String(80), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("cause", String(20), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("fallbacks", BigInteger, nullable=False),
    Column("scored", BigInteger, nullable=False),
    Column("score_sum", Float, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("flops", Float, nullable=False),
    Column("baseline_flops", Float, nullable=False),
    Column("unknown_flops", BigInteger, nullable=False),
    Column("cache_hits", BigInteger, nullable=False, server_default="0"),
    Column("cache_misses", BigInteger, nullable=False, server_default="0"),
    Column("saved_prompt_tokens", BigInteger, nullable=False, server_default="0"),
    Column("saved_completion_tokens", BigInteger, nullable=False, server_default="0"),
    Column("saved_flops", Float, nullable=False, server_default="0"),
)
"""Sums by hour since 1970, so that a long log is answered at once.

What has a default is what processes of an older version, which do not know of it, leave out.
"""

TIMES: Final = Table(
    "times",
    METADATA,
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("tier", String(80), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("requests", BigInteger, nullable=False),
)
"""How many took how long, and had which score, by hour.

A bucket of times is 20 times the decimal logarithm of the seconds; one of scores a quarter point.
Of `score_tokens` the tokens are counted instead of the requests.
"""

EXPERIMENTS: Final = Table(
    "experiments",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("state", String(20), nullable=False),
    Column("stop_reason", Text),
    Column("definition", Text, nullable=False),
    Column("result", Text),
)
"""Every experiment; `definition` and `result` are JSON."""

ALARMS: Final = Table(
    "alarms",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(40), nullable=False, index=True),
    Column("since", Float, nullable=False),
    Column("until", Float),
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("message", Text, nullable=False),
    Index(
        "ux_alarms_lasting",
        "name",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
)
"""What was wrong, and since when; `until` is empty while it still is, of each name once at most."""

CHANGES: Final = Table(
    "changes",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("time", Float, nullable=False),
    Column("key", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("kept", Boolean, nullable=False),
)
"""What was changed through the admin plane; `old` and `new` are JSON, `kept` whether in a file."""

FACTS: Final = Table(
    "facts",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What belongs to the database itself, such as the salt of its hashes."""
