"""Recording: tells the sinks how each request ended, once, whatever its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from gearshift.dialects.errors import reply_to
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.pipeline.call import Call, Handler
from gearshift.pipeline.streams import StreamEnd, observed_response
from gearshift.telemetry.events import RequestFinished, Sink
from gearshift.types import ChatResponse, Deployment, Usage

CLIENT_GONE = 499
"""The status, by nginx's convention, of a request whose client went away first."""


BrokeOff = Callable[[Deployment, UpstreamError], None]
"""Told of a deployment whose answer broke off after its first content."""


Completed = Callable[[Deployment], None]
"""Told of a deployment whose answer has come to its end."""


class Recording:
    """The outermost step: measures, and reports when the last frame has gone out."""

    def __init__(
        self,
        inner: Handler,
        sinks: Sequence[Sink],
        broke_off: BrokeOff,
        completed: Completed = lambda _: None,
        *,
        with_prompts: bool,
    ) -> None:
        self._inner = inner
        self._completed = completed
        self._sinks = tuple(sinks)
        self._broke_off = broke_off
        self._with_prompts = with_prompts

    async def __call__(self, call: Call) -> ChatResponse:
        """Answer the call and observe its frames to their end."""
        try:
            response = await self._inner(call)
        except (Exception, asyncio.CancelledError) as error:
            self._report(call, *_failure(error))
            raise
        first_token_seconds = time.perf_counter() - call.started_at
        ended = partial(self._ended, call, response.overhead_seconds, first_token_seconds)
        return observed_response(response, ended)

    def _ended(
        self, call: Call, overhead_seconds: float, first_token_seconds: float, end: StreamEnd
    ) -> None:
        deployment, error = call.decision.deployment, end.error
        status, fault = 200, None
        if error is not None:
            status, fault = _failure(error)
        elif not end.is_complete:
            status = CLIENT_GONE
        if not call.is_from_cache:  # which says nothing of the deployment
            if isinstance(error, UpstreamError):
                self._broke_off(deployment, error)
            elif end.is_complete:
                self._completed(deployment)
        self._report(call, status, fault, end, overhead_seconds, first_token_seconds)

    def _report(
        self,
        call: Call,
        status: int,
        fault: str | None,
        end: StreamEnd = StreamEnd(),  # noqa: B008 - it never changes
        overhead_seconds: float | None = None,
        first_token_seconds: float | None = None,
    ) -> None:
        duration = time.perf_counter() - call.started_at
        if overhead_seconds is None:
            overhead_seconds = max(0.0, duration - call.upstream_seconds)
        event = RequestFinished(
            decision=call.decision,
            dialect=call.request.dialect,
            status=status,
            streamed=call.request.stream,
            duration_seconds=duration,
            first_token_seconds=first_token_seconds,
            overhead_seconds=overhead_seconds,
            scoring_seconds=call.scoring_seconds,
            usage=_worked_on(call, end.usage),
            load_seconds=None if call.is_from_cache else end.load_seconds,
            fault=fault,
            attempts=tuple((name, error.fault.value) for name, error in call.attempts),
            prompt=_prompt(call) if self._with_prompts else None,
            client=call.request.client,
            trace_parent=call.request.headers.get("traceparent"),
            messages=call.request.messages,
            cache=None if call.is_background else call.cache,
            saved=call.saved if end.is_complete else None,
            spared=call.spared,
            is_background=call.is_background,
        )
        for sink in self._sinks:
            sink(event)


def _worked_on(call: Call, told: Usage | None) -> Usage | None:
    """Of the tokens that an answer tells, those that an upstream worked on for this request."""
    if call.is_from_cache:
        return Usage()
    if call.saved is None or told is None:
        return told
    return Usage(*(max(0, all_of - kept) for all_of, kept in zip(told, call.saved, strict=True)))


def _failure(error: BaseException) -> tuple[int, str | None]:
    """The status that a failure is reported with, and what kind of failure it is."""
    if isinstance(error, asyncio.CancelledError):
        return CLIENT_GONE, None
    if isinstance(error, GearshiftError):
        fault = error.fault.value if isinstance(error, UpstreamError) else None
        return reply_to(error).status, fault
    return 500, "internal"  # a bug of ours: counted like any failure, then left to the edge


def _prompt(call: Call) -> str:
    for message in reversed(call.request.messages):
        if message.get("role") == "user":
            return str(message.get("content"))
    return ""
