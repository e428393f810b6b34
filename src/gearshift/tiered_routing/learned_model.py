"""LearnedModel: the numbers of a trained scorer, and what they make of one text."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gearshift.tiered_routing.learned_features import (
    FOR_TREES,
    GRADED,
    SLOTS,
    WORD_SLOTS,
    Floats,
    Reading,
)

Singles = NDArray[np.float32]

FARTHEST: Final = 4.0
"""Standard deviations from the mean beyond which a graded feature counts no more."""

_RULE: Final = GRADED.index("rule")
_LENGTH: Final = GRADED.index("length")
_FADE: Final = 0.5
_HIGHEST: Final = 10.0
_TREE_FEATURES: Final = len(FOR_TREES)


@dataclass(frozen=True, slots=True)
class Trees:
    """Small regression trees of one depth, each a complete binary tree, level by level.

    Attributes:
        features: Which of `FOR_TREES` each inner node asks about; trees x inner nodes.
        thresholds: Above it the right branch is taken.
        values: Mean of every node, leaves included; a tree's answer is its leaf's.
    """

    features: NDArray[np.int16]
    thresholds: Singles
    values: Floats
    _nodes: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    _children: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        count, inner = self.features.shape
        first = np.arange(count)[:, None] * max(1, inner)
        children = first[:, :, None] + 2 * np.arange(inner)[None, :, None] + np.array([1, 2])
        object.__setattr__(self, "_nodes", first[:, 0])
        object.__setattr__(self, "_children", children.ravel())

    def leaves(self, graded: Floats) -> NDArray[np.int64]:
        """The leaf of each tree, as a number of its node."""
        inner = self.features.shape[1]
        nodes = self._nodes
        if not inner:
            return nodes - nodes
        seen = graded[:_TREE_FEATURES].astype(np.float32)
        above = (seen.take(self.features) > self.thresholds).ravel()
        for _ in range(inner.bit_length()):
            nodes = self._children.take(nodes + nodes + above.take(nodes))
        return nodes - self._nodes

    def answer(self, graded: Floats) -> float:
        """The sum over all trees."""
        rows, leaves = np.arange(len(self.values)), self.leaves(graded)
        return float(self.values[rows, leaves].sum())

    def shares(self, graded: Floats) -> Floats:
        """How the answer comes about: by each of `FOR_TREES`, and last where all trees begin.

        Along each path the change of the mean is due to the feature that was asked about
        (Saabas, 2014).
        """
        totals = np.zeros(_TREE_FEATURES + 1)
        totals[-1] = self.values[:, 0].sum()
        rows, nodes = np.arange(len(self.values)), self.leaves(graded)
        while len(nodes) and nodes[0]:
            above = (nodes - 1) // 2
            change = self.values[rows, nodes] - self.values[rows, above]
            np.add.at(totals, self.features[rows, above], change)
            nodes = above
        return totals


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a model's raw value becomes a score of 0-10.

    Two straight lines that meet at `cut`, which is the score `at`: as many of the training
    prompts lie above it as above the same score of the rule.
    """

    low: float
    cut: float
    high: float
    at: float

    def slope(self, raw: float) -> float:
        """Score for each unit of the raw value."""
        if raw >= self.cut:
            return (_HIGHEST - self.at) / (self.high - self.cut)
        return self.at / (self.cut - self.low)

    def score(self, raw: float) -> float:
        """0-10."""
        return min(max(self.at + (raw - self.cut) * self.slope(raw), 0.0), _HIGHEST)


class Parts(NamedTuple):
    """What the raw value of one text is the sum of, and how rare its words are on average."""

    base: float
    words: float
    letters: float
    graded: float
    trees: float
    rule: float
    rarity: float

    @property
    def raw(self) -> float:
        """The sum of all but the rarity."""
        return self.base + self.words + self.letters + self.graded + self.trees + self.rule


