"""Pair: one request with the answers of both tiers, and what a judge says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import NamedTuple, Protocol

from gearshift.types import ChatRequest, Chunk, Decision


class Verdict(StrEnum):
    """How the small model's answer did against the large one's."""

    WIN = "win"
    TIE = "tie"
    LOSS = "loss"
    MALFORMED = "malformed"  # no verdict: the judge cannot tell, or could not be understood


class Sample(NamedTuple):
    """An answer that was sampled.

    Attributes:
        request: The question, without the bytes in which it came.
        is_weak: Whether it is the smallest tier's answer, which the largest is to repeat;
            otherwise it is the other way round. Names of tiers may change while it waits.
        propensity: The probability (0-1) with which it was sampled.
        size: Bytes that the question and the answer take in memory, about.
    """

    request: ChatRequest
    decision: Decision
    answer: Chunk
    is_weak: bool
    propensity: float
    size: int = 0


class Pair(NamedTuple):
    """Both answers to one request."""

    request: ChatRequest
    weak: Chunk
    strong: Chunk


class Judgement(NamedTuple):
    """What a judge says.

    Attributes:
        weak_score: Of the small model's answer, 0-1; `None` where nothing was understood.
        strong_score: Of the large model's.
        position: What was preferred in both orders where that contradicts itself, `first` or
            `second`.
        comment: In a few words, without any of the answers' own.
    """

    verdict: Verdict
    weak_score: float | None = None
    strong_score: float | None = None
    position: str | None = None
    comment: str = ""


class Judged(NamedTuple):
    """A sample with its verdict, for the log."""

    sample: Sample
    pair: Pair
    judge: str
    judgement: Judgement


class Judge(Protocol):
    """Compares two answers.

    Attributes:
        name: As the log shows it.
    """

    name: str

    async def judge(self, pair: Pair) -> Judgement:
        """Compare; never raises for what the answers are.

        Raises:
            UpstreamError: The model that judges cannot be asked.
        """
        ...


AskModel = Callable[[ChatRequest, str | None], Awaitable[Chunk]]
"""Asks a model by name, or the largest tier's for `None`, without getting in anybody's way."""
