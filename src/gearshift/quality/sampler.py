"""Sampler: watches the answers to sampled requests, and offers them for comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gearshift.client.answer import joined
from gearshift.config.loading import Settings
from gearshift.pipeline.streams import StreamEnd, observed_response
from gearshift.planning.decision_ids import sampling_hash
from gearshift.quality.pair import Sample
from gearshift.types import ChatRequest, ChatResponse, Chunk, Decision, Frame

_FINISHED: Final = ("stop", "length", None)
_BASE_BYTES: Final = 4_000
_CHARACTER_BYTES: Final = 2
_DECODED: Final = 2


class Sampler:
    """Sees every answer on its way to the client, and costs nothing where none is sampled.

    Args:
        settings: Which tiers there are, and the shares.
        offer: Takes a sample; must be quick and must not raise.
    """

    def __init__(self, settings: Settings, offer: Callable[[Sample], None]) -> None:
        tiers = settings.tiered_routing.ordered_tiers
        self._lowest, self._highest = tiers[0].name, tiers[-1].name
        self._small = settings.quality.shadow_share
        self._large = settings.quality.large_share
        self._offer = offer

    def watch(self, request: ChatRequest, response: ChatResponse) -> ChatResponse:
        """The same answer; a sample is offered when its last frame has been read."""
        decision = response.decision
        if decision.sample_rate is None or decision.fallback is not None:
            return response
        side = self._side(request, decision)
        if side is None:
            return response
        chunks: list[Chunk] = []

        def heard(frame: Frame) -> None:
            if frame.chunk is not None:
                chunks.append(frame.chunk)

        def ended(end: StreamEnd) -> None:
            if end.is_complete and chunks:  # one that was not read to its end is no sample
                self._take(request, decision, joined(chunks), *side)

        return observed_response(response, ended, heard)

    def _side(self, request: ChatRequest, decision: Decision) -> tuple[bool, float] | None:
        """Whether it is the weak answer, and the propensity; `None` where nobody repeats it."""
        if decision.tier == self._lowest:
            other, share = self._highest, self._small
        elif decision.tier == self._highest:
            other, share = self._lowest, self._large
        else:
            return None
        allowed = request.allowed_tiers
        if sampling_hash(decision.id) >= share or (allowed is not None and other not in allowed):
            return None
        return decision.tier == self._lowest, share

    def _take(
        self, request: ChatRequest, decision: Decision, answer: Chunk, is_weak: bool, share: float
    ) -> None:
        if answer.finish_reason in _FINISHED:
            size = _BASE_BYTES + _size(request) + len(answer.content) * _CHARACTER_BYTES
            # Its messages and options are all that is repeated; the bytes it came in are as many.
            bare = replace(request, body={}, raw=b"", headers={})
            self._offer(Sample(bare, decision, answer, is_weak, share, size))


def _size(request: ChatRequest) -> int:
    """Bytes of a question in memory: decoded it takes some times what it was sent as."""
    if request.raw:
        return len(request.raw) * _DECODED
    return sum(len(str(message.get("content", ""))) for message in request.messages) * _DECODED
