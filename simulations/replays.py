"""Do replay's intervals cover the truth?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from gearshift.guarantees.binomial import upper_bound
from gearshift.guarantees.replay import Both, quality_at
from simulations.worlds import WORLDS, Floats

SIZES = (50, 200, 1_000)
THRESHOLDS = (2.0, 5.0, 8.0)
LEAST = 0.93
_TRUTH = 400_000


@dataclass(frozen=True, slots=True)
class Covered:
    """Many logs of one kind.

    Attributes:
        share: Of them whose interval has the truth in it.
        width: Of the intervals, mean.
    """

    world: str
    n: int
    threshold: float
    is_uneven: bool
    worlds: int
    share: float
    width: float

    @property
    def is_kept(self) -> bool:
        """Whether covering at least 93 % is consistent with what was seen (99.9 %)."""
        hits = round(self.share * self.worlds)
        if self.worlds < 100:
            return True  # too few had support to say anything
        return upper_bound(hits, self.worlds, 0.001) >= LEAST


def run(worlds: int, workers: int) -> list[Covered]:
    """Every combination, `worlds` simulated logs in each."""
    cells = [
        (number, n, threshold, is_uneven)
        for number in range(len(WORLDS))
        for n in SIZES
        for threshold in THRESHOLDS
        for is_uneven in (False, True)
    ]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_covered, cells, [worlds] * len(cells), chunksize=4))


def outcomes(number: int, scores: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """A large model that is right nine times of ten; a small one that loses as the world says."""
    strong = (random.random(len(scores)) < 0.9).astype(np.float64)
    lost = random.random(len(scores)) < WORLDS[number].loss(scores)
    return np.where(lost, 0.0, strong), strong


def _covered(what: tuple[int, int, float, bool], worlds: int) -> Covered:
    number, n, threshold, is_uneven = what
    world = WORLDS[number]
    random = np.random.default_rng([number, n, round(10 * threshold), is_uneven])
    scores = world.draw(np.random.default_rng(1), _TRUTH)
    right = np.where(scores < threshold, 0.9 * (1 - world.loss(scores)), 0.9)
    truth, hits, width = float(right.mean()), 0, 0.0
    for _ in range(worlds):
        scores = world.draw(random, 4 * n)
        propensity = np.where(scores < 3, 0.3, 0.6) if is_uneven else np.full(4 * n, 0.5)
        kept = np.flatnonzero(random.random(4 * n) < propensity)[:n]
        weak, strong = outcomes(number, scores[kept], random)
        found = quality_at(Both(scores[kept], weak, strong, 1 / propensity[kept]), threshold)
        assert found.ci is not None
        hits += found.ci[0] <= truth <= found.ci[1]
        width += found.ci[1] - found.ci[0]
    return Covered(world.name, n, threshold, is_uneven, worlds, hits / worlds, width / worlds)


def table(found: list[Covered]) -> str:
    """Coverage by size and sampling: the mean, the worst kind of log, and the width."""
    lines = [
        "| judged | sampling | coverage, mean | worst | width, mean |",
        "|---|---|---|---|---|",
    ]
    for n in SIZES:
        for is_uneven in (False, True):
            group = [one for one in found if (one.n, one.is_uneven) == (n, is_uneven)]
            shares = [one.share for one in group]
            lines.append(
                f"| {n:,} | {'uneven' if is_uneven else 'even'} | {np.mean(shares):.3f} | "
                f"{min(shares):.3f} | {np.mean([one.width for one in group]):.3f} |"
            )
    return "\n".join(lines)
