"""The data plane: which path is answered by which endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gearshift import registry
from gearshift.errors import GearshiftError, RequestError
from gearshift.gateway import chat, feedback, health, metrics, models, ollama, openapi, route, show
from gearshift.gateway.comparing import Comparing
from gearshift.gateway.cors import CorsPolicy
from gearshift.gateway.feedback import Inbox
from gearshift.gateway.keys import KeyRing
from gearshift.gateway.passing import passed_on
from gearshift.http.defects import defect
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics
from gearshift.threads import Purpose, in_thread
from gearshift.types import ChatRequest, ChatResponse, Operation
from gearshift.wire.base import Dialect
from gearshift.wire.charsets import in_utf8

if TYPE_CHECKING:
    from gearshift.decision_log.feedback import Feedback

# Decoding more than this would hold up other requests for a noticeable moment.
_PARSED_IN_THREAD_BYTES: Final = 256 * 1024
_SESSION_HEADERS: Final = (
    "x-session-id",
    "x-conversation-id",
    "x-claude-code-session-id",
    "x-model-affinity",
)

Endpoint = Callable[["Gateway", HttpRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path.

    Attributes:
        is_open: Needs no API key.
        is_routed: Counts against the rate limit of the API key.
    """

    method: str
    path: str
    endpoint: Endpoint
    dialect: str = "openai"
    is_open: bool = False
    is_routed: bool = False


def _openai(
    method: str, path: str, endpoint: Endpoint, *, is_routed: bool = False
) -> tuple[Route, ...]:
    paths = (f"/v1{path}", path)
    return tuple(Route(method, each, endpoint, is_routed=is_routed) for each in paths)


def _ollama(path: str, operation: Operation) -> Route:
    return Route("POST", path, chat.endpoint(operation, "ollama"), "ollama", is_routed=True)


ROUTES: Final = (
    *_openai("POST", "/chat/completions", chat.endpoint(Operation.CHAT, "openai"), is_routed=True),
    *_openai("POST", "/completions", chat.endpoint(Operation.COMPLETION, "openai"), is_routed=True),
    *_openai("GET", "/models", models.listing),
    *_openai("GET", "/models/*", models.one),
    Route("POST", "/v1/route", route.decision, is_routed=True),
    Route("POST", "/v1/feedback", feedback.give, is_routed=True),
    _ollama("/api/chat", Operation.CHAT),
    _ollama("/api/generate", Operation.COMPLETION),
    Route("POST", "/api/show", show.show, "ollama"),
    Route("GET", "/api/tags", ollama.tags, "ollama"),
    Route("GET", "/api/ps", ollama.running, "ollama"),
    Route("GET", "/api/version", ollama.version, "ollama"),
    Route("GET", "/", ollama.root, "ollama", is_open=True),
    Route("GET", "/health/live", health.live, is_open=True),
    Route("GET", "/health/liveliness", health.live, is_open=True),
    Route("GET", "/health/ready", health.ready, is_open=True),
    Route("GET", "/health/readiness", health.ready, is_open=True),
    Route("GET", "/metrics", metrics.exposition),
    Route("GET", "/openapi.json", openapi.endpoint, is_open=True),
)


# Of the three APIs, but not of this version: clients that probe them learn that from the error.
_NOT_BUILT: Final = frozenset(
    {
        *(f"{base}/{name}" for base in ("", "/v1") for name in ("embeddings", "responses")),
        *(f"/v1/messages{rest}" for rest in ("", "/count_tokens")),
        *(f"/api/{name}" for name in ("embed", "embeddings", "pull", "push", "create")),
        *(f"/api/{name}" for name in ("copy", "delete")),
    }
)


