"""The data plane: which path is answered by which endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gearshift.dialects.charsets import in_utf8
from gearshift.errors import GearshiftError, RequestError
from gearshift.gateway.auth import KeyRing
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.cors import CorsPolicy
from gearshift.gateway.endpoints import chat, feedback, health, metrics, models, ollama, route, show
from gearshift.gateway.inbox import Inbox
from gearshift.gateway.openapi import document
from gearshift.gateway.routing import Endpoint, Route, RouteTable, normal_path
from gearshift.gateway.shadow_evaluation import ShadowEvaluation
from gearshift.http.server.internal_errors import log_internal_error
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics
from gearshift.types import Operation

if TYPE_CHECKING:  # SQLAlchemy is imported only where there is a log
    from gearshift.decision_log.feedback import Feedback


async def _document(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """This list of routes as an OpenAPI document."""
    return document.response(ROUTES)


def _openai(
    method: str, path: str, endpoint: Endpoint, *, is_routed: bool = False
) -> tuple[Route, ...]:
    paths = (f"/v1{path}", path)
    return tuple(Route(method, each, endpoint, is_routed=is_routed) for each in paths)


def _ollama(path: str, operation: Operation) -> Route:
    return Route("POST", path, chat.endpoint(operation, "ollama"), "ollama", is_routed=True)


ROUTES: Final[tuple[Route, ...]] = (
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
    Route("GET", "/openapi.json", _document, is_open=True),
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
        comparing: ShadowEvaluation | None = None,
        *,
        is_local: bool = True,
    ) -> None:
        self._workers = workers
        self._is_local = is_local
        self._keys: KeyRing | None = None
        self._routes = RouteTable(ROUTES, _NOT_BUILT)
        inbox = None if feedback is None else Inbox(feedback)
        self._context = GatewayContext(llm, metrics, inbox, comparing)
        self.adopt(llm)

    def adopt(self, llm: LLMInterface) -> None:
        """Answer requests from now on with this one, and by its settings."""
        self._context.llm = llm
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
            return self.refusal(request, log_internal_error(error, "answering"))
        return self._readable(request, response)

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        found = self._routes.find(request)
        kind = request.headers.get("content-type", "")
        if "charset" in kind.lower():
            request = request._replace(body=in_utf8(request.body, kind))
        if self._keys is not None and not found.is_open:
            key = self._keys.find(request.headers)
            if found.is_routed:
                self._keys.spend(key)
            request = request._replace(client=key.name, allowed_tiers=key.tiers)
        return await found.endpoint(self._context, request)

    def _readable(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The response with what lets the page that asked read it."""
        if "origin" not in request.headers:
            return response
        more = self._cors.headers(request)
        return response._replace(headers={**more, **response.headers})

    def refusal(self, request: HttpRequest, error: GearshiftError) -> HttpResponse:
        """The response that reports an error."""
        dialect = self._context.dialects[_dialect_of(request.path)]
        status, headers, body = dialect.write_error(error)
        # One that is ended because we stop had its decision, and is counted with it.
        if isinstance(error, RequestError) and error.code != "stopping":
            self._context.metrics.refused(dialect.name, status)
        response = HttpResponse(status, {"content-type": "application/json", **headers}, body)
        return self._readable(request, response)


def _dialect_of(path: str) -> str:
    return "ollama" if normal_path(path).startswith("/api/") or path in ("", "/") else "openai"
