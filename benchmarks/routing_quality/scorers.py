"""Every scorer beside the baselines, on the test splits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.routing_quality.data import Recorded, tested
from gearshift import registry
from gearshift.cli.comparison import compared
from gearshift.evaluation.outcomes import Outcomes
from gearshift.evaluation.peers import peer_versions
from gearshift.evaluation.scoring import Scored, baselines, scored
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.learned_scorer import LearnedScorer
from gearshift.tiered_routing.scorer import Scorer

ROUNDS = 1_000
THRESHOLD = 3.0
HEADER = (
    "| scorer | APGR | 95 % | CPT50 | CPT80 | AUC | sent at 3 | above the rule, 95 % | "
    "RouteLLM's way |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def section(files: dict[str, Recorded]) -> str:
    """One table for each file and one for all."""
    label = _by_label(files)
    parts = []
    for name, outcomes in tested(files).items():
        scores = {
            "rule": _of(TaskComplexityScorer(remembered=0), outcomes),
            "learned": _of(LearnedScorer(remembered=0), outcomes),
            **_peers(outcomes),
        }
        if name in label:
            scores["task label alone"] = Scored(label[name], None)
        scores |= baselines(outcomes, 0)
        facts = compared(outcomes, scores, rounds=ROUNDS, seed=0)["scorers"]
        rows = "\n".join(_row(scorer, one) for scorer, one in facts.items())
        parts.append(f"**{name}**, {len(outcomes.prompts):,} prompts\n\n{HEADER}\n{rows}")
    return "\n\n".join(parts)


def _of(scorer: Scorer, outcomes: Outcomes) -> Scored:
    return scored(lambda text: scorer.score(text).score, THRESHOLD, outcomes.prompts, iter)


def _peers(outcomes: Outcomes) -> dict[str, Scored]:
    if not peer_versions():
        return {}
    found = {}
    for name, target in registry.PEERS.items():
        score: Callable[[str], float] = registry.load(target)()
        found[name] = replace(scored(score, 0.0, outcomes.prompts, iter), threshold=None)
    return found


def _by_label(files: dict[str, Recorded]) -> dict[str, np.ndarray]:
    """The mean gap of a prompt's subject or task among the training rows; says no word of it."""
    found = {}
    for name, one in files.items():
        train, test = one.rows("train", "valid"), one.rows("test")
        if not len(train) or not any(one.categories):
            continue
        gap = one.outcomes.gap
        by_category: dict[str, list[float]] = {}
        for row in train:
            by_category.setdefault(one.categories[row], []).append(float(gap[row]))
        mean = float(gap[train].mean())
        found[name] = np.array(
            [float(np.mean(by_category.get(one.categories[row], [mean]))) for row in test]
        )
    return found


def _row(name: str, one: dict) -> str:
    low, high = one["apgr_ci"]
    above = one["apgr_above_rule_ci"]
    sent = "–" if one["share_large"] is None else f"{100 * one['share_large']:.0f} %"
    difference = ""
    if above is not None:
        difference = f"{one['apgr_above_rule']:+.3f} [{above[0]:+.3f}, {above[1]:+.3f}]"
    numbers = (one["routellm_apgr"], one["routellm_cpt50"], one["routellm_cpt80"])
    theirs = "{:.3f} / {:.1f} / {:.1f}".format(*numbers)
    auc = "–" if np.isnan(one["auc"]) else f"{one['auc']:.3f}"
    return (
        f"| {name} | {one['apgr']:.3f} | [{low:.3f}, {high:.3f}] | {one['cpt50']:.1f} | "
        f"{one['cpt80']:.1f} | {auc} | {sent} | {difference} | {theirs} |"
    )
