"""LearnedScorer: scores requests with a model trained on judged answers. Pure once loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from gearshift.tiered_routing.complexity_scorer import ComplexityResult, TaskComplexityScorer
from gearshift.tiered_routing.conversation import ScoredText, task_of
from gearshift.tiered_routing.learned_features import (
    FOR_TREES,
    GRADED,
    Reading,
    read,
    word_slots,
)
from gearshift.tiered_routing.learned_file import read_model
from gearshift.tiered_routing.learned_model import LearnedModel, Parts
from gearshift.tiered_routing.result_cache import ResultCache, remembered_result
from gearshift.tiered_routing.scorer import Evidence
from gearshift.tiered_routing.tier_config import TierConfig

DEFAULT_MODEL: Final = Path(__file__).with_name("default_model.npz")
"""What `scorer: learned` loads."""

_RULE: Final = GRADED.index("rule")
_MOST_NAMED: Final = 6
_TRUSTED: Final = 0.5
_BASE: Final = "base"
_OTHERS: Final = "others"


class Contributions(Mapping[str, float]):
    """What a score is made of, worked out when somebody looks; the values sum to the score.

    Named are the words together, the letters together, the graded features that count most,
    and what is left of them. No name is a word of the prompt.
    """

    __slots__ = ("_found", "_model", "_parts", "_reading", "_score")

    def __init__(self, model: LearnedModel, reading: Reading, parts: Parts, score: float) -> None:
        self._model, self._reading, self._parts, self._score = model, reading, parts, score
        self._found: dict[str, float] | None = None

    def __getitem__(self, name: str) -> float:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # as every mapping's

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> dict[str, float]:
        if self._found is None:
            self._found = self._worked_out()
        return self._found

    def _worked_out(self) -> dict[str, float]:
        parts = self._parts
        _, share = self._model.score(self._reading, parts)
        slope = share * self._model.calibration.slope(parts.raw)
        single = self._of_features() * slope
        single[_RULE] += (1.0 - share) * float(self._reading.graded[_RULE])
        named = {"words": parts.words * slope, "letters": parts.letters * slope}
        order = np.argsort(-np.abs(single), kind="stable")[:_MOST_NAMED].tolist()
        named |= {GRADED[number]: float(single[number]) for number in order if single[number]}
        rest = float(single.sum()) - sum(float(single[number]) for number in order)
        if abs(rest) > 1e-12:
            named[_OTHERS] = rest
        named = {name: value for name, value in named.items() if value}
        named[_BASE] = 0.0
        named[_BASE] = self._score - sum(named.values())
        return named

    def _of_features(self) -> Any:
        """What each graded feature adds to the raw value: linear part, trees, the rule's score."""
        model, values = self._model, self._reading.graded
        single = model.graded(values)
        trees = model.trees.shares(values)
        single[: len(FOR_TREES)] += model.tree_weight * trees[:-1]
        single[_RULE] += self._parts.rule
        return single


@dataclass(slots=True)
class LearnedResult(ComplexityResult):
    """A learned score; explained by its contributions, since its factors do not sum to it."""

    def _reasoned(self) -> str:
        parts = {name: value for name, value in self.contributions.items() if name != _BASE}
        strongest = sorted(parts, key=lambda name: -abs(parts[name]))[:4]
        named = ", ".join(f"{name} {parts[name]:+.2f}" for name in strongest)
        sign = ">=" if self.score >= self.threshold else "<"
        line = (
            f"{named or 'nothing that it knows'} -> "
            f"{self.score:.2f} {sign} {self.threshold:g} {self.tier}"
            f"; {self._nearest_part(parts, strongest)}"
        )
        if self.note:
            line = f"{line}; {self.note}"
        return f"{line}; long text: head and tail read" if self.truncated else line

    def _nearest_part(self, parts: Mapping[str, float], strongest: Sequence[str]) -> str:
        for name in reversed(strongest):
            tier = self._tier_at(self.score - parts[name])
            if tier != self.tier and name != _OTHERS:
                return f"without {name} it would be {tier}"
        return "nothing alone decides it"


class LearnedScorer:
    """Scores by a model that `gearshift train` has written.

    Args:
        config: Tiers and their bounds.
        model: The model; the default one that comes with gearshift if `None`.
        remembered: How many results are kept for texts that come again; 0 for none.

    Raises:
        ModelFileError: The default model cannot be read.

    Example:
        >>> LearnedScorer().score("What time is it?").scorer
        'learned'
    """

    name: str = "learned"

    def __init__(
        self,
        config: TierConfig | None = None,
        model: LearnedModel | None = None,
        *,
        remembered: int = 1024,
    ) -> None:
        self._config = config or TierConfig()
        self.model = model or read_model(DEFAULT_MODEL)
        self.version = f"1-{self.model.digest[:12] or 'new'}"
        self._rule = TaskComplexityScorer(self._config, remembered=0)
        tiers = self._config.ordered_tiers
        self._bounds = tuple((tier.name, tier.below) for tier in tiers)
        self._memory: ResultCache[ComplexityResult] = ResultCache(remembered)

    def score(self, text_or_messages: str | Sequence[Mapping[str, Any]]) -> ComplexityResult:
        """The score of a text, or of the last user turn of a conversation; never raises."""
        return remembered_result(self._memory, text_or_messages, self.score_task)

    def score_task(self, task: ScoredText) -> ComplexityResult:
        """The score of a task that was found before."""
        rule = self._rule.score_task(task)
        if not task.text.strip():
            rule.scorer = self.name
            return rule
        reading = self._read(task, rule)
        parts = self.model.parts(reading)
        score, share = self.model.score(reading, parts)
        tier, threshold = self._tier(score)
        return LearnedResult(
            score,
            rule.factors,
            Contributions(self.model, reading, parts, score),
            tier,
            threshold,
            reading.truncated,
            self.name,
            task.note or ("unlike what it was trained on, so the rule counts" * (share < _TRUSTED)),
            self._bounds,
        )

    @property
    def learned_until(self) -> float:
        """Time of the newest request of a decision log that the model was trained on, or 0."""
        return float(self.model.facts.get("learned_until", 0.0))

    def evidence(
        self, text_or_messages: str | Sequence[Mapping[str, Any]], most: int = 5
    ) -> tuple[Evidence, ...]:
        """The words and pairs of words that move the score most; they are the prompt's own."""
        task = task_of(text_or_messages)
        if not task.text.strip():
            return ()
        reading = self._read(task, self._rule.score_task(task))
        parts = self.model.parts(reading)
        _, share = self.model.score(reading, parts)
        words = self.model.words(reading) * share * self.model.calibration.slope(parts.raw)
        adds = dict(zip(reading.slots.tolist(), words.tolist(), strict=False))
        named = {slot: ngram for ngram, slot in word_slots(task.text)}
        order = sorted(named, key=lambda slot: -abs(adds.get(slot, 0.0)))[:most]
        found = (Evidence(named[slot], adds.get(slot, 0.0)) for slot in order)
        return tuple(word for word in found if word.adds)

    def _read(self, task: ScoredText, rule: ComplexityResult) -> Reading:
        return read(task.text, rule.factors, rule.score)

    def _tier(self, score: float) -> tuple[str, float]:
        highest = 0.0
        for name, below in self._bounds:
            if below is None:
                return name, highest
            if score < below:
                return name, below
            highest = below
        return self._bounds[-1][0], highest
