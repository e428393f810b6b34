"""ChatResponse: what comes back, frame by frame, and what each frame says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from gearshift.types.decision import Decision
from gearshift.types.json_values import JsonObject


class CacheResult(StrEnum):
    """What the answer cache did for a request."""

    HIT = "hit"  # it answered
    MISS = "miss"  # it could not, but keeps the answer if that is worth keeping
    BYPASS = "bypass"  # it had no part in it


class CacheUse(NamedTuple):
    """What the answer cache did, and at which level (`memory` …)."""

    level: str
    result: CacheResult


class Usage(NamedTuple):
    """Tokens of one answer.

    Attributes:
        prompt_tokens: All of the prompt.
        completion_tokens: All of the answer.
        cached_tokens: Those of the prompt that cost no compute.
        reasoning_tokens: Those of the answer that are reasoning, where the server tells it.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class Timings(NamedTuple):
    """How long an engine took for one answer, in seconds, without loading the model."""

    prompt_seconds: float = 0.0
    completion_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call, or a piece of one: `arguments` is (part of) a JSON text."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


class Chunk(NamedTuple):
    """A piece of an answer, or a complete one, independent of any dialect.

    Attributes:
        content: Text to append to the answer; may be empty.
        reasoning: Text to append to the model's reasoning; may be empty.
        tool_calls: Tool calls, or parts of them, that begin or go on here.
        finish_reason: `stop`, `length`, `tool_calls`, `content_filter`, or a word of the server's
            own, on the last chunk; `None` on all others.
        usage: Tokens used, usually on the last chunk; `None` elsewhere.
        model: The model's name as the upstream reports it, if it does.
        load_seconds: How long the engine took to load the model, if it reports that.
        timings: How long it took for the rest, if it reports that.
        logprobs: One entry per token (`token`, `logprob`, `bytes`, `top_logprobs`), if requested.
        is_of_another: It belongs to a further answer where the request asked for several (`n`).
            Further answers are passed on, but not read.

    Example:
        >>> Chunk("It is").has_content, Chunk(finish_reason="stop").has_content
        (True, False)
    """

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    load_seconds: float | None = None
    timings: Timings | None = None
    logprobs: tuple[JsonObject, ...] = ()
    is_of_another: bool = False

    @property
    def has_content(self) -> bool:
        """Whether the chunk carries any part of the answer itself, such as text or a tool call."""
        return bool(self.content or self.reasoning or self.tool_calls or self.is_of_another)


class Frame(NamedTuple):
    """One unit of an upstream's answer: an SSE event, an NDJSON line, or a whole body.

    Attributes:
        raw: Its bytes as received, framing included.
        chunk: What it says; `None` for comments and keep-alives.
        is_end: Whether it is the dialect's own end mark (`[DONE]`, `"done": true`).
        error: The upstream's message if this frame reports a failure.
        is_other_shape: A whole answer where a stream was asked for, or the other way round, so that
            `raw` is not what the client wants.
        is_misframed: A piece of a stream that is not set off from the next one as its dialect has
            it, so that a client would not find its end.
    """

    raw: bytes
    chunk: Chunk | None = None
    is_end: bool = False
    error: str | None = None
    is_other_shape: bool = False
    is_misframed: bool = False


class FrameStream(Protocol):
    """Frames of one answer; `aclose` stops the upstream at once."""

    async def read(self) -> Frame | None:
        """The next frame, `None` at the end.

        Raises:
            UpstreamError: The answer breaks off here.
        """
        ...

    async def aclose(self) -> None:
        """Release the connection; cancels generation if the answer is not complete."""
        ...


class CompleteResponse:
    """An answer that came in one piece; nothing of it is left at the upstream.

    Attributes:
        frame: All of it.
    """

    __slots__ = ("_is_read", "frame")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._is_read = False

    async def read(self) -> Frame | None:
        """The one frame, then `None`."""
        if self._is_read:
            return None
        self._is_read = True
        return self.frame

    async def aclose(self) -> None:
        """Nothing is left to be released."""


class ChatResponse(NamedTuple):
    """An answer whose first content has arrived, so no fallback can happen any more.

    Attributes:
        decision: The one that names the deployment that answered.
        dialect: The dialect of the frames (the upstream's); empty where they have no bytes of it.
        frames: All frames from the first on; one frame where the request did not stream.
        overhead_seconds: Time spent in gearshift itself before the first content, without the
            upstream's.
        cache: What the answer cache did.
    """

    decision: Decision
    dialect: str
    frames: FrameStream
    overhead_seconds: float = 0.0
    cache: CacheResult = CacheResult.BYPASS
