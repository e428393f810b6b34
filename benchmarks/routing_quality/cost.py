"""What a learned score costs: time by length of text, memory, and import to first score."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.scorer_texts import texts
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.learned_scorer import LearnedScorer

SIZES = ("60", "500", "4k", "200k")
GOALS = {"60": "≤ 100", "500": "≤ 250", "4k": "≤ 1,000", "200k": "–"}
PROBE = """
import time
start = time.perf_counter()
{what}
spent = time.perf_counter() - start
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(spent, status["VmRSS"].split()[0])
"""
LEARNED = """
from gearshift.tiered_routing.learned_scorer import LearnedScorer
LearnedScorer().score("Which of these numbers is the largest, 3 or 4 or 5, and why?")
"""
RULE = """
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
TaskComplexityScorer().score("Which of these numbers is the largest, 3 or 4 or 5, and why?")
"""


def section(_: object) -> str:
    """Microseconds of the median call, beside the rule's in the same run."""
    learned, rule = LearnedScorer(remembered=0), TaskComplexityScorer(remembered=0)
    samples = texts()
    lines = ["| characters | learned, us | rule, us | goal |", "|---|---|---|---|"]
    for size in SIZES:
        text = samples[size]
        lines.append(
            f"| {size} | {_median_us(learned.score, text):.0f} | "
            f"{_median_us(rule.score, text):.0f} | {GOALS[size]} |"
        )
    seconds, memory = _fresh(LEARNED)
    rule_seconds, rule_memory = _fresh(RULE)
    return "\n".join(lines) + (
        f"\n\nIn a fresh process, best of five: import to first score {seconds:.2f} s (the rule "
        f"{rule_seconds:.2f} s; goal 0.3 s); memory {memory - rule_memory:.0f} MB above the rule's "
        "(goal 30 MB)."
    )


def _median_us(score, text: str) -> float:
    spent = []
    for _ in range(400):
        start = time.perf_counter()
        score(text)
        spent.append(time.perf_counter() - start)
    return sorted(spent)[len(spent) // 2] * 1e6


def _fresh(what: str) -> tuple[float, float]:
    runs = []
    for _ in range(5):
        command = [sys.executable, "-c", PROBE.format(what=what)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, kilobytes = map(float, printed.split())
        runs.append((seconds, kilobytes / 1024))
    return min(run[0] for run in runs), min(run[1] for run in runs)
