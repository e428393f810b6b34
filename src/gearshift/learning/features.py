"""The features of many prompts, as matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.conversation import task_of
from gearshift.tiered_routing.learned_features import GRADED, SLOTS, Floats, Reading, read

Progress = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts as the scorer sees them.

    Attributes:
        readings: One for each prompt.
        graded: Their graded features, a row for each.
    """

    readings: tuple[Reading, ...]
    graded: Floats

    def __len__(self) -> int:
        return len(self.readings)

    def select(self, rows: Sequence[int] | Any) -> Prompts:
        """Some of them, in the given order."""
        return Prompts(tuple(self.readings[row] for row in rows), self.graded[rows])

    @property
    def rule_scores(self) -> Floats:
        """What the rule says of each, 0-10."""
        return self.graded[:, GRADED.index("rule")]


def read_prompts(prompts: Sequence[str], progress: Progress = iter) -> Prompts:
    """Read prompts, each as `LearnedScorer` will."""
    rule = TaskComplexityScorer(remembered=0)
    readings = []
    for prompt in progress(prompts):
        task = task_of(prompt)
        result = rule.score_task(task)
        readings.append(read(task.text, result.factors, result.score))
    graded = [reading.graded for reading in readings]
    return Prompts(tuple(readings), np.array(graded).reshape(len(readings), len(GRADED)))


def rarity_of(prompts: Prompts) -> Any:
    """`1 + ln((1 + prompts) / (1 + prompts with it))` of every slot, as it is stored."""
    seen = np.zeros(SLOTS, np.int64)
    for reading in prompts.readings:
        seen[reading.slots] += 1
    rarity = 1.0 + np.log((1.0 + len(prompts)) / (1.0 + seen))
    return rarity.astype(np.float16).astype(np.float32)