class Gateway:
    """Every request of the data plane enters here and leaves here.

    Args:
        llm: Answers.
        metrics: Counts.
        workers: Processes that share the load, this one included.
        feedback: Keeps what users say of answers; `None` without a decision log.
        comparing: Samples answers.
        is_local: It listens on this machine only.
    """

    def __init__(
        self,
        llm: LLMInterface,
        metrics: Metrics,
        workers: int = 1,
        feedback: Feedback | None = None,
        comparing: Comparing | None = None,
        *,
        is_local: bool = True,
    ) -> None:
        self._workers = workers
        self._is_local = is_local
        self._comparing = comparing
        self.feedback = None if feedback is None else Inbox(feedback)
        self._keys: KeyRing | None = None
        self.metrics = metrics
        self.routes = ROUTES
        self.adopt(llm)
        self.dialects: dict[str, Dialect] = {
            name: registry.load(target)() for name, target in registry.DIALECTS.items()
        }
        self._table: dict[str, dict[str, Route]] = {}
        for entry in ROUTES:
            self._table.setdefault(entry.path, {})[entry.method] = entry

    def adopt(self, llm: LLMInterface) -> None:
        """Answer requests from now on with this one, and by its settings."""
        self.llm = llm
        auth = llm.settings.auth
        self._keys = KeyRing(auth, self._workers, before=self._keys) if auth.api_keys else None
        self._cors = CorsPolicy(
            llm.settings.access, has_keys=bool(auth.api_keys), is_local=self._is_local
        )

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; every error leaves in the dialect of its path."""
        try:
            self._cors.check(request)
            preflight = self._cors.preflight(request)
            response = preflight or await self._answer(request)
        except GearshiftError as error:
            return self.refusal(request, error)
        except Exception as error:  # noqa: BLE001 - the edge: the process must go on
            return self.refusal(request, defect(error, "answering"))
        return self._readable(request, response)

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        found = self._find(request)
        kind = request.headers.get("content-type", "")
        if "charset" in kind.lower():
            request = request._replace(body=in_utf8(request.body, kind))
        if self._keys is not None and not found.is_open:
            key = self._keys.find(request.headers)
            if found.is_routed:
                self._keys.spend(key)
            request = request._replace(client=key.name, allowed_tiers=key.tiers)
        return await found.endpoint(self, request)

    def _readable(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The response with what lets the page that asked read it."""
        if "origin" not in request.headers:
            return response
        more = self._cors.headers(request)
        return response._replace(headers={**more, **response.headers})

    async def answer(self, request: ChatRequest) -> ChatResponse:
        """Have a request answered, and listen to the answer where it was drawn for that."""
        # Both before the answer: when it comes, tiers may have other names.
        llm, sampler = self.llm, self._comparing.sampler if self._comparing is not None else None
        response = await llm.complete(request)
        return response if sampler is None else sampler.watch(request, response)

    def refusal(self, request: HttpRequest, error: GearshiftError) -> HttpResponse:
        """The response that reports an error."""
        dialect = self.dialects[_dialect_of(request.path)]
        status, headers, body = dialect.write_error(error)
        # One that is ended because we stop had its decision, and is counted with it.
        if isinstance(error, RequestError) and error.code != "stopping":
            self.metrics.refused(dialect.name, status)
        response = HttpResponse(status, {"content-type": "application/json", **headers}, body)
        return self._readable(request, response)

    async def parse(
        self, request: HttpRequest, dialect: Dialect, operation: Operation
    ) -> ChatRequest:
        """The client's body as a request, with what its headers say.

        What it calls itself does not matter, as it does not to the servers stood in for: many
        clients send JSON as something else. `CorsPolicy` keeps out the pages that could.

        Raises:
            RequestError: 400 naming the field for a body that cannot be used.
        """
        if len(request.body) > _PARSED_IN_THREAD_BYTES:
            parsed = await in_thread(Purpose.DECODING, dialect.parse, operation, request.body)
        else:
            parsed = dialect.parse(operation, request.body)
        headers = request.headers
        parsed.received_at = request.received_at
        parsed.client = request.client
        parsed.allowed_tiers = request.allowed_tiers
        parsed.forced_tier = headers.get("x-gearshift-tier") or None
        for name in _SESSION_HEADERS:
            if name in headers:
                parsed.session = parsed.session or headers[name] or None
        parsed.headers = passed_on(headers)
        return parsed

    def _find(self, request: HttpRequest) -> Route:
        path = request.path
        exact = self._table.get(path)
        if exact is not None and request.method in exact:
            return exact[request.method]
        path = _normal(path)
        methods = self._table.get(path) or self._below(path)
        if path in _NOT_BUILT:
            raise RequestError(
                f"{path} is not available in this version of gearshift",
                status=404,
                code="not_available",
            )
        if methods is None:
            raise RequestError(
                f"there is nothing at {request.path[:200]!r}; see /v1/models, /api/tags",
                status=404,
                code="unknown_route",
            )
        method = "GET" if request.method == "HEAD" else request.method
        found = methods.get(method)
        if found is None:
            allowed = ", ".join(methods)
            raise RequestError(
                f"{request.method} is not possible here; use {allowed}",
                status=405,
                code="method_not_allowed",
                headers={"Allow": allowed},
            )
        return found

    def _below(self, path: str) -> Mapping[str, Route] | None:
        """Routes that end in `*`, such as `/v1/models/*`: names may hold slashes."""
        for pattern, methods in self._table.items():
            if pattern.endswith("/*") and path.startswith(pattern[:-1]) and path != pattern[:-1]:
                return methods
        return None


def _normal(path: str) -> str:
    """The path without doubled or trailing slashes, which base URLs bring in."""
    parts = [part for part in path.split("/") if part]
    return "/" + "/".join(parts)


def _dialect_of(path: str) -> str:
    return "ollama" if _normal(path).startswith("/api/") or path in ("", "/") else "openai"
