"""Outcomes: prompts that a small and a large model have both answered, with their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gearshift.errors import GearshiftError
from gearshift.evaluation.jsonl import decoded, raw_lines

Floats = NDArray[np.float64]

_BAD_SHARE: Final = 0.01
_FEW: Final = 30
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The rows of one file, or of several together.

    Attributes:
        name: The file's name without its endings.
        prompts: What both models were asked.
        weak: The small model's score of each prompt, 0-1.
        strong: The large model's.
        splits: `train`, `valid`, `test` or empty, of each prompt.
        warnings: What is odd about the data, and what to do about it.
    """

    name: str
    prompts: tuple[str, ...]
    weak: Floats
    strong: Floats
    splits: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def gap(self) -> Floats:
        """What the large model gains on each prompt, -1 to 1."""
        return self.strong - self.weak

    def select(self, split: str) -> Outcomes:
        """The rows of one split; `all` for every row."""
        if split == "all":
            return self
        return self._rows([row for row, name in enumerate(self.splits) if name == split])

    def without(self, split: str) -> Outcomes:
        """The rows of all other splits."""
        return self._rows([row for row, name in enumerate(self.splits) if name != split])

    def _rows(self, rows: list[int]) -> Outcomes:
        return Outcomes(
            self.name,
            tuple(self.prompts[row] for row in rows),
            self.weak[rows],
            self.strong[rows],
            tuple(self.splits[row] for row in rows),
            self.warnings,
        )

    def check(self) -> None:
        """Refuse rows that nothing can be measured on.

        Raises:
            GearshiftError: There are none, or both models are equally good on average.
        """
        if not self.prompts:
            raise GearshiftError(f"{self.name}: no rows; see --split")
        if math.isclose(float(self.gap.sum()), 0.0, abs_tol=1e-9):
            raise GearshiftError(
                f"{self.name}: both models have the same mean score "
                f"({float(self.weak.mean()):.3f}), so there is no gap to recover; "
                "use prompts on which the large model is better"
            )

    def remarks(self) -> list[str]:
        """What a reader of the figures should know."""
        warnings = list(self.warnings)
        if 0 < len(self.prompts) < _FEW:
            warnings.append(
                f"{self.name}: only {len(self.prompts)} rows; the intervals are very wide"
            )
        if self.gap.sum() < 0:
            warnings.append(
                f"{self.name}: the small model is better on average; is the pair swapped?"
            )
        return warnings


def read_outcomes(file: str) -> Outcomes:
    """The rows of a JSONL file, gzipped or not.

    Raises:
        GearshiftError: It cannot be read, or more than 1 % of its lines are no outcomes.
    """
    rows, bad = [], []
    for line in raw_lines(file):
        try:
            rows.append(_row(decoded(line.text, line.where), line.where))
        except GearshiftError as error:
            bad.append(str(error))
    if not rows and not bad:
        raise GearshiftError(f"{file}: it is empty; one JSON object a line is expected")
    if len(bad) > _BAD_SHARE * (len(rows) + len(bad)):
        raise GearshiftError(
            f"{file}: {len(bad)} of {len(rows) + len(bad)} lines are not outcomes, more than 1 %; "
            f"the first: {bad[0]}"
        )
    name = Path(file).name.removesuffix(".gz").removesuffix(".jsonl")
    return Outcomes(
        name,
        tuple(row[0] for row in rows),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.float64),
        tuple(row[3] for row in rows),
        (*_skipped(bad), *_repeated(name, rows)),
    )


def pooled(files: Sequence[Outcomes]) -> Outcomes:
    """Several files as one."""
    return Outcomes(
        "pooled",
        tuple(prompt for file in files for prompt in file.prompts),
        np.concatenate([file.weak for file in files]),
        np.concatenate([file.strong for file in files]),
        tuple(split for file in files for split in file.splits),
    )


_Row = tuple[str, float, float, str]


def _row(value: dict[str, Any], where: str) -> _Row:
    prompt, split = value.get("prompt"), value.get("split", "")
    if not isinstance(prompt, str) or not prompt.strip():
        raise GearshiftError(f"{where}: 'prompt' must be a string")
    if not isinstance(split, str):
        raise GearshiftError(f"{where}: 'split' must be train, valid or test")
    weak, strong = (_score(value, name, where) for name in ("weak_score", "strong_score"))
    return prompt, weak, strong, split


def _score(value: dict[str, Any], name: str, where: str) -> float:
    score = value.get(name)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise GearshiftError(f"{where}: {name!r} must be a number from 0 to 1")
    return float(score)


def _skipped(bad: Sequence[str]) -> list[str]:
    more = len(bad) - _SHOWN
    return [
        *(f"skipped: {text}" for text in bad[:_SHOWN]),
        *([f"skipped: {more} further lines"] if more > 0 else []),
    ]


def _repeated(name: str, rows: Sequence[_Row]) -> list[str]:
    """Prompts that occur twice, and those that stand on both sides of a split."""
    splits: dict[str, set[str]] = {}
    for prompt, _, _, split in rows:
        splits.setdefault(" ".join(prompt.lower().split()), set()).add(split)
    warnings = []
    if len(splits) < len(rows):
        warnings.append(
            f"{name}: {len(rows) - len(splits)} prompts occur again; "
            "intervals are too narrow, so keep one of each"
        )
    leaking = sum("test" in seen and len(seen) > 1 for seen in splits.values())
    if leaking:
        warnings.append(
            f"{name}: {leaking} prompts are in test and in another split; "
            "a scorer trained on this file is flattered, so split by prompt"
        )
    return warnings
