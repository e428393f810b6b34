"""Do experiments that are looked at all the time keep their promise, and what do they see?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from gearshift.guarantees.binomial import lower_bound
from gearshift.guarantees.sequences import greatest_wealth

ALPHA = 0.05
RATES = (0.02, 0.1, 0.3)
EFFECTS = (0.0, 0.02, 0.05, 0.1)
PAIRS = 10_000
LOOKS = (500, 2_000, 10_000)


@dataclass(frozen=True, slots=True)
class Peeked:
    """Many experiments of one kind, each looked at after every pair of outcomes.

    Attributes:
        effect: By how much the second arm is worse; 0 for A/A.
        found: Share of the experiments that found a difference by each of `LOOKS`.
        median: Pairs until then, in the middle one; `None` where fewer than half found it.
    """

    rate: float
    effect: float
    worlds: int
    found: tuple[float, ...]
    median: float | None

    @property
    def is_kept(self) -> bool:
        """Whether at most 5 % false alarms are consistent with what was seen (99.9 %)."""
        hits = round(self.found[-1] * self.worlds)
        return self.effect > 0 or lower_bound(hits, self.worlds, 0.001) <= ALPHA


def run(worlds: int, workers: int) -> list[Peeked]:
    """Every rate and effect; A/A in all worlds, effects in a quarter of them."""
    cells = [(rate, effect) for rate in RATES for effect in EFFECTS]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_peeked, cells, [worlds] * len(cells)))


def _peeked(what: tuple[float, float], worlds: int) -> Peeked:
    rate, effect = what
    worlds = worlds if effect == 0 else worlds // 4
    random = np.random.default_rng([round(100 * rate), round(100 * effect)])
    ends = []
    for _ in range(worlds):
        first = random.random(PAIRS) < rate
        second = random.random(PAIRS) < rate + effect
        halves = (second.astype(np.float64) - first + 1) / 2
        wealth = np.maximum(*(greatest_wealth(halves, 0.5, is_up=up) for up in (True, False)))
        over = np.flatnonzero(wealth >= 2 / ALPHA)
        ends.append(float(over[0] + 1) if len(over) else np.inf)
    found = tuple(float(np.mean([end <= look for end in ends])) for look in LOOKS)
    median = float(np.median(ends))
    return Peeked(rate, effect, worlds, found, median if np.isfinite(median) else None)


def table(found: list[Peeked]) -> str:
    """What was found by when, by rate and effect."""
    heads = " | ".join(f"found by {look:,}" for look in LOOKS)
    lines = [
        f"| bad in control | worse by | experiments | {heads} | outcomes in each arm, median |",
        "|---|---|---|" + "---|" * (len(LOOKS) + 1),
    ]
    for one in found:
        shares = " | ".join(f"{100 * share:.1f} %" for share in one.found)
        worse = f"{100 * one.effect:.0f} points" if one.effect else "nothing (A/A)"
        median = "–" if one.median is None else f"{one.median:,.0f}"
        lines.append(f"| {100 * one.rate:.0f} % | {worse} | {one.worlds:,} | {shares} | {median} |")
    return "\n".join(lines)
