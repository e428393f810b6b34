"""Measures of a ranking, as RouteLLM defines them (arXiv 2406.18665), with bootstrap intervals.

A scorer's prompts at or above a threshold go to the large model. PGR is the share of the quality
gap that this recovers; APGR is the area under PGR over the share sent, CPT(x) the smallest
percentage sent that recovers x %. Tied scores are crossed on a straight line, which is the mean
over their orders, so a constant scorer has exactly .5, 50 and 80.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gearshift.evaluation.outcomes import Floats, Outcomes

Interval = tuple[float, float]

# From how close to the large model's score on the small one's suffices.
_SUFFICES: Final = 0.05
_LEVEL: Final = (2.5, 97.5)
_JITTERS: Final = 20


class Measures(NamedTuple):
    """Of one scorer on one set of outcomes.

    Attributes:
        apgr: 0-1, random is .5; an oracle may exceed 1.
        cpt50: Percent of calls to the large model that recover half of the gap.
        cpt80: The same for four fifths.
        auc: ROC AUC of the negated score for "the small model suffices"; `nan` where it always
            or never does.
    """

    apgr: float
    cpt50: float
    cpt80: float
    auc: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Measures with what a bootstrap over prompts says of them.

    Attributes:
        apgr_ci: 95 % percentile interval, scores fixed.
        difference: APGR above that of the reference scorer, on the same resamples.
        difference_ci: Its interval; `None` for the reference itself.
    """

    measures: Measures
    apgr_ci: Interval
    difference: float
    difference_ci: Interval | None


class Ranking:
    """Prompts in the order of their scores, highest first, tied ones in one group.

    Args:
        scores: One for each prompt, higher is harder.
        outcomes: What the models achieved.

    Raises:
        ValueError: A score is not a number.
    """

    def __init__(self, scores: Floats, outcomes: Outcomes) -> None:
        if len(scores) != len(outcomes.prompts) or not np.isfinite(scores).all():
            raise ValueError(f"{outcomes.name}: a scorer must give one finite number per prompt")
        _, groups = np.unique(-scores, return_inverse=True)
        self._groups: NDArray[np.intp] = groups
        self._gap = outcomes.gap
        self._suffices = (outcomes.weak >= outcomes.strong - _SUFFICES).astype(np.float64)

    def curve(self, weights: Floats) -> tuple[Floats, Floats]:
        """Share sent and share of the gap recovered, from (0, 0) to (1, 1), group by group."""
        sent = np.concatenate(([0.0], np.cumsum(np.bincount(self._groups, weights))))
        won = np.concatenate(([0.0], np.cumsum(np.bincount(self._groups, weights * self._gap))))
        with np.errstate(divide="ignore", invalid="ignore"):
            return sent / sent[-1], won / won[-1]

    def apgr(self, weights: Floats) -> float:
        """Exact APGR; `weights` says how often each prompt counts."""
        sent, recovered = self.curve(weights)
        return float(np.trapezoid(recovered, sent))

    def measures(self) -> Measures:
        """All of them, each prompt counting once."""
        weights = np.ones_like(self._gap)
        sent, recovered = self.curve(weights)
        return Measures(
            self.apgr(weights), _cpt(sent, recovered, 0.5), _cpt(sent, recovered, 0.8), self._auc()
        )

    def _auc(self) -> float:
        """Mann and Whitney's statistic, a tie counting half."""
        small = np.bincount(self._groups, self._suffices)
        large = np.bincount(self._groups, 1.0 - self._suffices)
        if small.sum() == 0 or large.sum() == 0:
            return float("nan")
        above = np.cumsum(large) - large  # the hard ones that score higher
        return float((small * (above + large / 2)).sum() / (small.sum() * large.sum()))


def _cpt(sent: Floats, recovered: Floats, share: float) -> float:
    """Where the curve first reaches a share of the gap, in percent of calls sent."""
    position = int(np.argmax(recovered >= share - 1e-12))
    if position == 0:
        return 0.0
    low, high = recovered[position - 1], recovered[position]
    part = (share - low) / (high - low)
    return float(100 * (sent[position - 1] + part * (sent[position] - sent[position - 1])))


def estimates(
    scores: Mapping[str, Floats], outcomes: Outcomes, *, reference: str, rounds: int, seed: int
) -> dict[str, Estimate]:
    """Every scorer's measures; all are drawn on the same resamples, so differences are paired.

    Args:
        scores: Each scorer's scores, in the order of the prompts.
        outcomes: What the models achieved.
        reference: The scorer that the others are compared with.
        rounds: Resamples.
        seed: Of the resamples.
    """
    rankings = {name: Ranking(values, outcomes) for name, values in scores.items()}
    random = np.random.default_rng(seed)
    size = len(outcomes.prompts)
    resampled: dict[str, list[float]] = {name: [] for name in rankings}
    for _ in range(rounds):
        weights = np.bincount(random.integers(0, size, size), minlength=size).astype(np.float64)
        for name, ranking in rankings.items():
            resampled[name].append(ranking.apgr(weights))
    samples = {name: np.array(values) for name, values in resampled.items()}
    measured = {name: ranking.measures() for name, ranking in rankings.items()}
    return {
        name: Estimate(
            measures,
            _interval(samples[name]),
            measures.apgr - measured[reference].apgr,
            None if name == reference else _interval(samples[name] - samples[reference]),
        )
        for name, measures in measured.items()
    }


def _interval(values: Floats) -> Interval:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.percentile(finite, _LEVEL)
    return float(low), float(high)


def as_routellm(scores: Floats, outcomes: Outcomes) -> tuple[float, float, float]:
    """APGR, CPT50 and CPT80 as RouteLLM's code computes them, for comparing with its tables.

    Eleven thresholds, the deciles of the score; the trapezoid rule and linear interpolation over
    them. Its code fails on tied deciles, so ties are broken by a seeded jitter: mean of 20 seeds.
    """
    jittered = np.array([_eleven_points(scores, outcomes, seed) for seed in range(_JITTERS)])
    apgr, cpt50, cpt80 = jittered.mean(axis=0).tolist()
    return apgr, cpt50, cpt80


def _eleven_points(scores: Floats, outcomes: Outcomes, seed: int) -> tuple[float, float, float]:
    different = np.unique(scores)
    step = float(np.diff(different).min()) if len(different) > 1 else 1.0
    jittered = scores + np.random.default_rng(seed).random(len(scores)) * step / 2
    points = []
    for threshold in np.quantile(jittered, np.linspace(0.0, 1.0, 11)):
        sent = jittered >= threshold
        points.append((float(sent.mean()), float(outcomes.gap[sent].sum() / outcomes.gap.sum())))
    shares, recovered = np.array(sorted(points)).T
    return (
        float(np.trapezoid(recovered, shares)),
        _cpt(shares, recovered, 0.5),
        _cpt(shares, recovered, 0.8),
    )


def at_threshold(scores: Floats, threshold: float, outcomes: Outcomes) -> tuple[float, float]:
    """The share that goes to the large model, and the share of the gap that this recovers."""
    sent = scores >= threshold
    return float(sent.mean()), float(outcomes.gap[sent].sum() / outcomes.gap.sum())
