"""The admin plane, on a port of its own: the dashboard, its API, health and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import orjson

from gearshift.admin import pages
from gearshift.admin.access import Access
from gearshift.admin.charts import CHARTS
from gearshift.admin.context import AdminContext, query_of
from gearshift.admin.openapi import document
from gearshift.admin.views import ACTIONS, VIEWS, Action, View
from gearshift.errors import GearshiftError, RequestError
from gearshift.gateway.readiness import readiness
from gearshift.http.server.internal_errors import log_internal_error
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics
from gearshift.types import JsonObject

_JSON: Final = {"content-type": "application/json", "x-content-type-options": "nosniff"}
_SAFE: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
_HTML: Final = {"content-type": "text/html; charset=utf-8", **_SAFE}
# A chart has its own style inside, and may have nothing else.
_SVG: Final = {
    **_SAFE,
    "content-type": "image/svg+xml",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
}
_CHARTS: Final = "/charts/"

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]


class AdminPlane:
    """Answers operators, never clients.

    Args:
        llm: Whose state is shown.
        metrics: Shown at `/metrics`.
        host: Where it listens.
        token: What its users must send; empty: nothing.

    Attributes:
        context: What its views may ask.
    """

    def __init__(self, llm: LLMInterface, metrics: Metrics, host: str, token: str = "") -> None:
        self.context = AdminContext(llm)
        self._metrics = metrics
        self._access = Access(host, token)
        self._answers: dict[tuple[str, str], Answer] = {
            ("GET", "/health/live"): self._live,
            ("GET", "/health/ready"): self._ready,
            ("GET", "/metrics"): self._exposition,
            ("GET", "/openapi.json"): self._document,
        }
        for view in VIEWS:
            self._answers["GET", view.path] = self._facts(view)
            if view.page:
                self._answers["GET", view.page] = self._page(view)
            for name in CHARTS.get(view.name, {}):
                self._answers["GET", f"{_CHARTS}{view.name}/{name}.svg"] = self._chart(view, name)
        for action in ACTIONS:
            self._answers["POST", action.path] = self._act(action)

    def switch_to(self, llm: LLMInterface) -> None:
        """Show this one from now on."""
        self.context.switch_to(llm)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        try:
            self._access.check(request)
            return await self._answer(request)
        except GearshiftError as error:
            return self.refusal(request, error)
        except Exception as error:  # noqa: BLE001 - the edge: the process must go on
            return self.refusal(request, log_internal_error(error, "answering an operator"))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else request.method
        answer = self._answers.get((method, request.path))
        if answer is not None:
            return await answer(request)
        asset = pages.static(request.path)
        if asset is not None and method == "GET":
            return HttpResponse(200, {**_SAFE, "content-type": asset[1]}, asset[0])
        others = [method_of_path for method_of_path, path in self._answers if path == request.path]
        if others or asset is not None:
            allow = ", ".join(others or ["GET"])
            raise RequestError(
                f"method not allowed; use {allow}", status=405, headers={"Allow": allow}
            )
        raise RequestError("not found; see /", status=404)

    def refusal(self, request: HttpRequest, error: GearshiftError) -> HttpResponse:
        """The response that reports an error."""
        details: JsonObject = {"message": str(error)}
        if isinstance(error, RequestError):
            details |= {"field": error.field, "code": error.code}
            headers = {**_JSON, **error.headers}
            return HttpResponse(error.status, headers, orjson.dumps({"error": details}))
        return HttpResponse(500, _JSON, orjson.dumps({"error": details}))

    def _facts(self, view: View) -> Answer:
        async def answer(request: HttpRequest) -> HttpResponse:
            return _json(await view.read(self.context, query_of(request.query)))

        return answer

    def _page(self, view: View) -> Answer:
        async def answer(request: HttpRequest) -> HttpResponse:
            query = query_of(request.query)
            try:
                facts = await view.read(self.context, query)
            except RequestError as error:
                return HttpResponse(error.status, _HTML, pages.trouble(view, str(error)))
            return HttpResponse(200, _HTML, pages.page(view, facts, query, request.query))

        return answer

    def _chart(self, view: View, name: str) -> Answer:
        async def answer(request: HttpRequest) -> HttpResponse:
            facts = await view.read(self.context, query_of(request.query))
            return HttpResponse(200, _SVG, CHARTS[view.name][name](facts))

        return answer

    def _act(self, action: Action) -> Answer:
        async def answer(request: HttpRequest) -> HttpResponse:
            try:
                body = orjson.loads(request.body or b"{}")
            except orjson.JSONDecodeError as error:
                raise RequestError(f"the body is not valid JSON: {error}") from error
            if not isinstance(body, dict):
                raise RequestError("the body must be an object")
            return _json(await action.act(self.context, body))

        return answer

    async def _live(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, _JSON, b'{"status":"live"}')

    async def _ready(self, request: HttpRequest) -> HttpResponse:
        return readiness(self.context.llm)

    async def _exposition(self, request: HttpRequest) -> HttpResponse:
        content_type, text = self._metrics.exposition()
        return HttpResponse(200, {"content-type": content_type}, text)

    async def _document(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, _JSON, document())


def _json(value: object) -> HttpResponse:
    headers = {**_JSON, "cache-control": "no-store"}
    return HttpResponse(200, headers, orjson.dumps(value, default=str))