@dataclass(frozen=True, slots=True)
class Familiarity:
    """The prompts on which a model knows better than the rule: those like its training prompts.

    Attributes:
        shortest: Logarithm of characters, as the graded feature `length`.
        longest: The same.
        rarest: Mean rarity of the words and pairs of words; what lies above is another
            language, or another world.
    """

    shortest: float
    longest: float
    rarest: float

    def share(self, length: float, rarity: float) -> float:
        """1 within, 0 well outside, falling in between."""
        strange = max(self.shortest - length, length - self.longest, rarity - self.rarest)
        return min(max(1.0 - strange / _FADE, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """A trained scorer: `raw = base + linear + trees + rule`, then calibrated.

    Attributes:
        rarity: Of every slot: `1 + ln((1 + prompts) / (1 + prompts with it))`.
        weights: Of every slot.
        means: Of the graded features.
        scales: Their standard deviations.
        graded_weights: Of the standardised graded features.
        trees: On the graded features.
        tree_weight: What their answer counts.
        rule_weight: What a point of the rule's score counts.
        base: The constant.
        calibration: From the raw value to 0-10.
        familiarity: Where the model is trusted.
        facts: How it was trained; JSON values only.
        digest: Of the file that it was read from; empty when it is new.
    """

    rarity: Singles
    weights: Singles
    means: Floats
    scales: Floats
    graded_weights: Floats
    trees: Trees
    tree_weight: float
    rule_weight: float
    base: float
    calibration: Calibration
    familiarity: Familiarity
    facts: dict[str, Any]
    digest: str = ""

    @classmethod
    def untrained(cls) -> LearnedModel:
        """What is learned from nothing: the rule itself."""
        count = len(GRADED)
        nothing = np.zeros((0, 1))
        return cls(
            np.ones(SLOTS, np.float32),
            np.zeros(SLOTS, np.float32),
            np.zeros(count),
            np.ones(count),
            np.zeros(count),
            Trees(np.zeros((0, 0), np.int16), np.zeros((0, 0), np.float32), nothing),
            tree_weight=0.0,
            rule_weight=1.0,
            base=0.0,
            calibration=Calibration(0.0, 3.0, _HIGHEST, 3.0),
            familiarity=Familiarity(0.0, 100.0, 100.0),
            facts={"labels": 0},
        )

    def parts(self, reading: Reading) -> Parts:
        """What the raw value of a text is made of."""
        slots = reading.slots
        border = int(slots.searchsorted(WORD_SLOTS))
        rarity, weights = self.rarity.take(slots), self.weights.take(slots)
        words, letters = rarity[:border], rarity[border:]
        return Parts(
            self.base,
            float(words @ weights[:border]) / (sqrt(float(words @ words)) or 1.0),
            float(letters @ weights[border:]) / (sqrt(float(letters @ letters)) or 1.0),
            float(self.graded_weights @ self.standardised(reading.graded)),
            self.tree_weight * self.trees.answer(reading.graded),
            self.rule_weight * float(reading.graded[_RULE]),
            float(words.sum()) / border if border else 0.0,
        )

    def score(self, reading: Reading, parts: Parts) -> tuple[float, float]:
        """The score, 0-10, and how much of it is the model's, 0-1; the rest is the rule's."""
        share = self.familiarity.share(float(reading.graded[_LENGTH]), parts.rarity)
        learned = self.calibration.score(parts.raw)
        return share * learned + (1.0 - share) * float(reading.graded[_RULE]), share

    def words(self, reading: Reading) -> Floats:
        """What each word and pair of words adds to the raw value."""
        border = int(reading.slots.searchsorted(WORD_SLOTS))
        rarity = self.rarity[reading.slots[:border]].astype(np.float64)
        return rarity * self.weights[reading.slots[:border]] / (sqrt(float(rarity @ rarity)) or 1.0)

    def graded(self, values: Floats) -> Floats:
        """What each graded feature adds."""
        return self.graded_weights * self.standardised(values)

    def standardised(self, values: Floats) -> Floats:
        """Graded features as distances from the mean in standard deviations, bounded."""
        distances = (values - self.means) / self.scales
        return np.minimum(np.maximum(distances, -FARTHEST), FARTHEST)  # `clip` takes far longer


def blocks(reading: Reading, rarity: Singles) -> tuple[int, Floats]:
    """The n-grams of a text as two vectors of length 1: where letters begin, and all values."""
    values = rarity[reading.slots].astype(np.float64)
    border = int(reading.slots.searchsorted(WORD_SLOTS))
    for block in (values[:border], values[border:]):
        block /= sqrt(float(block @ block)) or 1.0
    return border, values


def mean_rarity(reading: Reading, rarity: Singles) -> float:
    """How rare the words and pairs of words of a text are in the training prompts."""
    border = int(reading.slots.searchsorted(WORD_SLOTS))
    return float(rarity[reading.slots[:border]].sum()) / border if border else 0.0
