"""The data plane: one entrance for all requests, and one exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gearshift.dialects.base import ClientDialect
from gearshift.dialects.charsets import in_utf8
from gearshift.errors import GearshiftError, RequestError
from gearshift.gateway.auth import KeyRing
from gearshift.gateway.change_policy import ChangePolicy
from gearshift.gateway.context import OWN_DIALECT, GatewayContext
from gearshift.gateway.cors import CorsPolicy
from gearshift.gateway.inbox import Inbox
from gearshift.gateway.routes import route_table
from gearshift.gateway.shadow_evaluation import ShadowEvaluation
from gearshift.http.server.internal_errors import log_internal_error
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics

if TYPE_CHECKING:  # SQLAlchemy is imported only where there is a log
    from gearshift.decision_log.feedback import Feedback


class Gateway:
    """Every request of the data plane enters here and leaves here.

    Args:
        llm: Answers.
        metrics: Counts.
        workers: Processes that share the load, this one included.
        feedback: Keeps what users say of answers; `None` without a decision log.
        shadow_evaluation: Samples answers.
        is_local: It listens on this machine only.

    Attributes:
        streamed_paths: What the paths begin with whose requests are wanted with their heads.

    Raises:
        PluginError: A registered dialect cannot be used; the message says why.
    """

    def __init__(
        self,
        llm: LLMInterface,
        metrics: Metrics,
        workers: int = 1,
        feedback: Feedback | None = None,
        shadow_evaluation: ShadowEvaluation | None = None,
        *,
        is_local: bool = True,
    ) -> None:
        self._workers = workers
        self._is_local = is_local
        self._keys: KeyRing | None = None
        inbox = None if feedback is None else Inbox(feedback)
        self._context = GatewayContext(llm, metrics, inbox, shadow_evaluation)
        self._routes = route_table(self._context.dialects)
        self.streamed_paths = self._routes.streamed_paths
        self.switch_to(llm)

    def switch_to(self, llm: LLMInterface) -> None:
        """Answer requests from now on with this one, and by its settings."""
        self._context.llm = llm
        auth = llm.settings.auth
        shared, workers, before = llm.shared_state, self._workers, self._keys
        if shared is not None:
            shared.serves = True
        self._keys = KeyRing(auth, workers, before=before, shared=shared) if auth.api_keys else None
        access, has_keys = llm.settings.access, bool(auth.api_keys)
        self._cors = CorsPolicy(access, has_keys=has_keys, is_local=self._is_local)
        self._changes = ChangePolicy(access, has_keys=has_keys, is_local=self._is_local)

    def leave(self) -> None:
        """Answer on, but tell who asks that this gateway is no longer ready."""
        self._context.is_leaving = True

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
        route = self._routes.find(request)
        kind = request.headers.get("content-type", "")
        if "charset" in kind.lower():
            request = request._replace(body=in_utf8(request.body, kind))
        key = None
        if self._keys is not None and not route.is_open:
            key = self._keys.find(request.headers)
            if route.is_routed or route.changes_models:
                await self._keys.spend(key)
            request = request._replace(
                client=key.name, allowed_tiers=key.tiers, cache_scope=key.cache_scope
            )
        if route.changes_models:
            is_any_page = self._cors.is_any_page(request)
            self._changes.check(request, key, is_any_page=is_any_page)
        return await route.endpoint(self._context, request)

    def _dialect_of(self, request: HttpRequest) -> ClientDialect:
        """The client's, by the header that it sends wherever it asks, or else its path's."""
        for dialect in self._context.dialects.values():
            if dialect.api.header and dialect.api.header in request.headers:
                return dialect
        return self._context.dialects[self._routes.dialect_of(request.path)]

    def _readable(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The response with what lets the page that asked read it."""
        if "origin" not in request.headers:
            return response
        more = self._cors.headers(request)
        return response._replace(headers={**more, **response.headers})

    def refusal(self, request: HttpRequest, error: GearshiftError) -> HttpResponse:
        """The response that reports an error."""
        dialect = self._dialect_of(request)
        try:
            status, headers, body = dialect.write_error(error)
        except Exception as bug:  # noqa: BLE001 - the edge: nobody waits for a dialect that fails
            dialect = self._context.dialects[OWN_DIALECT]
            status, headers, body = dialect.write_error(log_internal_error(bug, "telling an error"))
        # One that is ended because we stop had its decision, and is counted with it.
        if isinstance(error, RequestError) and error.code != "stopping":
            self._context.metrics.refused(dialect.name, status)
        response = HttpResponse(status, {"content-type": dialect.content_type, **headers}, body)
        return self._readable(request, response)
