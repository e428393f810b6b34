"""Does `tune` keep its promise, and how much of what could be had does it get?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import isnan

import numpy as np

from gearshift.guarantees.binomial import lower_bound
from gearshift.guarantees.threshold import GRID, Chosen, JudgedScores, Risk, choose
from simulations.worlds import WORLDS, World

ALPHAS = (0.05, 0.1, 0.2)
DELTAS = (0.05, 0.1)
SIZES = (100, 500, 2_000)
RISKS = (Risk.SMALL, Risk.ANSWERS)


@dataclass(frozen=True, slots=True)
class Cell:
    """Many worlds of one kind.

    Attributes:
        broken: Worlds in which the chosen threshold's true risk is above alpha.
        saving: Mean of the share sent to the small model, against the oracle's; `nan` where even
            the oracle sends nothing.
    """

    world: str
    risk: str
    alpha: float
    delta: float
    n: int
    is_uneven: bool
    worlds: int
    broken: int
    saving: float

    @property
    def is_kept(self) -> bool:
        """Whether breaking at most delta of them is consistent with what was seen (99.9 %)."""
        return lower_bound(self.broken, self.worlds, 0.001) <= self.delta


def cells() -> list[tuple[int, Risk, float, float, int, bool]]:
    """Every combination; uneven sampling at one size, because its test is slower."""
    found = [
        (world, risk, alpha, delta, n, False)
        for world in range(len(WORLDS))
        for risk in RISKS
        for alpha in ALPHAS
        for delta in DELTAS
        for n in SIZES
    ]
    return found + [
        (world, Risk.SMALL, alpha, 0.05, 500, True)
        for world in range(len(WORLDS))
        for alpha in ALPHAS
    ]


def run(worlds: int, workers: int) -> list[Cell]:
    """All cells; `worlds` simulated worlds in each."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_cell, cells(), [worlds] * len(cells()), chunksize=4))


def _cell(what: tuple[int, Risk, float, float, int, bool], worlds: int) -> Cell:
    number, risk, alpha, delta, n, is_uneven = what
    worlds = worlds // 4 if is_uneven else worlds
    world = WORLDS[number]
    shares, among_small, among_all = world.truth(GRID)
    truth = among_all if risk is Risk.ANSWERS else among_small
    safe = np.flatnonzero(truth <= alpha)
    oracle = shares[safe.max()] if len(safe) else 0.0
    random = np.random.default_rng(
        [number, n, round(1_000 * alpha), round(1_000 * delta), RISKS.index(risk), is_uneven]
    )
    broken, saved = 0, 0.0
    for _ in range(worlds):
        judged = _judged(world, random, n, is_uneven)
        found = choose(judged, alpha=alpha, delta=delta, risk=risk)
        if isinstance(found, Chosen):
            at = GRID.index(found.threshold)
            broken += bool(truth[at] > alpha)
            saved += shares[at]
    saving = saved / worlds / oracle if oracle > 0 else float("nan")
    return Cell(world.name, risk.value, alpha, delta, n, is_uneven, worlds, broken, saving)


def _judged(world: World, random: np.random.Generator, n: int, is_uneven: bool) -> JudgedScores:
    """So many judged answers; where sampling is uneven, high scores are judged twice as often."""
    if not is_uneven:
        scores = world.draw(random, n)
        return JudgedScores(scores, (random.random(n) < world.loss(scores)).astype(np.float64))
    scores = world.draw(random, 3 * n)
    propensity = np.where(scores < 3, 0.3, 0.6)
    kept = np.flatnonzero(random.random(3 * n) < propensity)[:n]
    scores = scores[kept]
    losses = (random.random(len(kept)) < world.loss(scores)).astype(np.float64)
    return JudgedScores(scores, losses, 1.0 / propensity[kept])


def table(found: list[Cell]) -> str:
    """The worst and the mean over deltas and worlds, by risk, alpha and n."""
    lines = [
        "| risk | sampling | alpha | judged | broken, worst kind of world, delta .05 / .1 | "
        "saving, mean | by world |",
        "|---|---|---|---|---|---|---|",
    ]
    keys = sorted({(one.risk, one.is_uneven, one.alpha, one.n) for one in found})
    for risk, is_uneven, alpha, n in keys:
        group = [
            one
            for one in found
            if (one.risk, one.is_uneven, one.alpha, one.n) == (risk, is_uneven, alpha, n)
        ]
        worst = [
            max((one.broken / one.worlds for one in group if one.delta == delta), default=None)
            for delta in DELTAS
        ]
        strict = [one for one in group if one.delta == DELTAS[0] and not isnan(one.saving)]
        each = ", ".join(f"{one.world} {one.saving:.2f}" for one in strict)
        shown = " / ".join("–" if value is None else f"{value:.3f}" for value in worst)
        mean = float(np.mean([one.saving for one in strict])) if strict else float("nan")
        lines.append(
            f"| {risk} | {'uneven' if is_uneven else 'even'} | {alpha} | {n:,} | {shown} | "
            f"{mean:.2f} | {each} |"
        )
    return "\n".join(lines)
