"""Alarms: what of the traffic of a day is outside what the operator has set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Final

from gearshift.guarantees.looks import Count, shown_at_least

# Nothing of numpy or scipy here: the gateway's process runs this, and is to stay small.
_WINDOWS: Final = 30 * 24
FALSE_A_MONTH: Final = 0.05
"""Chance that an alarm of one kind is wrong at any look of 30 days."""
_LEVEL: Final = FALSE_A_MONTH / _WINDOWS
"""Each hour begins another window of a day; within one, looking is free."""
_FARTHEST: Final = 37.0
"""What ten bins differ by at most for chance alone: chi-squared, 9 degrees, at a third of that."""
_FEWEST_SCORES: Final = 200
_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something is wrong; see `quality.alarms` of the configuration."""

    loss_share: float
    drift: float
    disagreement: float
    fallback_share: float
    simple_share: tuple[float, float]


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """What is known of the last day, and of the week before.

    Attributes:
        requests: All of them.
        fallbacks: Those that the first choice did not answer.
        scored: Those that were scored.
        simple: Of these, those that the smallest tier answered.
        judged: Answers of the small model that were judged.
        losses: Those that were worse.
        by_propensity: The same by the probability of being judged, where that is known.
        compared: Verdicts of a model that asked in both orders.
        contradicted: Those in which the order decided.
        scores: How many had which score, by bucket.
        earlier_scores: The same of the week before.
    """

    requests: int = 0
    fallbacks: int = 0
    scored: int = 0
    simple: int = 0
    judged: int = 0
    losses: int = 0
    by_propensity: Sequence[Count] = ()
    compared: int = 0
    contradicted: int = 0
    scores: Mapping[int, int] = field(default_factory=dict)
    earlier_scores: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong.

    Attributes:
        value: What was measured.
        limit: What it should not be beyond.
        message: One line for people.
    """

    name: str
    value: float
    limit: float
    message: str


def alarms(day: AlarmFacts, limits: Limits) -> list[Alarm]:
    """What is wrong now; only where chance is no explanation, however often one looks."""
    checked = [check(day, limits) for check in CHECKS.values()]
    return [alarm for alarm in checked if alarm is not None]


def _quality(day: AlarmFacts, limits: Limits) -> Alarm | None:
    return _share(
        "quality",
        day.by_propensity or [Count(day.losses, day.judged)],
        limits.loss_share,
        "of the small model's answers are worse than the large one's; lower the threshold "
        "(`gearshift tune`) or choose a better small model",
    )


def _disagreement(day: AlarmFacts, limits: Limits) -> Alarm | None:
    return _share(
        "disagreement",
        [Count(day.contradicted, day.compared)],
        limits.disagreement,
        "of the judge's verdicts depend on which answer it reads first; choose another judge_model",
    )


def _fallbacks(day: AlarmFacts, limits: Limits) -> Alarm | None:
    return _share(
        "fallbacks",
        [Count(day.fallbacks, day.requests)],
        limits.fallback_share,
        "of the requests were not answered by their first choice; `gearshift doctor` says why",
    )


def _band(day: AlarmFacts, limits: Limits) -> Alarm | None:
    low, high = limits.simple_share
    others = day.scored - day.simple
    is_high = shown_at_least([Count(day.simple, day.scored)], high, _LEVEL / 2) is not None
    is_low = shown_at_least([Count(others, day.scored)], 1.0 - low, _LEVEL / 2) is not None
    if not (is_high or is_low):
        return None
    share = day.simple / day.scored
    message = (
        f"{100 * share:.0f} % of the scored requests go to the smallest tier, outside of "
        f"{100 * low:.0f} to {100 * high:.0f} %"
    )
    return Alarm("share", share, high if is_high else low, message)


def _drift(day: AlarmFacts, limits: Limits) -> Alarm | None:
    totals = (sum(day.scores.values()), sum(day.earlier_scores.values()))
    if min(totals) < _FEWEST_SCORES:
        return None
    value = stability_index(day.earlier_scores, day.scores)
    # The index is a squared distance: what chance adds to it is taken off before squaring.
    by_chance = sqrt(_FARTHEST * sum(1.0 / total for total in totals))
    if sqrt(value) - by_chance <= sqrt(limits.drift):
        return None
    message = (
        f"scores are distributed differently than in the week before (stability index "
        f"{value:.2f}, limit {limits.drift:g}); the threshold was chosen for other traffic"
    )
    return Alarm("drift", value, limits.drift, message)


CHECKS: Final[Mapping[str, Callable[[AlarmFacts, Limits], Alarm | None]]] = {
    "quality": _quality,
    "disagreement": _disagreement,
    "fallbacks": _fallbacks,
    "share": _band,
    "drift": _drift,
}
"""By the names of their alarms."""


def stability_index(before: Mapping[int, int], now: Mapping[int, int]) -> float:
    """The population stability index of two histograms, 0 where they are alike.

    Over ten bins with equal parts of `before` (Siddiqi 2006); an empty bin counts as half an
    observation.
    """
    totals = (sum(before.values()), sum(now.values()))
    bins: dict[int, list[float]] = {}
    seen = 0
    for bucket in sorted({*before, *now}):
        seen += before.get(bucket, 0)
        place = int(_BINS * seen / totals[0] - 1e-9)
        counts = bins.setdefault(place, [0.0, 0.0])
        counts[0] += before.get(bucket, 0)
        counts[1] += now.get(bucket, 0)
    index = 0.0
    for counts in bins.values():
        first, second = (max(n, 0.5) / total for n, total in zip(counts, totals, strict=True))
        index += (second - first) * log(second / first)
    return index


def _share(name: str, counts: Sequence[Count], limit: float, rest: str) -> Alarm | None:
    low = shown_at_least(counts, limit, _LEVEL)
    if low is None:
        return None
    total = sum(count.weight * count.total for count in counts)
    share = sum(count.weight * count.hits for count in counts) / total
    message = f"{100 * share:.0f} % (at least {100 * low:.0f} %, limit {100 * limit:g} %) {rest}"
    return Alarm(name, share, limit, message)
