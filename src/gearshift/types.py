"""The values that travel through gearshift: request, decision, frames of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

Json = Any
"""A decoded JSON value, as it crosses the edge."""

JsonObject = dict[str, Any]
"""A decoded JSON object, as it crosses the edge."""

Message = Mapping[str, Any]
"""One turn of a conversation, in OpenAI's shape."""


class Operation(StrEnum):
    """What the client asked for; each dialect has its own path for it."""

    CHAT = "chat"  # a conversation: /v1/chat/completions, /api/chat
    COMPLETION = "completion"  # a prompt: /v1/completions, /api/generate


class Capability(StrEnum):
    """What a request needs of a model, beside being clever enough."""

    TOOLS = "tools"
    VISION = "vision"
    THINKING = "thinking"


class Cause(StrEnum):
    """Why a request went where it went."""

    SCORED = "scored"
    FORCED = "forced"
    SESSION = "session"
    CAPABILITY = "capability"
    RESIDENCY = "residency"
    EXPERIMENT = "experiment"
    FALLBACK = "fallback"
    ESCALATION = "escalation"
    DISABLED = "disabled"
    SCORER_FAILED = "scorer_failed"


class CacheResult(StrEnum):
    """What the answer cache did for a request."""

    HIT = "hit"  # it answered
    MISS = "miss"  # it could not, but keeps the answer if that is worth keeping
    BYPASS = "bypass"  # it had no part in it


class CacheUse(NamedTuple):
    """What the answer cache did, and at which level (`memory` …)."""

    level: str
    result: CacheResult


@dataclass(frozen=True, slots=True)
class Deployment:
    """One model on one upstream."""

    upstream: str
    model: str

    def __str__(self) -> str:
        return f"{self.upstream}/{self.model}"


