"""Do experiments keep their promise where verdicts come late, out of order, or not at all?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from gearshift.decision_log.arm_outcomes import ArmOutcomes, gathered
from gearshift.decision_log.experiments import ExperimentState, Kept, Metric
from gearshift.guarantees.binomial import lower_bound
from gearshift.guarantees.sequences import greatest_wealth
from gearshift.quality.experiment_report import values_of
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

ALPHA = 0.05
UNITS = 1_500
LOOKS = 6
_EVERY_SECONDS = 10.0
_KEPT = Kept(
    Experiment("late", Dimension.THRESHOLD, (Arm("first"), Arm("second"))),
    Metric.LOSSES,
    ALPHA,
    ExperimentState.RUNNING,
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one arm does.

    Attributes:
        small: Share that goes to the small model.
        worse: Share of the small model's answers that are worse.
        skipped: Share of its drawn answers that are never compared.
        delay: Mean seconds until a verdict.
        delay_of_losses: The same where it is a loss.
    """

    small: float
    worse: float
    skipped: float
    delay: float
    delay_of_losses: float

    @property
    def losses(self) -> float:
        """The truth."""
        return self.small * self.worse


_SLOW = Traffic(0.5, 0.1, 0.9, 600.0, 600.0)
CASES = {
    "A/A, nine of ten skipped, losses judged later": (
        Traffic(0.5, 0.15, 0.9, 60.0, 900.0),
        Traffic(0.5, 0.15, 0.9, 60.0, 900.0),
    ),
    "as many losses by other ways, other delays": (
        Traffic(0.1, 0.5, 0.5, 10.0, 10.0),
        _SLOW,
    ),
    "as many losses, one judged at once": (
        Traffic(0.5, 0.1, 0.0, 1.0, 1.0),
        Traffic(0.25, 0.2, 0.5, 300.0, 300.0),
    ),
    "more losses, nine of ten skipped": (
        Traffic(0.35, 0.208, 0.9, 60.0, 60.0),
        Traffic(0.7, 0.3, 0.9, 300.0, 300.0),
    ),
}
"""What both arms do."""


@dataclass(frozen=True, slots=True)
class Late:
    """Many experiments of one kind, looked at several times.

    Attributes:
        effect: By how much the second arm is worse.
        found: Share of the experiments in which a look found a difference.
        covered: Share in which the interval of the difference had the truth in it at every look.
        bias: Mean of both arms' estimates less the truth, the one that is farther off.
        error: Its standard error.
    """

    case: str
    effect: float
    worlds: int
    found: float
    covered: float
    bias: float
    error: float

    @property
    def is_kept(self) -> bool:
        """Whether alpha and no bias are consistent with what was seen (99.9 %)."""
        wrong = 1.0 - self.covered if self.effect else max(self.found, 1.0 - self.covered)
        hits = round(wrong * self.worlds)
        low = lower_bound(hits, self.worlds, 0.001)
        return low <= ALPHA and abs(self.bias) <= 3.5 * self.error


def run(worlds: int, workers: int) -> list[Late]:
    """Every case; a tenth of the worlds, because each is a whole log."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(simulated, CASES, [max(1, worlds // 10)] * len(CASES)))


def simulated(case: str, worlds: int, units: int = UNITS) -> Late:
    """Many logs of one case."""
    random = np.random.default_rng([list(CASES).index(case), worlds])
    first, second = CASES[case]
    effect = second.losses - first.losses
    found, covered, off = 0, 0, []
    for _ in range(worlds):
        rows = log(CASES[case], random, units)
        is_found, is_covered = False, True
        for look in range(1, LOOKS + 1):
            seen = at(rows, units * _EVERY_SECONDS * look / LOOKS + 3_600.0 * (look == LOOKS))
            is_found |= _rejects(seen, 0.0)
            is_covered &= not _rejects(seen, effect)
        found += is_found
        covered += is_covered
        means = [float(values_of(seen[arm].so_far).mean()) for arm in ("first", "second")]
        off.append([means[0] - first.losses, means[1] - second.losses])
    bias, error = np.mean(off, axis=0), np.std(off, axis=0) / np.sqrt(worlds)
    worst = int(np.argmax(np.abs(bias) / error))
    return Late(
        case,
        round(effect, 6),
        worlds,
        found / worlds,
        covered / worlds,
        float(bias[worst]),
        float(error[worst]),
    )


def _rejects(seen: dict[str, ArmOutcomes], gap: float) -> bool:
    """Whether a difference is ruled out: the interval's own test, for one value."""
    first, second = (values_of(seen[arm].settled) for arm in ("first", "second"))
    pairs = min(len(first), len(second))
    if not pairs:
        return False
    halves = (second[:pairs] - first[:pairs] + 1.0) / 2.0
    mean = (gap + 1.0) / 2.0
    return any(greatest_wealth(halves, mean, is_up=up)[-1] >= 2.0 / ALPHA for up in (True, False))


def log(arms: tuple[Traffic, Traffic], random: np.random.Generator, units: int) -> list[Any]:
    """Rows as the decision log gives them, each with the time at which it is judged."""
    rows = []
    for number in range(units):
        is_second = bool(random.random() < 0.5)
        arm = arms[is_second]
        is_small = random.random() < arm.small
        is_loss = is_small and random.random() < arm.worse
        delay = random.exponential(arm.delay_of_losses if is_loss else arm.delay)
        is_judged = is_small and random.random() >= arm.skipped
        rows.append(
            SimpleNamespace(
                id=str(number),
                time=number * _EVERY_SECONDS,
                session_hash=None,
                arms=f"late:{'second' if is_second else 'first'}",
                tier="simple" if is_small else "complex",
                status=200,
                fallback=None,
                drawn=1.0,
                flops=0.0,
                seconds=1.0,
                verdict=("loss" if is_loss else "tie") if is_judged else None,
                judged=number * _EVERY_SECONDS + delay,
            )
        )
    return rows


def at(rows: list[Any], now: float) -> dict[str, ArmOutcomes]:
    """What the log has at a time."""
    settled = Metric.LOSSES.settled_seconds
    seen = []
    for row in rows:
        if row.time > now:
            break
        is_there = row.judged <= min(now, row.time + settled)
        seen.append(row if is_there else SimpleNamespace(**{**vars(row), "verdict": None}))
    return gathered(seen, _KEPT, "simple", now - settled)


def table(found: list[Late]) -> str:
    """What was found, by case."""
    lines = [
        "| verdicts | true difference | experiments | a difference found at any of "
        f"{LOOKS} looks | truth inside at all of them | bias of an arm's estimate |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        lines.append(
            f"| {one.case} | {100 * one.effect:.1f} points | {one.worlds:,} | "
            f"{100 * one.found:.1f} % | {100 * one.covered:.1f} % | "
            f"{100 * one.bias:+.2f} ± {100 * one.error:.2f} points |"
        )
    return "\n".join(lines)
