"""Sampler: listens to the answers that were drawn, and offers them for comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gearshift.answer import joined
from gearshift.decision_ids import draw
from gearshift.quality.pair import Sample
from gearshift.settings import Settings
from gearshift.types import (
    ChatRequest,
    ChatResponse,
    Chunk,
    Decision,
    Frame,
    FrameStream,
    WholeAnswer,
)

_FINISHED: Final = ("stop", "length", None)


class Sampler:
    """Sees every answer on its way to the client, and costs nothing where none was drawn.

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
        if decision.drawn is None or decision.fallback is not None:
            return response
        found = self._other_tier(request, decision)
        if found is None:
            return response
        if isinstance(response.frames, WholeAnswer):
            chunk = response.frames.frame.chunk
            if chunk is not None:
                self._take(request, decision, chunk, *found)
            return response

        def ended(chunks: list[Chunk]) -> None:
            self._take(request, decision, joined(chunks), *found)

        return response._replace(frames=_Heard(response.frames, ended))

    def _other_tier(self, request: ChatRequest, decision: Decision) -> tuple[str, float] | None:
        """The tier that repeats this answer, and the propensity; `None` where nobody does."""
        if decision.tier == self._lowest:
            other, share = self._highest, self._small
        elif decision.tier == self._highest:
            other, share = self._lowest, self._large
        else:
            return None
        allowed = request.allowed_tiers
        if draw(decision.id) >= share or (allowed is not None and other not in allowed):
            return None
        return other, share

    def _take(
        self, request: ChatRequest, decision: Decision, answer: Chunk, other: str, share: float
    ) -> None:
        if answer.finish_reason in _FINISHED:
            self._offer(Sample(request, decision, answer, other, share))


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
