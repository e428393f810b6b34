"""Recording: tells the sinks how each request ended, once, whatever its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from gearshift.dialects.errors import reply_to
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.pipeline.call import Call, Handler
from gearshift.telemetry.events import RequestFinished, Sink
from gearshift.types import (
    ChatResponse,
    Chunk,
    CompleteResponse,
    Deployment,
    Frame,
    FrameStream,
    Usage,
)

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
        """Answer the call and watch its frames to their end."""
        try:
            response = await self._inner(call)
        except asyncio.CancelledError:
            self._report(call, CLIENT_GONE)
            raise
        except GearshiftError as error:
            self._report(call, reply_to(error).status, fault=_fault_of(error))
            raise
        except Exception:  # a bug of ours: counted like any failure, then left to the edge
            self._report(call, 500, fault="internal")
            raise
        if isinstance(response.frames, CompleteResponse):
            self._whole(call, response, response.frames.frame.chunk or Chunk())
            return response
        return response._replace(frames=_Watched(response, call, self))

    def _whole(self, call: Call, response: ChatResponse, said: Chunk) -> None:
        if not call.is_from_cache:  # which says nothing of the deployment
            self._completed(call.decision.deployment)
        self._report(
            call,
            200,
            usage=said.usage,
            load_seconds=said.load_seconds,
            first_token_seconds=time.perf_counter() - call.started_at,
            overhead_seconds=response.overhead_seconds,
        )

    def finished(
        self, call: Call, watched: _Watched, status: int, error: UpstreamError | None
    ) -> None:
        """Report an answer whose frames have ended."""
        if not call.is_from_cache:
            if error is not None:
                self._broke_off(call.decision.deployment, error)
            elif status == 200:
                self._completed(call.decision.deployment)
        self._report(
            call,
            status,
            fault=None if error is None else error.fault.value,
            usage=watched.usage,
            load_seconds=watched.load_seconds,
            first_token_seconds=watched.first_token_seconds,
            overhead_seconds=watched.overhead_seconds,
        )

    def _report(
        self,
        call: Call,
        status: int,
        *,
        fault: str | None = None,
        usage: Usage | None = None,
        load_seconds: float | None = None,
        first_token_seconds: float | None = None,
        overhead_seconds: float | None = None,
    ) -> None:
        if call.is_from_cache:  # so no token was worked on
            usage, load_seconds = Usage(), None
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
            usage=usage,
            load_seconds=load_seconds,
            fault=fault,
            attempts=tuple((name, error.fault.value) for name, error in call.attempts),
            prompt=_prompt(call) if self._with_prompts else None,
            client=call.request.client,
            trace_parent=call.request.headers.get("traceparent"),
            messages=call.request.messages,
            cache=call.cache,
        )
        for sink in self._sinks:
            sink(event)


class _Watched:
    """The frames of an answer, with an eye on tokens and on how they end."""

    __slots__ = (
        "_call",
        "_frames",
        "_is_reported",
        "_recording",
        "first_token_seconds",
        "load_seconds",
        "overhead_seconds",
        "usage",
    )

    def __init__(self, response: ChatResponse, call: Call, recording: Recording) -> None:
        self._frames: FrameStream = response.frames
        self._call = call
        self._recording = recording
        self._is_reported = False
        self.usage: Usage | None = None
        self.load_seconds: float | None = None
        self.overhead_seconds = response.overhead_seconds
        self.first_token_seconds = time.perf_counter() - call.started_at

    async def read(self) -> Frame | None:
        """The next frame."""
        try:
            frame = await self._frames.read()
        except UpstreamError as error:
            self._report(reply_to(error).status, error)
            raise
        if frame is None:
            self._report(200)
        elif frame.chunk is not None:
            chunk = frame.chunk
            if chunk.usage is not None:
                self.usage = chunk.usage
            if chunk.load_seconds is not None:
                self.load_seconds = chunk.load_seconds
        return frame

    async def aclose(self) -> None:
        """Stop the upstream; an answer that had not ended counts as given up by the client."""
        await self._frames.aclose()
        self._report(CLIENT_GONE)

    def _report(self, status: int, error: UpstreamError | None = None) -> None:
        if not self._is_reported:
            self._is_reported = True
            self._recording.finished(self._call, self, status, error)


def _fault_of(error: GearshiftError) -> str | None:
    return error.fault.value if isinstance(error, UpstreamError) else None


def _prompt(call: Call) -> str:
    for message in reversed(call.request.messages):
        if message.get("role") == "user":
            return str(message.get("content"))
    return ""
