"""Fits the learned scorer: a linear part and small boosted trees on the gap, shrunk to the rule."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np

from gearshift.extras import extra
from gearshift.learning import FEWEST
from gearshift.learning.features import Prompts, rarity_of
from gearshift.tiered_routing.learned_features import FOR_TREES, GRADED, SLOTS, WORD_SLOTS, Floats
from gearshift.tiered_routing.learned_file import as_stored
from gearshift.tiered_routing.learned_model import (
    FARTHEST,
    Calibration,
    Familiarity,
    LearnedModel,
    Trees,
    blocks,
    mean_rarity,
)

with extra("quality", "training"):
    from scipy import sparse
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import Ridge

PENALTY: Final = 6.0
"""Of the squared weights, beside blocks of length 1."""
LETTERS: Final = 0.5
"""How much letters count beside words, before anything is learned."""
GRADED_SHARE: Final = 0.25
"""The same for all graded features together."""
RULE_LABELS: Final = 150
"""With so many labels, the rule and what was learned count the same; with more it fades fast."""
TREE_LABELS: Final = 1_500
"""With so many labels, trees count three quarters of what the linear part does."""
DEEPER_FROM: Final = 4_000
"""Labels from which trees ask five questions instead of three."""
_TREES: Final = 120
_LEARNING_RATES: Final = {3: 0.02, 5: 0.05}
_MOST_TREE_WEIGHT: Final = 1.5
_LEAST_SPREAD: Final = 1e-6
_SHARES: Final = (0.02, 0.98)
_UNUSUAL: Final = 0.005


class Fitted(NamedTuple):
    """What is learned from labels, before the rule joins.

    Attributes:
        rarity: Of every slot.
        weights: Of every slot.
        means: Of the graded features.
        scales: Their standard deviations.
        graded_weights: Of the standardised graded features.
        base: The constant.
        trees: Their answers are centred on 0.
        tree_weight: What these count.
    """

    rarity: Any
    weights: Any
    means: Floats
    scales: Floats
    graded_weights: Floats
    base: float
    trees: Trees
    tree_weight: float


def fit(prompts: Prompts, gap: Floats, *, threshold: float = 3.0, seed: int = 0) -> LearnedModel:
    """A scorer that ranks prompts by how much the large model gains on them.

    Args:
        prompts: The training prompts.
        gap: The large model's score minus the small one's, for each prompt.
        threshold: The rule's score that keeps its meaning: as many of the training prompts lie
            above it as with the rule.
        seed: Of folds and trees; the same seed gives the same model.
    """
    labels = len(prompts)
    if labels < FEWEST or float(gap.std()) < _LEAST_SPREAD:
        return LearnedModel.untrained()
    spread, rarest = _on_unseen(prompts, gap, seed)
    learned = _fitted(prompts, gap, seed)
    rule_share = 1.0 / (1.0 + (labels / RULE_LABELS) ** 1.5)
    share = (1.0 - rule_share) / spread
    rule_spread = float(prompts.rule_scores.std())
    model = LearnedModel(
        learned.rarity,
        as_stored((learned.weights * share).astype(np.float32)),
        learned.means,
        learned.scales,
        learned.graded_weights * share,
        learned.trees,
        tree_weight=learned.tree_weight * share,
        rule_weight=rule_share / rule_spread if rule_spread > _LEAST_SPREAD else 0.0,
        base=learned.base * share,
        calibration=Calibration(0.0, 3.0, 10.0, 3.0),  # until the raw values are known
        familiarity=_familiarity(prompts, rarest),
        facts={"labels": labels},
    )
    return calibrated(model, prompts, raw_values(model, prompts), threshold)


def calibrated(
    model: LearnedModel, prompts: Prompts, raw: Floats, threshold: float
) -> LearnedModel:
    """The model with a scale of 0-10 on which `threshold` keeps its meaning for `prompts`.

    Args:
        model: Whose calibration is replaced.
        prompts: Prompts of the traffic.
        raw: The model's raw value of each prompt, best of a model that has not seen it.
        threshold: A score of the rule.
    """
    share = float(np.clip((prompts.rule_scores >= threshold).mean(), *_SHARES))
    low, cut, high = np.quantile(raw, [0.0, 1.0 - share, 1.0])
    margin = 0.05 * (high - low) + _LEAST_SPREAD
    scale = Calibration(float(low - margin), float(cut), float(high + margin), threshold)
    return replace(model, calibration=scale)


def raw_values(model: LearnedModel, prompts: Prompts) -> Floats:
    """The model's raw value of each prompt."""
    return np.array([model.parts(reading).raw for reading in prompts.readings])


def scores_of(model: LearnedModel, prompts: Prompts) -> Floats:
    """The model's score of each prompt, 0-10."""
    return np.array([model.score(reading, model.parts(reading))[0] for reading in prompts.readings])


