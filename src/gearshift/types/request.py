"""ChatRequest: what a client asks, in no dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from gearshift.types.deployments import Capability

Message = Mapping[str, Any]
"""One turn of a conversation, in OpenAI's shape."""


class Operation(StrEnum):
    """What the client asked for; each dialect has its own path for it."""

    CHAT = "chat"  # a conversation: /v1/chat/completions, /api/chat
    COMPLETION = "completion"  # a prompt: /v1/completions, /api/generate
    EMBEDDING = "embedding"  # vectors of texts: /v1/embeddings, /api/embed
    PROMPT_EMBEDDING = "prompt_embedding"  # of one text, as Ollama had it first: /api/embeddings


class Session(NamedTuple):
    """Where a conversation was answered last.

    Attributes:
        tier: The tier that its turns are sent to.
        upstream: Of the deployment that answered.
        model: Of that deployment.
    """

    tier: str
    upstream: str
    model: str


CHAT_OPERATIONS: Final = (Operation.CHAT, Operation.COMPLETION)
"""Those that every dialect has."""
EMBEDDING_OPERATIONS: Final = (Operation.EMBEDDING, Operation.PROMPT_EMBEDDING)
"""Those for which a dialect has a part of its own (`dialects/embedding_format.py`)."""


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
        kept: Where that conversation was answered last, where that is kept.
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
    kept: Session | None = None
