"""TaskComplexityScorer: a text or a conversation in, a score of 0-10 and a tier out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gearshift.tiered_routing.conversation import ScoredText
from gearshift.tiered_routing.features import FACTORS, FeatureReader
from gearshift.tiered_routing.result_cache import ResultCache, remembered_result
from gearshift.tiered_routing.tier_config import TierConfig

WEIGHTS: Final[Mapping[str, float]] = {
    "length": 0.15,
    "code": 0.25,
    "technical": 0.20,
    "multi_step": 0.20,
    "question": 0.20,
}
"""The design's weights; they add up to 1, so four factors of 3 and a long text make 10."""

_POINTS: Final = tuple(WEIGHTS[factor] * 10 / 3 for factor in FACTORS)
_NOTHING: Final = (0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class ComplexityResult:
    """A score, its components, and the tier that it selects; immutable.

    Attributes:
        score: 0-10, not rounded.
        factors: `length, code, technical, multi_step, question`, each 0-3.
        contributions: What each factor adds to the score; they sum to it.
        tier: The name of the tier that the score selects.
        threshold: The score from which the next tier up begins; for the last tier, the score
            from which it begins itself.
        truncated: Only the head and the tail of the text were read.
        scorer: The scorer's name.
        note: What else mattered, such as that the text is a follow-up; may be empty.
        bounds: The tiers' names and exclusive upper bounds, ascending; the last has none. The
            router knows them too, so a custom scorer may leave them out.
        failure: Why there is no score, if the scorer failed; otherwise empty. Set by the router.

    Example:
        >>> result = TaskComplexityScorer().score("Explain async vs threads")
        >>> round(result.score, 1), result.tier, result.factors["question"]
        (4.2, 'complex', 3.0)
    """

    score: float
    factors: Mapping[str, float]
    contributions: Mapping[str, float]
    tier: str
    threshold: float
    truncated: bool = False
    scorer: str = "rule"
    note: str = ""
    bounds: tuple[tuple[str, float | None], ...] = ()
    failure: str = ""
    _reasoning: str = field(default="", init=False, repr=False, compare=False)

    @property
    def reasoning(self) -> str:
        """One line: the deciding factors, and the smallest change that selects another tier."""
        if not self._reasoning:
            self._reasoning = self._reasoned()
        return self._reasoning

    def _reasoned(self) -> str:
        if self.failure:
            return f"the scorer failed: {self.failure}"
        contributions, factors = self.contributions, self.factors
        deciding = [factor for factor in contributions if contributions[factor] > 0]
        deciding.sort(key=contributions.__getitem__, reverse=True)
        parts = ", ".join([f"{name} {_short(factors.get(name, 0.0))}" for name in deciding])
        sign = ">=" if self.score >= self.threshold else "<"
        line = (
            f"{parts or 'no sign of complexity'} -> "
            f"{self.score:.2f} {sign} {_short(self.threshold)} {self.tier}"
            f"; {self._nearest_change(deciding)}"
        )
        if self.note:
            line = f"{line}; {self.note}"
        return f"{line}; long text: head and tail read" if self.truncated else line

    def _nearest_change(self, deciding: Sequence[str]) -> str:
        if self.score >= self.threshold:
            for factor in reversed(deciding):
                rest = self.score - self.contributions[factor]
                if rest < self.threshold:
                    return f"without {factor} it would be {self._tier_at(rest)}"
            return "no single factor decides it"
        missing = self.threshold - self.score
        room = {
            factor: (missing / (WEIGHTS[factor] * 10 / 3), value)
            for factor, value in self.factors.items()
            if factor in WEIGHTS and value + missing / (WEIGHTS[factor] * 10 / 3) <= 3.0 + 1e-9
        }
        higher = self._tier_at(self.threshold)
        if not room:
            return f"no single factor would make it {higher}"
        factor = min(room, key=lambda name: (room[name][0], -room[name][1]))
        return f"{factor} +{_short(room[factor][0])} would make it {higher}"

    def _tier_at(self, score: float) -> str:
        for name, below in self.bounds:
            if below is None or score < below:
                return name
        return self.tier


def _short(value: float) -> str:
    return f"{round(value, 2):g}"


class TaskComplexityScorer:
    """Scores requests by a rule: five factors with fixed weights, and thresholds between tiers.

    Args:
        config: Tiers and their bounds; the defaults if `None`.
        remembered: How many results are cached for texts that are repeated; 0 for none.

    Attributes:
        name: `rule`, as in decisions and `x-gearshift-scorer`.
        version: Changes whenever a text may get a different score.

    Example:
        >>> TaskComplexityScorer().score("Explain async vs threads").tier
        'complex'
    """

    name: str = "rule"
    version: str = "1"

    def __init__(self, config: TierConfig | None = None, *, remembered: int = 1024) -> None:
        tiers = (config or TierConfig()).ordered_tiers
        self._bounds = tuple((tier.name, tier.below) for tier in tiers)
        self._limits = tuple(
            (name, below) for name, below in self._bounds[:-1] if below is not None
        )
        self._last = self._bounds[-1][0]
        self._highest = self._limits[-1][1] if self._limits else 0.0
        self._reader = FeatureReader()
        self._memory: ResultCache[ComplexityResult] = ResultCache(remembered)

    def score(self, text_or_messages: str | Sequence[Mapping[str, Any]]) -> ComplexityResult:
        """Score a text, or the last user turn of a conversation; never raises.

        Args:
            text_or_messages: A text of any length, or turns in OpenAI's shape.

        Example:
            >>> scorer = TaskComplexityScorer()
            >>> scorer.score([{"role": "user", "content": "What time is it?"}]).tier
            'simple'
        """
        return remembered_result(self._memory, text_or_messages, self.score_task)

    def score_task(self, task: ScoredText) -> ComplexityResult:
        """The score of a task that was found in a conversation before.

        Args:
            task: What to score: `task_of` of `gearshift.tiered_routing.conversation` finds it.

        Example:
            >>> TaskComplexityScorer().score_task(ScoredText("What time is it?")).tier
            'simple'
        """
        text = task.text
        size = len(text)
        length = 0.0 if size < 100 else 1.0 if size <= 500 else 2.0 if size <= 1000 else 3.0
        truncated = False
        graded = _NOTHING
        if text:
            features = self._reader.read(text)
            graded, truncated = features.factors, features.truncated or task.truncated
        return self._result(length, graded, truncated, task.note)

    def _result(
        self, length: float, graded: Sequence[float], truncated: bool, note: str
    ) -> ComplexityResult:
        code, technical, multi_step, question = graded
        by_length = length * _POINTS[0]
        by_code = code * _POINTS[1]
        by_technical = technical * _POINTS[2]
        by_multi_step = multi_step * _POINTS[3]
        by_question = question * _POINTS[4]
        score = by_length + by_code + by_technical + by_multi_step + by_question
        score = min(score, 10.0)  # four products may sum to a last bit above it
        tier, threshold = self._last, self._highest
        for name, below in self._limits:
            if score < below:
                tier, threshold = name, below
                break
        return ComplexityResult(
            score,
            {
                "length": length,
                "code": code,
                "technical": technical,
                "multi_step": multi_step,
                "question": question,
            },
            {
                "length": by_length,
                "code": by_code,
                "technical": by_technical,
                "multi_step": by_multi_step,
                "question": by_question,
            },
            tier,
            threshold,
            truncated,
            "rule",
            note,
            self._bounds,
        )
