"""Is the threshold that `auto_tune` activates ever one that is not promised?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from gearshift.guarantees.binomial import lower_bound
from gearshift.guarantees.threshold import GRID, JudgedScores
from gearshift.quality.auto_tune import delta_of_a_run, wise_threshold
from simulations.worlds import WORLDS, World

ALPHA, DELTA = 0.05, 0.05
RUNS, EACH = 30, 150
STARTS = (0.0, 3.0)
_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Tuned:
    """Many months of one kind of traffic.

    Attributes:
        start: The operator's threshold.
        broken: Months in which some threshold that was activated had a risk above alpha.
        share: Sent to the small model at the end, against an oracle's; mean.
    """

    world: str
    start: float
    worlds: int
    broken: int
    share: float

    @property
    def is_kept(self) -> bool:
        """Whether breaking at most delta of them is consistent with what was seen (99.9 %)."""
        return lower_bound(self.broken, self.worlds, 0.001) <= DELTA


def run(worlds: int, workers: int) -> list[Tuned]:
    """Every kind of traffic and start; a hundredth of the worlds, each of which is a month."""
    cells = [(number, start) for number in range(len(WORLDS)) for start in STARTS]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(months, cells, [max(1, worlds // 100)] * len(cells)))


def months(cell: tuple[int, float], worlds: int, runs: int = RUNS) -> Tuned:
    """Many months of daily runs, each on all answers judged until then."""
    number, start = cell
    world = WORLDS[number]
    shares, risks, _ = world.truth(GRID)
    safe = np.flatnonzero(risks <= ALPHA)
    oracle = shares[safe.max()] if len(safe) else 0.0
    random = np.random.default_rng([number, round(start)])
    broken, sent = 0, 0.0
    for _ in range(worlds):
        visited = _visited(world, random, start, runs)
        places = [GRID.index(round(one, 2)) for one in visited if one > 0]
        broken += any(risks[place] > ALPHA for place in places)
        sent += shares[places[-1]] if visited[-1] > 0 else 0.0
    share = sent / worlds / oracle if oracle > 0 else float("nan")
    return Tuned(world.name, start, worlds, broken, share)


def _visited(world: World, random: np.random.Generator, now: float, runs: int) -> list[float]:
    """The thresholds that were activated, one after the other."""
    scores, losses, weights = np.zeros(0), np.zeros(0), np.zeros(0)
    visited = []
    for _ in range(runs):
        new = world.draw(random, EACH * 4)
        chance = np.where(new < now, 0.4, 0.1)  # of the large tier's answers a quarter as many
        kept = random.random(len(new)) < chance
        scores = np.concatenate((scores, new[kept]))
        lost = random.random(int(kept.sum())) < world.loss(new[kept])
        losses = np.concatenate((losses, lost.astype(np.float64)))
        weights = np.concatenate((weights, 1.0 / chance[kept]))
        delta = delta_of_a_run(DELTA, _HOURS)
        now, _ = wise_threshold(now, JudgedScores(scores, losses, weights), ALPHA, delta)
        visited.append(now)
    return visited


def table(found: list[Tuned]) -> str:
    """Broken promises and savings, by traffic and start."""
    lines = [
        "| traffic | operator's threshold | months | with an active threshold that breaks the "
        "promise | sent to the small model at the end, of what an oracle would |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        share = "–" if np.isnan(one.share) else f"{one.share:.2f}"
        lines.append(
            f"| {one.world} | {one.start:g} | {one.worlds:,} | "
            f"{100 * one.broken / one.worlds:.1f} % | {share} |"
        )
    return "\n".join(lines)
