"""Memory of the scorer while it reads prompts that have nothing in common, lap after lap.

Usage: python -m benchmarks.scorer_memory FILE.jsonl.gz… [--laps 3]

The automaton behind the word lists is built as texts come, so it is varied texts that make it grow.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from gearshift.evaluation.jsonl import read_lines
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer


def pss_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--laps", type=int, default=3)
    arguments = parser.parse_args()
    prompts = [line.value["prompt"] for file in arguments.files for line in read_lines(file)]
    random.Random(1).shuffle(prompts)
    scorer = TaskComplexityScorer(remembered=0)
    scorer.score("hello")
    start = pss_mb()
    print(f"{len(prompts):,} prompts; before the first: {start:.1f} MB with the prompts themselves")
    for lap in range(1, arguments.laps + 1):
        began = time.perf_counter()
        for prompt in prompts:
            scorer.score(prompt)
        seconds = time.perf_counter() - began
        grown = pss_mb() - start
        print(f"lap {lap}: grown by {grown:.1f} MB, {seconds / len(prompts) * 1e6:.0f} us a prompt")


if __name__ == "__main__":
    main()