def _on_unseen(prompts: Prompts, gap: Floats, seed: int) -> tuple[float, float]:
    """Of prompts that it was not learned from: how far its answers spread, how rare words are."""
    order = np.random.default_rng(seed).permutation(len(prompts))
    seen, unseen = order[::2], prompts.select(order[1::2])
    learned = _fitted(prompts.select(seen), gap[seen], seed)
    rarity = [mean_rarity(reading, learned.rarity) for reading in unseen.readings]
    spread = float(_answers(learned, unseen).std())
    rarest = float(np.quantile(rarity, 1.0 - _UNUSUAL))
    return max(spread, _LEAST_SPREAD), rarest


def _familiarity(prompts: Prompts, rarest: float) -> Familiarity:
    lengths = prompts.graded[:, GRADED.index("length")]
    shortest, longest = np.quantile(lengths, [_UNUSUAL, 1.0 - _UNUSUAL])
    return Familiarity(float(shortest), float(longest), rarest)


def _fitted(prompts: Prompts, gap: Floats, seed: int) -> Fitted:
    labels = len(prompts)
    rarity = rarity_of(prompts)
    means, scales = prompts.graded.mean(axis=0), prompts.graded.std(axis=0) + 1e-6
    ridge = Ridge(alpha=PENALTY, solver="sparse_cg", tol=1e-5, max_iter=500)
    matrix = _matrix(prompts, rarity, means, scales)
    ridge.fit(matrix, gap)
    block = sqrt(LETTERS)
    weights = np.concatenate((ridge.coef_[:WORD_SLOTS], block * ridge.coef_[WORD_SLOTS:SLOTS]))
    tree_weight = _MOST_TREE_WEIGHT * labels / (labels + TREE_LABELS)
    return Fitted(
        rarity,
        weights.astype(np.float64),
        means,
        scales,
        ridge.coef_[SLOTS:].astype(np.float64) * sqrt(GRADED_SHARE / len(GRADED)),
        float(ridge.intercept_),
        _boosted(prompts.graded, gap, seed),
        tree_weight,
    )


def _matrix(prompts: Prompts, rarity: Any, means: Floats, scales: Floats) -> Any:
    """A row for each prompt: words of length 1, letters and graded features with their shares."""
    values, border_of = [], []
    for reading in prompts.readings:
        border, one = blocks(reading, rarity)
        one[border:] *= sqrt(LETTERS)
        values.append(one)
        border_of.append(len(one))
    columns = np.concatenate([reading.slots for reading in prompts.readings])
    starts = np.concatenate(([0], np.cumsum(border_of)))
    ngrams = sparse.csr_matrix(
        (np.concatenate(values), columns, starts), shape=(len(prompts), SLOTS)
    )
    graded = np.clip((prompts.graded - means) / scales, -FARTHEST, FARTHEST)
    return sparse.hstack(
        (ngrams, sparse.csr_matrix(graded * sqrt(GRADED_SHARE / len(GRADED)))), format="csr"
    )


def _boosted(graded: Floats, gap: Floats, seed: int) -> Trees:
    """Trees on the graded features; their answers are centred on 0."""
    depth = 5 if len(gap) >= DEEPER_FROM else 3
    seen = graded[:, : len(FOR_TREES)].astype(np.float32)
    boosting = GradientBoostingRegressor(
        n_estimators=_TREES,
        max_depth=depth,
        learning_rate=_LEARNING_RATES[depth],
        subsample=0.5,
        min_samples_leaf=max(8, len(gap) // 150),
        max_features=0.3,
        init="zero",
        random_state=seed,
    )
    boosting.fit(seen, gap - gap.mean())
    trees = _complete([tree.tree_ for tree in boosting.estimators_[:, 0]], depth)
    return Trees(trees.features, trees.thresholds, trees.values * boosting.learning_rate)


def _complete(trees: list[Any], depth: int) -> Trees:
    """scikit-learn's trees as complete ones: a leaf above the last level goes on to the left."""
    inner = (1 << depth) - 1
    features = np.zeros((len(trees), inner), np.int16)
    thresholds = np.full((len(trees), inner), np.inf, np.float32)
    values = np.zeros((len(trees), 2 * inner + 1))
    for row, tree in enumerate(trees):
        nodes = {0: 0}
        for place in range(2 * inner + 1):
            node = nodes[place]
            values[row, place] = tree.value[node, 0, 0]
            if place >= inner:
                continue
            left, right = tree.children_left[node], tree.children_right[node]
            if left < 0:  # a leaf: nothing is above infinity, so both ways lead to it
                nodes[2 * place + 1] = nodes[2 * place + 2] = node
                continue
            nodes[2 * place + 1], nodes[2 * place + 2] = left, right
            features[row, place] = tree.feature[node]
            thresholds[row, place] = tree.threshold[node]
    return Trees(features, thresholds, values)


def _answers(learned: Fitted, prompts: Prompts) -> Floats:
    coefficients = np.concatenate((learned.weights, learned.graded_weights))
    answers = []
    for reading in prompts.readings:
        _, values = blocks(reading, learned.rarity)
        linear = float(values @ coefficients[:SLOTS][reading.slots])
        distance = np.clip((reading.graded - learned.means) / learned.scales, -FARTHEST, FARTHEST)
        graded = float(distance @ learned.graded_weights)
        answers.append(linear + graded + learned.tree_weight * learned.trees.answer(reading.graded))
    return np.array(answers)
