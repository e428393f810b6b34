"""The scores that are compared: baselines, and any scorer that the configuration may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gearshift.evaluation.outcomes import Floats, Outcomes

ScoreText = Callable[[str], float]
Progress = Callable[[Sequence[str]], Iterator[str]]
"""Wraps the prompts while they are scored, to show how far it is."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A scorer's scores.

    Attributes:
        values: One for each prompt.
        threshold: From which on a prompt goes to the large model; `None` where the scorer has no
            scale of its own.
    """

    values: Floats
    threshold: float | None


def baselines(outcomes: Outcomes, seed: int) -> dict[str, Scored]:
    """What every scorer has to be better than, and what none can be."""
    size = len(outcomes.prompts)
    length = np.array([len(prompt) for prompt in outcomes.prompts], dtype=np.float64)
    return {
        "random": Scored(np.random.default_rng(seed).random(size), 0.5),
        "length": Scored(length, None),
        "always-small": Scored(np.zeros(size), 1.0),
        "always-large": Scored(np.ones(size), 1.0),
        "oracle": Scored(outcomes.gap, 1e-9),
    }


def scored(
    score: ScoreText, threshold: float, prompts: Sequence[str], progress: Progress
) -> Scored:
    """A scorer's scores of all prompts."""
    values = [score(prompt) for prompt in progress(prompts)]
    return Scored(np.array(values, np.float64), threshold)
