"""The recorded outcomes, by file; they are third-party data and never part of this repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gearshift.errors import GearshiftError
from gearshift.evaluation.jsonl import read_lines
from gearshift.evaluation.outcomes import Outcomes, pooled, read_outcomes
from gearshift.learning.features import Prompts, read_prompts

MMLU = "routellm_mmlu"
GSM8K = "routellm_gsm8k"
MTBENCH = "routellm_mtbench"
MIX = "llmrouter_mix_mistral7b_nemotron51b"
ZEROEVAL = "zeroeval_gsm_gemma2b_llama70b"
NOT_POOLED = "llmrouter_mix_qwen7b_nemotron51b"
"""Its scores are artefacts of how answers were extracted, so it is left out."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One file: its outcomes, what the scorer sees of its prompts, and its subjects or tasks."""

    outcomes: Outcomes
    prompts: Prompts
    categories: tuple[str, ...]

    def rows(self, *splits: str) -> Any:
        """The numbers of the rows of some splits."""
        return np.flatnonzero(np.isin(self.outcomes.splits, splits))


def load(folder: Path) -> dict[str, Recorded]:
    """The pooled files, by name.

    Raises:
        GearshiftError: One is missing or cannot be read.
    """
    found = {}
    for name in (MMLU, GSM8K, MTBENCH, ZEROEVAL, MIX):
        file = str(folder / f"{name}.jsonl.gz")
        outcomes = read_outcomes(file)
        if len(outcomes.prompts) < 70:
            raise GearshiftError(f"{file}: {len(outcomes.prompts)} rows are too few")
        categories = tuple(str(line.value.get("category", "")) for line in read_lines(file))
        found[name] = Recorded(outcomes, read_prompts(outcomes.prompts), categories)
    return found


def select(recorded: Recorded, rows: Any) -> Outcomes:
    """Some rows of a file."""
    one = recorded.outcomes
    return Outcomes(
        one.name,
        tuple(one.prompts[row] for row in rows),
        one.weak[rows],
        one.strong[rows],
        tuple(one.splits[row] for row in rows),
    )


def tested(files: dict[str, Recorded]) -> dict[str, Outcomes]:
    """The test rows of every file, and of all together."""
    sets = {name: select(one, one.rows("test")) for name, one in files.items()}
    return {**sets, "pooled": pooled(list(sets.values()))}
