"""Scorer: what the router asks of anything that scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from gearshift.tiered_routing.complexity_scorer import ComplexityResult


class Scorer(Protocol):
    """Turns a text or a conversation into a score and the tier that takes it.

    Attributes:
        name: What `x-gearshift-scorer` says.
        version: Changes whenever the same prompt may get another score.
    """

    @property
    def name(self) -> str:
        """What `x-gearshift-scorer` says."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same prompt may get another score."""
        ...

    def score(self, text_or_messages: str | Sequence[Mapping[str, Any]]) -> ComplexityResult:
        """The score of a text, or of the last user turn of a conversation; never raises."""
        ...


class Evidence(NamedTuple):
    """A word or a pair of words of the prompt, and what it adds to the score."""

    ngram: str
    adds: float


@runtime_checkable
class ExplainingScorer(Protocol):
    """A scorer that can also name words of the prompt; for whoever has sent it, not for logs."""

    def evidence(
        self, text_or_messages: str | Sequence[Mapping[str, Any]], most: int = 5
    ) -> Sequence[Evidence]:
        """The words that move the score most."""
        ...


@runtime_checkable
class TrainedScorer(Protocol):
    """A scorer that was trained on the judged requests of a decision log."""

    @property
    def learned_until(self) -> float:
        """Time of the newest of them, seconds since 1970; 0 where it has learned from none."""
        ...
