"""WordScorer: the more words, the higher the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gearshift.tiered_routing import ComplexityResult, TierConfig

_WORDS_OF_TEN: Final = 50


class WordScorer:
    """Counts the words of the last message; 50 of them, or more, score 10.

    Args:
        config: The tiers, among which the score decides.
    """

    name = "words"
    version = "1"  # changes whenever the same prompt may get another score

    def __init__(self, config: TierConfig) -> None:
        self._config = config

    def score(self, text_or_messages: str | Sequence[Mapping[str, Any]]) -> ComplexityResult:
        """The score of a text, or of a conversation's last message."""
        score = min(10.0, 10.0 * len(_text(text_or_messages).split()) / _WORDS_OF_TEN)
        return ComplexityResult(
            score=score,
            factors={"words": score * 0.3},
            contributions={"words": score},
            tier=self._config.tier_of(score).name,
            threshold=self._config.complexity_threshold,
            scorer=self.name,
        )


def _text(text_or_messages: str | Sequence[Mapping[str, Any]]) -> str:
    if isinstance(text_or_messages, str):
        return text_or_messages
    content = text_or_messages[-1].get("content") if text_or_messages else ""
    return content if isinstance(content, str) else ""
