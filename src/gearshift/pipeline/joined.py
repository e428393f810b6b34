"""joined: the answer to another request in progress, in the form that one like it wants it in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from gearshift.cache.entry import CachedAnswer
from gearshift.dialects.base import UpstreamDialect
from gearshift.pipeline.cached_frames import NO_DIALECT, form_of, replayed
from gearshift.pipeline.call import Call
from gearshift.pipeline.single_flight import Reader, SharedAnswer
from gearshift.pipeline.streams import StreamEnd, observed_response
from gearshift.types import CacheResult, ChatRequest, ChatResponse, Decision, Frame

_NEVER: Final = 0.0  # it is not stored


async def joined(
    call: Call, shared: SharedAnswer, dialects: Mapping[str, UpstreamDialect]
) -> ChatResponse | None:
    """The answer in progress, for a call whose own would have the same key.

    Args:
        call: Its decision names whoever answers, from then on; it counts as a hit unless it has
            to take over.
        shared: The answer in progress, or at its end.
        dialects: Of upstreams, by name.

    Returns:
        `None` where the answer cannot be had in the form of this call, or not from there.

    Raises:
        Exception: It has failed.
    """
    since = time.perf_counter()
    overhead = since - call.started_at - call.upstream_seconds
    reader = shared.join(call)
    try:
        response = await reader.answer()
        decision = _same_place(call, response.decision)
        form = None if decision is None else await _formed(call, shared, reader, dialects)
    except BaseException:
        await reader.aclose()
        raise
    finally:
        call.upstream_seconds += time.perf_counter() - since
    if decision is None or form is None:
        await reader.aclose()
        return None
    call.spared, call.decision = call.decision.deployment, decision
    result = CacheResult.HIT if call.is_from_cache else CacheResult.MISS
    form = form._replace(decision=decision, overhead_seconds=overhead, cache=result)
    return observed_response(form, partial(_save, call))


def _save(call: Call, end: StreamEnd) -> None:
    """Note what was saved, unless the call has had to take over."""
    if call.is_from_cache:
        call.saved = end.usage


async def _formed(
    call: Call, shared: SharedAnswer, reader: Reader, dialects: Mapping[str, UpstreamDialect]
) -> ChatResponse | None:
    """The answer as this call wants it: a stream of a stream as it comes, all else at its end."""
    response, request = await reader.answer(), call.request
    if request.stream and shared.request.stream:
        if form_of(request) == form_of(shared.request):
            return response._replace(frames=reader)
        if not _can_be_translated(shared.request, response.dialect):
            return None
        reader.as_chunks()
        return response._replace(dialect=NO_DIALECT, frames=reader)
    kept = _as_kept(shared.request, response.dialect, await reader.all())
    replay = replayed(kept, request, dialects)
    return replay and response._replace(dialect=replay.dialect, frames=replay.frames)


def _can_be_translated(request: ChatRequest, dialect: str) -> bool:
    """Whether pieces of a stream say all that another form has to.

    Of several answers they do not. The tokens, which are told at its end, are told by all but
    OpenAI's streams, and by those if asked to, as they are wherever a request was translated.
    """
    if (request.options.get("n") or 1) != 1:
        return False
    if dialect != "openai" or request.dialect != dialect:
        return True
    options = request.body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _as_kept(request: ChatRequest, dialect: str, frames: Sequence[Frame]) -> CachedAnswer:
    usage = None
    for frame in frames:
        if frame.chunk is not None and frame.chunk.usage is not None:
            usage = frame.chunk.usage
    raws = tuple(frame.raw for frame in frames)
    return CachedAnswer(dialect, request.stream, form_of(request), usage, _NEVER, raws)


def _same_place(call: Call, answered: Decision) -> Decision | None:
    """A call's decision with the place that has answered another; `None` where it may not."""
    own = call.decision
    if answered.deployment == own.deployment:
        return own
    if all(candidate.deployment != answered.deployment for candidate in call.candidates):
        return None
    return own._replace(
        tier=answered.tier,
        model=answered.model,
        upstream=answered.upstream,
        provider=answered.provider,
        cause=answered.cause,
        fallback=answered.fallback,
        reason=answered.reason,
    )
