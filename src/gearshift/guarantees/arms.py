"""What an experiment shows so far: each arm against the first, with whatever may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gearshift.guarantees import binomial
from gearshift.guarantees.p_values import Floats
from gearshift.guarantees.sequences import counts_p_value, difference

TOO_EARLY: Final = "too early"
"""How the words begin where nothing can be said."""
_MISMATCH: Final = 0.001
_FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class ArmData:
    """One arm.

    Attributes:
        units: Sessions (or requests without one) that were assigned to it.
        outcomes: One of each judged unit, 0-1, in an order that is fixed when the units are
            assigned, so that later looks only add to the end; high is bad.
    """

    name: str
    units: int
    outcomes: Floats


@dataclass(frozen=True, slots=True)
class Compared:
    """An arm against the first one.

    Attributes:
        estimate: How much worse it is, -1 to 1.
        ci: Holds at every time at once.
        p_value: Of "no difference", corrected for the number of arms.
        is_worse: Shown to be worse.
        is_better: Shown to be better.
    """

    name: str
    estimate: float | None
    ci: tuple[float, float]
    p_value: float
    is_worse: bool
    is_better: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """An experiment so far.

    Attributes:
        compared: Every arm but the first.
        ratio_p_value: Of the division of units among the arms.
        is_ratio_wrong: Something is wrong with the assignment, so nothing else may be trusted.
    """

    arms: tuple[ArmData, ...]
    compared: tuple[Compared, ...]
    ratio_p_value: float
    is_ratio_wrong: bool

    @property
    def harmed_by(self) -> tuple[str, ...]:
        """The arms that are shown to be worse."""
        return tuple(arm.name for arm in self.compared if arm.is_worse)


def find(arms: Sequence[ArmData], alpha: float) -> Finding:
    """Say what can be said now; may be asked after every request.

    Args:
        arms: At least two, of equal shares; the first is what the others are compared with.
        alpha: Chance of any wrong finding, over all arms and all times.
    """
    level = alpha / max(1, len(arms) - 1)
    counts = np.array([float(arm.units) for arm in arms])
    ratio = counts_p_value(counts, np.full(len(arms), 1.0 / len(arms)))
    compared = tuple(_compared(arms[0], arm, level, len(arms) - 1) for arm in arms[1:])
    return Finding(tuple(arms), compared, ratio, ratio < _MISMATCH)


def _compared(first: ArmData, arm: ArmData, level: float, arms: int) -> Compared:
    estimate = difference(first.outcomes, arm.outcomes, level)
    is_shown = estimate.p_value <= level
    is_higher = estimate.p_greater <= level / 2
    return Compared(
        arm.name,
        estimate.estimate,
        estimate.ci,
        min(1.0, estimate.p_value * arms),
        is_shown and is_higher,
        is_shown and not is_higher,
    )


def share_interval(outcomes: Floats, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval for the mean of outcomes of 0 or 1, for one look."""
    n, hits = len(outcomes), float(outcomes.sum())
    half = (1 - level) / 2
    return binomial.lower_bound(hits, n, half), binomial.upper_bound(hits, n, half)


def in_words(finding: Finding, what: str) -> str:
    """The result in plain words.

    Args:
        finding: What was found.
        what: What the outcomes count, such as `worse answers`.
    """
    if finding.is_ratio_wrong:
        return (
            "the arms did not get their shares of the traffic; do not trust the other figures "
            "until you know why"
        )
    if min(len(arm.outcomes) for arm in finding.arms) < _FEWEST:
        least = min(len(arm.outcomes) for arm in finding.arms)
        return f"{TOO_EARLY}: {least} outcomes in the smallest arm"
    return "; ".join(
        _sentence(comparison, finding.arms[0].name, what) for comparison in finding.compared
    )


def _sentence(comparison: Compared, control: str, what: str) -> str:
    low, high = (100 * bound for bound in comparison.ci)
    if comparison.is_worse:
        return f"{comparison.name} has more {what} than {control}: {low:.1f} to {high:.1f} points"
    if comparison.is_better:
        return (
            f"{comparison.name} has fewer {what} than {control}: {-high:.1f} to {-low:.1f} points"
        )
    return (
        f"no difference shown between {comparison.name} and {control} in {what}: "
        f"{low:+.1f} to {high:+.1f} points"
    )
