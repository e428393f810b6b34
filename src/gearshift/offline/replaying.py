"""Replays logged requests at another threshold, part by part; sums of whole numbers are exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gearshift.decision_log.judged import JudgedRequest, by_request
from gearshift.decision_log.moved import Moved
from gearshift.decision_log.rated import RatedRequest, ratings
from gearshift.offline.judged import Verdicts, verdicts_on
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import Connection, MemoryLimit, naming, opened, table
from gearshift.offline.scorers import scorer_of
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import Cause

_NEEDED: Final = {"time": "DOUBLE", "score": "DOUBLE", "threshold": "DOUBLE"}
_OTHER: Final = {
    "cause": "VARCHAR",
    "prompt": "VARCHAR",
    "prompt_tokens": "BIGINT",
    "completion_tokens": "BIGINT",
    "cached_tokens": "BIGINT",
}
_WORKED: Final = "coalesce(prompt_tokens - cached_tokens + completion_tokens, 0)"
_COUNT: Final = f"""
SELECT count(*),
    coalesce(sum(is_simple::BIGINT), 0),
    coalesce(sum((is_simple != was_simple)::BIGINT), 0),
    coalesce(sum(worked), 0),
    coalesce(sum(CASE WHEN is_simple THEN worked ELSE 0 END), 0)
FROM (SELECT {{is_simple}} AS is_simple, score < threshold AS was_simple, {_WORKED} AS worked
    FROM {{rows}} WHERE {{which}})
"""
_WHICH: Final = (
    f"score IS NOT NULL AND time >= $since AND cause IS DISTINCT FROM '{Cause.FORCED.value}'"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Scored requests at a threshold, as in `Moved`; whole numbers, so that no order matters."""

    n: int = 0
    simple: int = 0
    moved: int = 0
    tokens: int = 0
    simple_tokens: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.n + other.n,
            self.simple + other.simple,
            self.moved + other.moved,
            self.tokens + other.tokens,
            self.simple_tokens + other.simple_tokens,
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """What is known of requests at a threshold."""

    counts: Counts
    verdicts: Verdicts

    @classmethod
    def together(cls, replayed: Sequence[Replayed]) -> Replayed:
        """That of several parts, in whatever order."""
        counts = sum((one.counts for one in replayed), Counts())
        return cls(counts, Verdicts.together([one.verdicts for one in replayed]))

    @property
    def moved(self) -> Moved:
        """The counts, as the database's are."""
        of = self.counts
        return Moved(of.n, of.simple, of.moved, float(of.tokens), float(of.simple_tokens))

    @property
    def judged(self) -> list[JudgedRequest]:
        """Requests whose both answers were judged, in the order in which they came."""
        return by_request(self.verdicts.judged)

    @property
    def rated(self) -> list[RatedRequest]:
        """Requests that users have rated, in the order in which they came."""
        return ratings(self.verdicts.rated)


@dataclass(frozen=True, slots=True)
class ReplayPart:
    """Replays the requests of a part.

    Attributes:
        threshold: Requests with scores below it go to the small model.
        since: Those before it (seconds since 1970) are left out, but for judged ones.
        judgements: The files of all judgements.
        scorer: Whose scores count, of requests with their prompts; `None` is what was logged.
        limits: Of memory.
    """

    threshold: float
    since: float
    judgements: tuple[str, ...]
    scorer: TierConfig | None
    limits: MemoryLimit

    def __call__(self, part: FilePart) -> Replayed:
        """Read the part, once for its counts and once for its verdicts."""
        with opened(self.limits) as connection:
            scorer = None if self.scorer is None else scorer_of(self.scorer)
            counts = self._counts(connection, part, scorer)
            verdicts = verdicts_on(
                connection, part, self.judgements, with_prompts=scorer is not None
            )
        return Replayed(counts, self._relevant(verdicts, scorer))

    def _counts(self, connection: Connection, part: FilePart, scorer: Scorer | None) -> Counts:
        if scorer is None:
            is_simple, which = "score < $threshold", _WHICH
        else:
            # "Side effects" keep DuckDB from scoring a prompt wherever its score is mentioned.
            connection.create_function(
                "scored", _scored(scorer), ["VARCHAR"], "DOUBLE", side_effects=True
            )
            is_simple, which = "scored(prompt) < $threshold", f"{_WHICH} AND prompt IS NOT NULL"
        rows = table(connection, part, _NEEDED, _OTHER)
        query = _COUNT.format(is_simple=is_simple, rows=rows, which=which)
        given = {"threshold": self.threshold, "since": self.since}
        with naming(part):
            return Counts(*map(int, connection.execute(query, given).fetchone()))

    def _relevant(self, verdicts: Verdicts, scorer: Scorer | None) -> Verdicts:
        """By logged scores; or by another scorer, without users' verdicts."""
        if scorer is None:
            rated = tuple(row for row in verdicts.rated if row.time >= self.since)
            return Verdicts(verdicts.judged, rated)
        return Verdicts(
            tuple(
                row._replace(score=scorer.score(row.prompt).score, prompt=None)
                for row in verdicts.judged
                if row.prompt
            )
        )


def _scored(scorer: Scorer) -> Callable[[str], float]:
    return lambda prompt: scorer.score(prompt).score
