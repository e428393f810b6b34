"""Simulated traffic: scores, and how likely the small model's answer is worse at each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_PEOPLE = 400_000


@dataclass(frozen=True, slots=True)
class World:
    """One kind of traffic.

    Attributes:
        name: In the tables.
        draw: So many scores, 0-10.
        loss: The chance of a loss at each score.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Floats]
    loss: Callable[[Floats], Floats]

    def truth(self, thresholds: tuple[float, ...]) -> tuple[Floats, Floats, Floats]:
        """Share below each threshold, and the two risks there, from very many requests."""
        scores = np.sort(self.draw(np.random.default_rng(12345), _PEOPLE))
        lost = np.concatenate(([0.0], np.cumsum(self.loss(scores))))
        below = np.searchsorted(scores, thresholds, side="left")
        among_small = np.where(below > 0, lost[below] / np.maximum(below, 1), 0.0)
        return below / _PEOPLE, among_small, lost[below] / _PEOPLE


def _even(random: np.random.Generator, count: int) -> Floats:
    return random.random(count) * 10


def _low(random: np.random.Generator, count: int) -> Floats:
    return 10 * random.beta(1.5, 4.0, count)


def _discrete(random: np.random.Generator, count: int) -> Floats:
    """As the rule's: many requests share a score."""
    return random.choice([0.0, 0.5, 1.17, 1.83, 2.67, 3.33, 4.17, 6.0, 7.83], count)


WORLDS = (
    World("steep", _even, lambda s: 1 / (1 + np.exp(-(s - 5) * 1.5))),
    World("gentle", _even, lambda s: 0.3 * (s / 10) ** 1.5),
    World("flat", _even, lambda s: np.full_like(s, 0.03)),
    World("step", _even, lambda s: np.where(s < 6, 0.01, 0.4)),
    World("not monotone", _even, lambda s: 0.02 + 0.3 * ((s > 3) & (s < 4)) + 0.1 * (s > 7)),
    World("easy traffic", _low, lambda s: 0.02 + 0.5 * (s / 10) ** 2),
    World("nine scores", _discrete, lambda s: 0.02 + 0.04 * s),
    World("hopeless", _even, lambda s: np.full_like(s, 0.6)),
)