class Usage(NamedTuple):
    """Tokens of one answer; `cached_tokens` of the prompt cost no compute."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


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


@dataclass(slots=True)
class ChatRequest:
    """One request in no dialect, with the client's own bytes kept beside it.

    Not frozen only because that takes 3 µs a request: nobody changes it once it is routed.

    Attributes:
        dialect: The name of the client's dialect (`openai`, `ollama`, …).
        operation: Chat or completion.
        model: What the client wrote: `auto`, a tier, or a model name.
        messages: The conversation in OpenAI's shape, whatever the dialect.
        stream: Whether the client wants a stream.
        options: Sampling and format settings under OpenAI's names (`temperature`, `max_tokens`,
            `stop`, `tools`, `response_format` …), for translation into another dialect.
        body: The decoded body.
        raw: The body as received; passed on but for `model` when dialects agree.
        needs: Capabilities that a model must have to answer.
        forced_tier: From `x-gearshift-tier`.
        session: From `x-session-id` and its relatives.
        client: The name of the API key that it came with, where that has one.
        allowed_tiers: The tiers it may be sent to; `None` for all.
        headers: The client's headers that are passed on (`traceparent` …), lower case.
        received_at: `time.perf_counter()` when its last byte had arrived; 0 when not from HTTP.
        is_templated: A completion whose prompt is put into the model's chat template, and so is
            answered as a chat with one turn would be; never true of a chat.
        loads_model: Nothing is asked: the model is to be loaded, or to be given up.
        cache_scope: Only requests of the same scope share cached answers.
        cache_control: From `x-gearshift-cache`: `no-store`, `no-cache`, or empty.
    """

    dialect: str
    operation: Operation
    model: str
    messages: Sequence[Message]
    stream: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    needs: frozenset[Capability] = frozenset()
    forced_tier: str | None = None
    session: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    received_at: float = 0.0
    client: str | None = None
    allowed_tiers: frozenset[str] | None = None
    is_templated: bool = False
    loads_model: bool = False
    cache_scope: str = ""
    cache_control: str = ""


class Decision(NamedTuple):
    """Where a request goes and why: made once, the same in header, log, metrics and Python.

    Attributes:
        id: Unique: `dec-` and 24 hex digits.
        time: Seconds since 1970-01-01, UTC.
        tier: The tier that answers; empty for a model outside the tiers.
        model: The model's name, as its upstream spells it.
        upstream: The configured name of the upstream.
        provider: The upstream's kind (`ollama`, `openai`, `embedded`).
        score: 0-10, or `None` where nothing was scored (the client named a concrete model).
        factors: 0-3 for each of `length, code, technical, multi_step, question`.
        contributions: What each factor adds to the score; they sum to it.
        reason: One line for people.
        cause: What settled the tier: the score, the client, a fallback ...
        scorer: The scorer's name.
        scorer_version: Changes when the same text may get another score.
        threshold: The score from which the next tier up begins, 0-10.
        config_hash: 12 hex digits that change when a setting changes.
        session: The client's name for the conversation, if it gave one.
        propensity: Probability, above 0 and up to 1, with which such a request is sent to this
            tier, over everything that is randomised: experiments and exploration.
        fallback: `first->answered` tiers (deployments if the tier is the same), if the first
            choice failed.
        arms: The experiments it takes part in, as `name:arm`, separated by commas.
        sample_rate: The sampling rate (0-1) with which it was selected for judging, if it was.
        movable: Whether the score settles the tier: a low one would send it to the smallest tier,
            any other one elsewhere. False where the client, its permissions, or what the request
            needs settle the tier.

    Example:
        >>> import asyncio
        >>> from gearshift import LLMInterface
        >>> async def main() -> Decision:
        ...     async with LLMInterface() as llm:
        ...         answer = await llm.chat_completion("What time is it?")
        ...         return answer.decision
        >>> decision = asyncio.run(main())
        >>> decision.tier, decision.cause.value, decision.score < 3
        ('simple', 'scored', True)
    """

    id: str
    time: float
    tier: str
    model: str
    upstream: str
    provider: str
    score: float | None
    factors: Mapping[str, float]
    contributions: Mapping[str, float]
    reason: str
    cause: Cause
    scorer: str
    scorer_version: str
    threshold: float
    config_hash: str
    session: str | None = None
    propensity: float = 1.0
    fallback: str | None = None
    arms: str | None = None
    sample_rate: float | None = None
    movable: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """Tier, model and upstream of the deployment that answers, or did."""
        return self.tier, self.model, self.upstream

    @property
    def deployment(self) -> Deployment:
        """The deployment that answers, or did."""
        return Deployment(self.upstream, self.model)

    def to_json(self) -> JsonObject:
        """The decision as a JSON object under the names of its fields, as `/v1/route` returns it.

        Example:
            >>> from gearshift import LLMInterface
            >>> from gearshift.client.requests import chat_request
            >>> decision = LLMInterface().decide(chat_request("What time is it?"))
            >>> decision.to_json()["model"]
            'gemma2:2b'
        """
        record = self._asdict()
        record["factors"] = dict(self.factors)
        record["contributions"] = dict(self.contributions)
        record["cause"] = self.cause.value
        return record


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


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What an upstream says of one of its models; `None` where it does not say.

    Attributes:
        name: As the upstream spells it.
        parameters: Number of weights.
        size_bytes: File size.
        context_length: Tokens.
        capabilities: `None` when unknown, which counts as capable.
        is_resident: Loaded in memory now.
        details: The upstream's own object, for `/api/tags` and `/api/show`.
        aliases: Other names that it answers under, `*` standing for any letters.
    """

    name: str
    parameters: int | None = None
    size_bytes: int | None = None
    context_length: int | None = None
    capabilities: frozenset[Capability] | None = None
    is_resident: bool | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class Readiness(StrEnum):
    """The three levels of health of a deployment, and the ways to fall short."""

    READY = "ready"  # reachable, has the model, answers
    LOADING = "loading"  # reachable, has the model, not yet answering
    MISSING_MODEL = "missing_model"  # reachable, does not have the model
    REFUSED = "refused"  # reachable, but it does not take our key
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # not probed yet


@dataclass(frozen=True, slots=True)
class UpstreamState:
    """What one probe of an upstream found.

    Attributes:
        is_reachable: The server answers.
        is_loading: The server answers, but a model is still being loaded.
        models: What it serves: what it lists, and what it has answered under.
        lists_models: It says what it serves; where it does not, it may have any model.
        refuses_key: It does not take our key, as far as is known.
        missing: Models that it has refused to know, whatever it lists.
        version: The server's own version.
        detail: One line for people: what was asked and what came back.
    """

    is_reachable: bool
    is_loading: bool = False
    models: tuple[ModelInfo, ...] = ()
    version: str | None = None
    detail: str = ""
    lists_models: bool = True
    refuses_key: bool = False
    missing: frozenset[str] = frozenset()
