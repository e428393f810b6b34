"""How often the rule agrees with the labelled prompts in tests/golden, with 95 % intervals.

    python -m benchmarks.golden_rates

`development` files were in view when the scorer's words were chosen; `held out` ones were not.
Intervals are Wilson's. For languages, cases of one group are not independent: the interval over
groups is wider than the one printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import sqrt
from pathlib import Path
from typing import Any

import yaml

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

FOLDER = Path(__file__).parent.parent / "tests" / "golden"
PROMPTS = {
    "development": ("prompts.yaml", "prompts_second.yaml"),
    "held out": ("held_out.yaml",),
    "held out, second set": ("held_out_second.yaml",),
}
LANGUAGES = {
    "development": ("languages.yaml", "languages_second.yaml"),
    "held out": ("held_out_languages.yaml",),
    "held out, second set": ("held_out_languages_second.yaml",),
}


def cases(names: Iterable[str]) -> list[dict[str, Any]]:
    return [c for n in names for c in yaml.safe_load((FOLDER / n).read_text("utf-8"))["cases"]]


def wilson(right: int, n: int) -> str:
    z, p = 1.96, right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{p:.3f} [{middle - half:.3f}, {middle + half:.3f}]  n {n}"


def best_length(rows: list[dict[str, Any]]) -> int:
    """Right answers of prompt length at its best threshold, chosen on these very rows."""
    return max(
        sum((len(row["text"]) >= size) == (row["tier"] == "complex") for row in rows)
        for size in {len(row["text"]) for row in rows}
    )


def main() -> None:
    scorer = TaskComplexityScorer()

    def tier(row: dict[str, Any]) -> str:
        return scorer.score(row["text"]).tier

    for label, names in PROMPTS.items():
        rows = cases(names)
        right = [row for row in rows if tier(row) == row["tier"]]
        print(f"{label}: right tier {wilson(len(right), len(rows))}")
        print(f"  prompt length, best threshold {wilson(best_length(rows), len(rows))}")
        for wanted in ("simple", "complex"):
            share = [row for row in rows if row["tier"] == wanted]
            print(f"  {wanted} {wilson(sum(tier(r) == wanted for r in share), len(share))}")
        total, good = (Counter(row["domain"] for row in part) for part in (rows, right))
        rates = sorted((good[d] / total[d], d) for d in total)
        print("  " + ", ".join(f"{domain} {rate:.2f}" for rate, domain in rates))
    for label, names in LANGUAGES.items():
        rows = cases(names)
        english = {row["group"]: tier(row) for row in rows if row["language"] == "en"}
        others = [row for row in rows if row["language"] != "en"]
        same = sum(tier(row) == english[row["group"]] for row in others)
        right_tiers = sum(tier(row) == row["tier"] for row in others)
        print(f"{label}, eleven languages: same tier as English {wilson(same, len(others))}")
        print(f"  right tier {wilson(right_tiers, len(others))}")


if __name__ == "__main__":
    main()
