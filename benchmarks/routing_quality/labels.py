"""What the learned scorer reaches by number of labels, against the goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.routing_quality.data import GSM8K, MIX, MMLU, MTBENCH, Recorded, tested
from gearshift.evaluation.measures import Ranking, estimates
from gearshift.evaluation.outcomes import Outcomes
from gearshift.learning.cross_validation import folds_of, held_out_scores
from gearshift.learning.fit import fit, scores_of
from gearshift.tiered_routing.learned_scorer import LearnedScorer

DRAWS = 10
COUNTS = (30, 100, 300, 700, 1_500)
_LEVEL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One experiment, repeated with other labels each time."""

    apgr: tuple[float, ...]
    above_rule: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the draws."""
        return float(np.mean(self.apgr))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({min(self.apgr):.3f} to {max(self.apgr):.3f})"


def section(files: dict[str, Recorded]) -> str:
    """The goals, then the curve."""
    curve = {
        name: {count: _drawn(files[name], count) for count in COUNTS} for name in (MMLU, GSM8K, MIX)
    }
    after_300 = float(np.mean([curve[name][300].mean for name in curve]))
    rows = [
        ("MMLU, 1,500 labels, mean of 10 draws", ".603", ".64", ".66", str(curve[MMLU][1_500])),
        ("MMLU, all train labels", "–", ".70", ".74", _all_labels(files[MMLU])),
        ("GSM8K, 5-fold, 5 partitions", ".622", ".66", ".72", _cross_validated(files[GSM8K])),
        ("pooled, default model", ".704", ".71", ".75", _default(files, "pooled")),
        ("300 labels, mean of MMLU, GSM8K, mix", "~.58", ".65", ".69", f"{after_300:.3f}"),
        ("rule, pooled", ".557", ".59", ".62", _rule(files)),
        ("MT-Bench, unseen, default model", ".802", "–", "–", _default(files, MTBENCH)),
    ]
    goals = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return (
        "| test splits, APGR | published or before | goal | stretch | reached |\n"
        "|---|---|---|---|---|\n"
        f"{goals}\n\nBy number of labels, {DRAWS} draws from the train rows, test rows scored; in "
        "brackets the draws' range; below it the difference to the rule.\n\n"
        f"{_curve(curve)}"
    )


def _test(one: Recorded) -> tuple[Outcomes, np.ndarray]:
    rows = one.rows("test")
    return tested({"": one})["pooled"], rows


def _drawn(one: Recorded, count: int) -> Drawn:
    outcomes, test = _test(one)
    unseen, train = one.prompts.select(test), one.rows("train", "valid")
    rule = Ranking(unseen.rule_scores, outcomes).measures().apgr
    found = []
    for seed in range(DRAWS):
        order = np.random.default_rng(seed).permutation(train)[: min(count, len(train))]
        model = fit(one.prompts.select(order), one.outcomes.gap[order], seed=seed)
        found.append(Ranking(scores_of(model, unseen), outcomes).measures().apgr)
    return Drawn(tuple(found), tuple(value - rule for value in found))


def _all_labels(one: Recorded) -> str:
    outcomes, test = _test(one)
    train = one.rows("train")
    model = fit(one.prompts.select(train), one.outcomes.gap[train])
    return _with_interval(scores_of(model, one.prompts.select(test)), outcomes)


def _cross_validated(one: Recorded) -> str:
    scores = [
        held_out_scores(
            one.prompts, one.outcomes.gap, folds_of(one.outcomes.prompts, seed=seed), seed=seed
        )
        for seed in range(5)
    ]
    values = [Ranking(each, one.outcomes).measures().apgr for each in scores]
    first = _with_interval(scores[0], one.outcomes)
    span = f"{min(values):.3f} to {max(values):.3f}"
    return f"{np.mean(values):.3f} ({span}; the first {first})"


def _default(files: dict[str, Recorded], name: str) -> str:
    outcomes = tested(files)[name]
    scorer = LearnedScorer(remembered=0)
    scores = np.array([scorer.score(text).score for text in outcomes.prompts])
    return _with_interval(scores, outcomes)


def _rule(files: dict[str, Recorded]) -> str:
    scores = np.concatenate([one.prompts.rule_scores[one.rows("test")] for one in files.values()])
    return _with_interval(scores, tested(files)["pooled"])


def _with_interval(scores: np.ndarray, outcomes: Outcomes) -> str:
    found = estimates({"it": scores}, outcomes, reference="it", rounds=1_000, seed=0)["it"]
    low, high = found.apgr_ci
    return f"{found.measures.apgr:.3f} [{low:.3f}, {high:.3f}]"


def _curve(curve: dict[str, dict[int, Drawn]]) -> str:
    lines = ["| labels | " + " | ".join(curve) + " |", "|---|" + "---|" * len(curve)]
    for count in COUNTS:
        drawn = [by_count[count] for by_count in curve.values()]
        cells = [f"{one}<br>{_difference(one.above_rule)}" for one in drawn]
        lines.append(f"| {count:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _difference(values: Sequence[float]) -> str:
    return f"{np.mean(values):+.3f} ({min(values):+.3f} to {max(values):+.3f})"
