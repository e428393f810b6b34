"""Digests of full-precision scores: they tell whether a change of the scorer changes any score.

`python -m tests.golden.digests` writes `digests.json` anew. Do that only where scores are meant to
change, and measure with `python -m benchmarks.golden_rates` what the change is worth.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

HERE = Path(__file__).parent
RECORDED = HERE / "digests.json"


def files() -> list[Path]:
    return sorted(HERE.glob("*.yaml"))


def digest(file: Path, scorer: TaskComplexityScorer) -> str:
    """Of every bit of the scores, factors, contributions and words for the cases of a file."""
    document = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    total = hashlib.sha256()
    for case in document["cases"]:
        total.update(_line(case, scorer).encode())
    return total.hexdigest()[:32]


def _line(case: dict[str, Any], scorer: TaskComplexityScorer) -> str:
    text = case.get("text")
    turns = [{"role": role, "content": content} for role, content in case.get("messages", ())]
    result = scorer.score(turns if text is None else text)
    numbers = (result.score, *result.factors.values(), *result.contributions.values())
    shown = " ".join(float(number).hex() for number in numbers)
    return f"{shown} {result.tier} {result.truncated} {result.reasoning}\n"


def main() -> None:
    scorer = TaskComplexityScorer(remembered=0)
    digests = {file.name: digest(file, scorer) for file in files()}
    RECORDED.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
