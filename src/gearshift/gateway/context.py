"""What endpoints answer with: the interface, the dialects, metrics and feedback."""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

from gearshift.dialects.loading import client_dialects, upstream_dialects
from gearshift.gateway.forwarding import forwarded_headers
from gearshift.gateway.inbox import Inbox
from gearshift.gateway.shadow_evaluation import ShadowEvaluation
from gearshift.http.values import HttpRequest
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics
from gearshift.threads import IN_THREAD_BYTES, Purpose, in_thread
from gearshift.types import ChatRequest, ChatResponse, Operation

OWN_DIALECT: Final = "openai"
"""What gearshift's own endpoints speak, and in which paths that no dialect claims are refused."""

_CACHE_HEADER: Final = "x-gearshift-cache"
_SESSION_HEADERS: Final = (
    "x-session-id",
    "x-conversation-id",
    "x-claude-code-session-id",
    "x-model-affinity",
    "session-id",
    "session_id",
)


R = TypeVar("R", bound=ChatRequest, covariant=True)


class Parser(Protocol[R]):
    """Reads bodies: a dialect those of chats, its `embeddings` those of embeddings."""

    def parse(self, operation: Operation, raw: bytes) -> R:
        """The client's body as a request."""
        ...


class GatewayContext:
    """What every endpoint is given beside the request.

    Args:
        llm: Answers.
        metrics: Counts.
        feedback: Keeps what users say of answers; `None` without a decision log.
        shadow_evaluation: Samples answers.

    Attributes:
        is_leaving: The gateway is about to end.
        dialects: Those of clients, by name.
        upstream_dialects: Those of upstreams that have the name of one of clients, by name.
    """

    def __init__(
        self,
        llm: LLMInterface,
        metrics: Metrics,
        feedback: Inbox | None = None,
        shadow_evaluation: ShadowEvaluation | None = None,
    ) -> None:
        self.llm = llm
        self.metrics = metrics
        self.feedback = feedback
        self._shadow_evaluation = shadow_evaluation
        self.is_leaving = False
        self.dialects = client_dialects()
        self.upstream_dialects = upstream_dialects(self.dialects)

    async def answer(self, request: ChatRequest) -> ChatResponse:
        """Have a request answered, and sample the answer where its decision says so."""
        # Both before the answer: when it comes, tiers may have other names.
        llm, shadows = self.llm, self._shadow_evaluation
        sampler = None if shadows is None else shadows.sampler
        response = await llm.complete(request)
        return response if sampler is None else sampler.watch(request, response)

    async def parse(self, request: HttpRequest, dialect: Parser[R], operation: Operation) -> R:
        """The client's body as a request, with what its headers say.

        What it calls itself does not matter, as it does not to the servers stood in for: many
        clients send JSON as something else. `CorsPolicy` keeps out the pages that could.

        Raises:
            RequestError: 400 naming the field for a body that cannot be used.
        """
        if len(request.body) > IN_THREAD_BYTES:
            parsed = await in_thread(Purpose.DECODING, dialect.parse, operation, request.body)
        else:
            parsed = dialect.parse(operation, request.body)
        headers = request.headers
        parsed.received_at = request.received_at
        parsed.client = request.client
        parsed.allowed_tiers = request.allowed_tiers
        parsed.cache_scope = request.cache_scope
        if _CACHE_HEADER in headers:
            parsed.cache_control = headers[_CACHE_HEADER]
        parsed.forced_tier = headers.get("x-gearshift-tier") or None
        for name in _SESSION_HEADERS:
            if name in headers:
                parsed.session = parsed.session or headers[name] or None
        parsed.headers = forwarded_headers(headers)
        return parsed
