"""What the log says about a span of time, from its sums by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.decision_log.money import Prices
from gearshift.decision_log.results import objects
from gearshift.decision_log.rows import seconds_of
from gearshift.decision_log.schema import HOURS, JUDGEMENTS, TIMES
from gearshift.telemetry.compute import EXTRA
from gearshift.types import JsonObject

_PERCENTILES: Final = (50, 95, 99)
_TIMED: Final = ("total", "first_token")
_TOKENS: Final = ("prompt", "completion", "cached")
BASELINE: Final = "always-complex"


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything since some hour.

    Attributes:
        hours: Sums of each hour, tier, model and cause, without those of embeddings.
        times: Requests by tier, kind and bucket.
        verdicts: How often each verdict was given.
        embeddings: The sums of requests for embeddings, which no other figure counts.
    """

    hours: Sequence[Mapping[str, Any]]
    times: Sequence[Mapping[str, Any]]
    verdicts: Mapping[str, int]
    embeddings: Sequence[Mapping[str, Any]] = ()

    def total(self, name: str, **where: str) -> float:
        """The sum of a column over the rows that are as `where` says."""
        rows = (row for row in self.hours if all(row[key] == value for key, value in where.items()))
        return float(sum(row[name] for row in rows))

    @property
    def tiers(self) -> list[str]:
        """Those that answered, the busiest first."""
        names = {row["tier"] for row in self.hours if row["requests"]}
        return sorted(names, key=lambda tier: -self.total("requests", tier=tier))

    def percentiles(self, tier: str, kind: str) -> dict[str, float] | None:
        """Times of a tier in seconds, at most 6 % off; `None` if nothing was timed."""
        counts: dict[int, int] = {}
        for row in self.times:
            if (row["tier"], row["kind"]) == (tier, kind):
                counts[row["bucket"]] = int(row["requests"])
        total = sum(counts.values())
        if not total:
            return None
        return {f"p{level}": _at(counts, total * level / 100) for level in _PERCENTILES}

    def by_hour(self, name: str) -> list[float]:
        """The sum of a column in every hour from the first to the last."""
        sums: dict[int, float] = {}
        for row in self.hours:
            sums[row["hour"]] = sums.get(row["hour"], 0.0) + row[name]
        if not sums:
            return []
        return [sums.get(hour, 0.0) for hour in range(min(sums), max(sums) + 1)]

    def to_json(self, simple: str, prices: Prices | None = None) -> JsonObject:
        """The facts that `gearshift stats --json` prints; `simple` is the lowest tier."""
        requests = int(self.total("requests"))
        used, baseline = self.total("flops"), self.total("baseline_flops")
        return {
            "requests": requests,
            "by_tier": {tier: int(self.total("requests", tier=tier)) for tier in self.tiers},
            "simple_tier_percentage": (
                100 * self.total("requests", tier=simple) / requests if requests else None
            ),
            "by_cause": self._by("cause"),
            "by_model": self._by("model"),
            "failures": int(self.total("failures")),
            "fallbacks": int(self.total("fallbacks")),
            "average_score": {tier: self._average_score(tier) for tier in self.tiers},
            "tokens": {name: int(self.total(f"{name}_tokens")) for name in _TOKENS},
            "compute": {
                "used_flops": used,
                "baseline_flops": baseline,
                "saved_flops": baseline - used,
                "saved_share": (baseline - used) / baseline if baseline else None,
                "baseline": BASELINE,
                **{f"{name}_flops": self.total("flops", tier=name) for name in EXTRA},
                "unknown_requests": int(self.total("unknown_flops")),
            },
            "cache": _cache(self.hours),
            "money": prices.spent(self.hours) if prices else None,
            "quality": {"judgements": dict(self.verdicts)},
            "latency_seconds": {tier: self.percentiles(tier, "total") for tier in self.tiers},
            "first_token_seconds": {
                tier: self.percentiles(tier, "first_token") for tier in self.tiers
            },
            "embeddings": self._of_embeddings(prices),
        }

    def _of_embeddings(self, prices: Prices | None) -> JsonObject:
        """What embeddings came to: nothing is routed, so there is nothing to compare it with."""

        def total(name: str) -> int:
            return int(sum(row[name] for row in self.embeddings))

        spent = prices.spent(self.embeddings) if prices else None
        return {
            "requests": total("requests"),
            "failures": total("failures"),
            "tokens": total("prompt_tokens"),
            "used_flops": float(sum(row["flops"] for row in self.embeddings)),
            "cache": _cache(self.embeddings),
            "money": spent["used"] if spent else None,
            "latency_seconds": self.percentiles(EMBEDDINGS, "total"),
        }

    def _by(self, name: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in self.hours:
            if row["requests"]:
                counts[row[name]] = counts.get(row[name], 0) + int(row["requests"])
        return counts

    def _average_score(self, tier: str) -> float | None:
        scored = self.total("scored", tier=tier)
        return self.total("score_sum", tier=tier) / scored if scored else None


def _cache(rows: Sequence[Mapping[str, Any]]) -> JsonObject:
    """What the cache did for some requests; shares are `None` of nothing."""

    def total(name: str) -> int:
        return int(sum(row[name] for row in rows))

    requests, hits = total("requests"), total("cache_hits")
    asked = hits + total("cache_misses")
    return {
        "hits": hits,
        "misses": asked - hits,
        "hit_share": hits / asked if asked else None,
        "share_of_requests": hits / requests if requests else None,
        "saved_prompt_tokens": total("saved_prompt_tokens"),
        "saved_completion_tokens": total("saved_completion_tokens"),
        "saved_flops": float(sum(row["saved_flops"] for row in rows)),
    }


def summarise(engine: Engine, since_hour: int) -> Summary:
    """Read the sums from an hour on.

    Args:
        engine: The log's database.
        since_hour: Hours since 1970.
    """
    with engine.connect() as connection:
        rows = objects(connection.execute(select(HOURS).where(HOURS.c.hour >= since_hour)))
        times = connection.execute(
            select(
                TIMES.c.tier,
                TIMES.c.kind,
                TIMES.c.bucket,
                func.sum(TIMES.c.requests).label("requests"),
            )
            .where(TIMES.c.hour >= since_hour, TIMES.c.kind.in_(_TIMED))
            .group_by(TIMES.c.tier, TIMES.c.kind, TIMES.c.bucket)
        )
        verdicts = connection.execute(
            select(JUDGEMENTS.c.verdict, func.count())
            .where(JUDGEMENTS.c.time >= since_hour * 3_600)
            .group_by(JUDGEMENTS.c.verdict)
        )
        return Summary(
            [row for row in rows if row["tier"] != EMBEDDINGS],
            objects(times),
            dict(verdicts.all()),
            [row for row in rows if row["tier"] == EMBEDDINGS],
        )


def _at(counts: Mapping[int, int], rank: float) -> float:
    seen = 0
    bucket = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            break
    return seconds_of(bucket)
