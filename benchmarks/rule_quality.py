"""Routing quality of the rule scorer on labelled outcomes: exact APGR with bootstrap intervals.

Usage: python -m benchmarks.rule_quality FILE.jsonl.gz… [--split test] [--not-pooled qwen7b]

Each line of a file has `prompt`, `weak_score`, `strong_score` and `split`. A threshold sends the
prompts at or above it to the strong model; APGR is the area under the recovered share of the
quality gap over the share sent; tied scores are crossed on a straight line. Random is 0.5.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

Floats = NDArray[np.float64]
ROUNDS = 1_000


@dataclass(frozen=True)
class Outcomes:
    """The prompts of one file (or the pool) with what both models achieved."""

    name: str
    prompts: Sequence[str]
    weak: Floats
    strong: Floats


def read(path: Path, split: str) -> Outcomes:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if split in ("all", row["split"])]
    return Outcomes(
        path.name.removesuffix(".jsonl.gz"),
        [row["prompt"] for row in rows],
        np.array([row["weak_score"] for row in rows], dtype=np.float64),
        np.array([row["strong_score"] for row in rows], dtype=np.float64),
    )


def apgr(scores: Floats, weights: Floats, gaps: Floats) -> float:
    """Exact APGR; `weights` counts how often each prompt is drawn."""
    _, group = np.unique(-scores, return_inverse=True)
    sent = np.concatenate(([0.0], np.cumsum(np.bincount(group, weights))))
    won = np.concatenate(([0.0], np.cumsum(np.bincount(group, weights * gaps))))
    if won[-1] == 0:
        return float("nan")
    return float(np.trapezoid(won / won[-1], sent / sent[-1]))


def interval(scores: Floats, gaps: Floats) -> tuple[float, float]:
    """95 % percentile bootstrap over prompts, scores fixed."""
    random = np.random.default_rng(20261122)
    size = len(scores)

    def drawn(rows: NDArray[np.int64]) -> Floats:
        return np.bincount(rows, minlength=size).astype(np.float64)

    values = [apgr(scores, drawn(random.integers(0, size, size)), gaps) for _ in range(ROUNDS)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def pool(files: Sequence[Outcomes]) -> Outcomes:
    return Outcomes(
        "pooled",
        [prompt for one in files for prompt in one.prompts],
        np.concatenate([one.weak for one in files]),
        np.concatenate([one.strong for one in files]),
    )


def scorers() -> dict[str, Callable[[str], float]]:
    rule = TaskComplexityScorer()
    return {"rule": lambda text: rule.score(text).score, "length": lambda text: float(len(text))}


def report(outcomes: Outcomes) -> None:
    gaps = outcomes.strong - outcomes.weak
    print(f"{outcomes.name}: n {len(gaps)}, random 0.500")
    for name, scorer in scorers().items():
        scores = np.array([scorer(prompt) for prompt in outcomes.prompts], dtype=np.float64)
        low, high = interval(scores, gaps)
        extra = f", share at or above 3: {np.mean(scores >= 3):.2f}" if name == "rule" else ""
        value = apgr(scores, np.ones_like(scores), gaps)
        print(f"  {name:<7} APGR {value:.3f} [{low:.3f}, {high:.3f}]{extra}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument(
        "--not-pooled", default="qwen7b", help="part of a name kept out of the pool"
    )
    arguments = parser.parse_args()
    files = [read(path, arguments.split) for path in arguments.files]
    for outcomes in files:
        if outcomes.prompts:
            report(outcomes)
    report(pool([one for one in files if arguments.not_pooled not in one.name]))


if __name__ == "__main__":
    main()
