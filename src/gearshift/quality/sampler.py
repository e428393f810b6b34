"""Sampler: watches the answers to sampled requests, and offers them for comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gearshift.client.answer import joined
from gearshift.config.loading import Settings
from gearshift.planning.decision_ids import sampling_hash
from gearshift.quality.pair import Sample
from gearshift.types import (
    ChatRequest,
    ChatResponse,
    Chunk,
    CompleteResponse,
    Decision,
    Frame,
    FrameStream,
)

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
        if isinstance(response.frames, CompleteResponse):
            chunk = response.frames.frame.chunk
            if chunk is not None:
                self._take(request, decision, chunk, *side)
            return response

        def ended(chunks: list[Chunk]) -> None:
            self._take(request, decision, joined(chunks), *side)

        return response._replace(frames=_Heard(response.frames, ended))

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


class _Heard:
    """Frames on their way, with an ear for what they say."""

    __slots__ = ("_chunks", "_ended", "_frames")

    def __init__(self, frames: FrameStream, ended: Callable[[list[Chunk]], None]) -> None:
        self._frames = frames
        self._ended: Callable[[list[Chunk]], None] | None = ended
        self._chunks: list[Chunk] = []

    async def read(self) -> Frame | None:
        """The next frame."""
        frame = await self._frames.read()
        if frame is None:
            ended, self._ended = self._ended, None
            if ended is not None:
                ended(self._chunks)
        elif frame.chunk is not None:
            self._chunks.append(frame.chunk)
        return frame

    async def aclose(self) -> None:
        """Close the frames; an answer that was not read to its end is no sample."""
        await self._frames.aclose()
