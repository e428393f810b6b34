"""IdleClient: asks models only while no user waits, and yields at once when one comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gearshift.client.answer import joined
from gearshift.client.requests import estimated_tokens
from gearshift.errors import FailureKind, UpstreamError
from gearshift.interface import LLMInterface
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import ChatRequest, Chunk, Usage

_REST_SECONDS: Final = 0.1
_RESTS_SECONDS: Final = (0.0, 0.2, 1.0, 5.0, 20.0)
"""Before each try: who is interrupted is patient, or long answers would be missing from samples."""
_CHARACTERS_PER_TOKEN: Final = 4
_NOTHING_DONE: Final = frozenset(
    {
        FailureKind.UNREACHABLE,
        FailureKind.LOADING,
        FailureKind.BUSY,
        FailureKind.MISSING_MODEL,
        FailureKind.INCAPABLE,
        FailureKind.AUTHENTICATION,
        FailureKind.REJECTED,
    }
)
"""Refused before an engine has read the prompt; after any other fault it may have."""

Spent = Callable[[str, str, Usage], None]
"""Told of upstream, model and tokens of every answer, whole or not."""


class GivenUpError(UpstreamError):
    """Users came in the way every time."""


class IdleClient:
    """Asks in the background; nothing that it does takes a place from a user's request.

    Args:
        llm: Whose upstreams are asked; looked up anew for every question.
        pause_above: Users' requests in flight above which nothing is asked.
        spent: Told what it costs.
    """

    def __init__(self, llm: Callable[[], LLMInterface], pause_above: int, spent: Spent) -> None:
        self._llm = llm
        self._pause_above = pause_above
        self._spent = spent
        self._asking = 0

    async def tier(self, request: ChatRequest, *, is_largest: bool) -> Chunk:
        """The whole answer of the largest or the smallest tier's first healthy deployment.

        Raises:
            UpstreamError: There is none, it failed, or `GivenUpError`.
        """
        return await self._asked(request, lambda llm: _outermost(llm, is_largest=is_largest))

    async def model(self, request: ChatRequest, model: str | None) -> Chunk:
        """The whole answer of a model, or of the largest tier's for `None`.

        Raises:
            UpstreamError: As above.
        """

        def targets(llm: LLMInterface) -> tuple[Candidate, ...]:
            if model is None:
                return _outermost(llm, is_largest=True)
            return llm.health.topology.of_model(model)

        return await self._asked(request, targets)

    async def _asked(
        self, request: ChatRequest, targets: Callable[[LLMInterface], tuple[Candidate, ...]]
    ) -> Chunk:
        for rest in _RESTS_SECONDS:
            await asyncio.sleep(rest)
            while self._is_busy(self._llm()):  # noqa: ASYNC110 - nothing tells when it is over
                await asyncio.sleep(_REST_SECONDS)
            answer = await self._undisturbed(request, targets)
            if answer is not None:
                return answer
        raise GivenUpError("interrupted by user requests every time", fault=FailureKind.BUSY)

    async def _undisturbed(
        self, request: ChatRequest, targets: Callable[[LLMInterface], tuple[Candidate, ...]]
    ) -> Chunk | None:
        """The answer, or `None` if a user came meanwhile; then the engine was stopped."""
        llm = self._llm()
        target = _first_healthy(llm, targets(llm), request)
        self._asking += 1
        with llm.in_flight.one():  # it is not closed under us
            asking = asyncio.ensure_future(self._whole(llm, target, request))

            def yield_to_users() -> None:
                if self._is_busy(llm):
                    asking.cancel()

            try:
                with llm.in_flight.watched(yield_to_users):
                    await asyncio.wait({asking})
                return None if asking.cancelled() else asking.result()
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                self._asking -= 1

    async def _whole(self, llm: LLMInterface, target: Candidate, request: ChatRequest) -> Chunk:
        upstream, model = target.deployment.upstream, target.deployment.model
        chunks: list[Chunk] = []
        frames = None
        is_free = False
        try:
            frames = await llm.providers[upstream].send(replace(request), model)
            while (frame := await frames.read()) is not None:
                if frame.chunk is not None:
                    chunks.append(frame.chunk)
        except UpstreamError as error:
            is_free = not chunks and error.fault in _NOTHING_DONE
            raise
        finally:
            if frames is not None:
                await frames.aclose()
            answer = joined(chunks)
            if not is_free:
                self._spent(upstream, model, answer.usage or _estimate(request, answer))
        return answer

    def _is_busy(self, llm: LLMInterface) -> bool:
        return llm.in_flight.count - self._asking > self._pause_above


def _outermost(llm: LLMInterface, *, is_largest: bool) -> tuple[Candidate, ...]:
    """The largest or the smallest tier's deployments, by the names that tiers have now."""
    tier = llm.settings.tiered_routing.ordered_tiers[-1 if is_largest else 0]
    return llm.health.topology.tiers.get(tier.name, ())


def _first_healthy(
    llm: LLMInterface, targets: tuple[Candidate, ...], request: ChatRequest
) -> Candidate:
    tokens = estimated_tokens(request.messages)
    for target in targets:
        is_open = llm.circuits.refusal(target.deployment) is None
        if is_open and target.can_answer(request.needs, tokens):
            return target
    raise UpstreamError("no deployment available", fault=FailureKind.UNREACHABLE)


def _estimate(request: ChatRequest, answer: Chunk) -> Usage:
    """What an answer that was broken off, or is not counted by its engine, must have cost."""
    completion = len(answer.content) // _CHARACTERS_PER_TOKEN
    return Usage(estimated_tokens(request.messages), completion)
