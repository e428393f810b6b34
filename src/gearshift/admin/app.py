"""The admin plane, on a port of its own: health, metrics and the effective configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import orjson

from gearshift.errors import GearshiftError, RequestError
from gearshift.http.defects import defect
from gearshift.http.readiness import readiness
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics

_JSON: Final = {"content-type": "application/json"}
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class AdminPlane:
    """Answers operators, never clients.

    Args:
        llm: Whose state is shown.
        metrics: Shown at `/metrics`.
        host: Where it listens; requests that name another host are refused, so that no web
            page can reach it by a name of its own (DNS rebinding).
    """

    def __init__(self, llm: LLMInterface, metrics: Metrics, host: str) -> None:
        self.adopt(llm)
        self._metrics = metrics
        self._names = _LOCAL_NAMES | {host}
        self._pages: dict[str, Callable[[], HttpResponse]] = {
            "/": self._index,
            "/health/live": lambda: HttpResponse(200, _JSON, b'{"status":"live"}'),
            "/health/ready": lambda: readiness(self._llm),
            "/metrics": self._exposition,
            "/admin/api/tiered-routing/config": self._config,
        }

    def adopt(self, llm: LLMInterface) -> None:
        """Show this one from now on."""
        self._llm = llm

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        try:
            self._check_origin(request)
            page = self._pages.get(request.path)
            if page is None:
                raise RequestError("there is nothing here; see /", status=404)
            if request.method not in ("GET", "HEAD"):
                allow = {"Allow": "GET"}
                raise RequestError("only GET is possible here", status=405, headers=allow)
            return page()
        except GearshiftError as error:
            return self.refusal(request, error)
        except Exception as error:  # noqa: BLE001 - the edge: the process must go on
            return self.refusal(request, defect(error, "answering an operator"))

    def refusal(self, request: HttpRequest, error: GearshiftError) -> HttpResponse:
        """The response that reports an error."""
        status = error.status if isinstance(error, RequestError) else 500
        headers = error.headers if isinstance(error, RequestError) else {}
        return HttpResponse(
            status, {**_JSON, **headers}, orjson.dumps({"error": {"message": str(error)}})
        )

    def _check_origin(self, request: HttpRequest) -> None:
        for header in ("host", "origin"):
            given = request.headers.get(header)
            if given is None:
                continue
            if _host_name(given) not in self._names:
                raise RequestError(f"{header} {given[:100]!r} is not this server", status=403)

    def _index(self) -> HttpResponse:
        return HttpResponse(200, _JSON, orjson.dumps({"gearshift": "admin", "see": [*self._pages]}))

    def _exposition(self) -> HttpResponse:
        content_type, text = self._metrics.exposition()
        return HttpResponse(200, {"content-type": content_type}, text)

    def _config(self) -> HttpResponse:
        routing = self._llm.settings.tiered_routing.model_dump(mode="json")
        return HttpResponse(200, _JSON, orjson.dumps(routing))


def _host_name(given: str) -> str | None:
    """The name in a `Host` or `Origin`, or `None` if there is none to be read."""
    try:
        return urlsplit(given if "://" in given else f"//{given}").hostname
    except ValueError:
        return None
