"""Do the intervals of replay cover the truth where only exploration gives support?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np

from gearshift.guarantees.off_policy import Single, doubly_robust, snips
from simulations.replays import Covered, outcomes
from simulations.worlds import WORLDS

SIZES = (2_000, 10_000)
SHARES = (0.1, 0.2)
METHODS = {"doubly robust": doubly_robust, "snips": snips}
NOW, THEN = 5.0, 6.0
_BAND = 1.5
_TRUTH = 400_000
Cell = tuple[int, int, float, str]


def run(worlds: int, workers: int) -> list[Covered]:
    """Every combination, `worlds` simulated logs in each; logs without support do not count."""
    cells = [
        (number, n, share, method)
        for number in range(len(WORLDS))
        for n in SIZES
        for share in SHARES
        for method in METHODS
    ]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_covered, cells, [worlds] * len(cells), chunksize=2))


def _covered(what: Cell, worlds: int) -> Covered:
    number, n, share, method = what
    world = WORLDS[number]
    random = np.random.default_rng([number, n, round(100 * share), list(METHODS).index(method)])
    scores = world.draw(np.random.default_rng(1), _TRUTH)
    truth = float(np.where(scores < THEN, 0.9 * (1 - world.loss(scores)), 0.9).mean())
    hits, width, supported = 0, 0.0, 0
    for _ in range(worlds):
        found = METHODS[method](_log(number, n, share, random), THEN)
        if found.ci is not None:
            supported += 1
            hits += found.ci[0] <= truth <= found.ci[1]
            width += found.ci[1] - found.ci[0]
    done = max(1, supported)
    name = f"{world.name}, {method}, {share:g}"
    return Covered(name, n, THEN, True, supported, hits / done, width / done)


def _log(number: int, n: int, share: float, random: np.random.Generator) -> Single:
    """Traffic at the threshold `NOW`, a share of what is near it explored."""
    scores = WORLDS[number].draw(random, n)
    is_near = np.abs(scores - NOW) <= _BAND
    is_explored = is_near & (random.random(n) < share)
    is_small = (scores < NOW) != is_explored
    chance = np.where(is_explored, share, np.where(is_near, 1 - share, 1.0))
    weak, strong = outcomes(number, scores, random)
    return Single(scores, is_small, chance, np.where(is_small, weak, strong))


def table(found: list[Covered]) -> str:
    """Coverage by size, share and method."""
    lines = [
        "| method | explored | requests | logs with support | coverage, mean | worst | width |",
        "|---|---|---|---|---|---|---|",
    ]
    for method in METHODS:
        for share in SHARES:
            for n in SIZES:
                ending = f", {method}, {share:g}"
                group = [one for one in found if one.n == n and one.world.endswith(ending)]
                # Of logs that hardly ever have support, too few were seen to say anything.
                seen = [one for one in group if one.worlds >= 100]
                lines.append(
                    f"| {method} | {share:g} | {n:,} | {sum(one.worlds for one in group):,} | "
                    f"{np.mean([one.share for one in seen]):.3f} | "
                    f"{min(one.share for one in seen):.3f} | "
                    f"{np.mean([one.width for one in seen]):.3f} |"
                )
    return "\n".join(lines)
