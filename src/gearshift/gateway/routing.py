"""Which route a request takes: by method and path, as liberally as base URLs are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.http.values import HttpRequest, HttpResponse

Endpoint = Callable[[GatewayContext, HttpRequest], Awaitable[HttpResponse]]


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


class RouteTable:
    """Finds the route of a request.

    Args:
        routes: All there are.
        unavailable: Paths that clients may look for and that this version does not have.
    """

    def __init__(self, routes: Iterable[Route], unavailable: frozenset[str] = frozenset()) -> None:
        self._unavailable = unavailable
        self._table: dict[str, dict[str, Route]] = {}
        for entry in routes:
            self._table.setdefault(entry.path, {})[entry.method] = entry

    def find(self, request: HttpRequest) -> Route:
        """The route of a request.

        Raises:
            RequestError: 404 where nothing is at its path, 405 where another method is needed.
        """
        path = request.path
        exact = self._table.get(path)
        if exact is not None and request.method in exact:
            return exact[request.method]
        path = normal_path(path)
        methods = self._table.get(path) or self._below(path)
        if path in self._unavailable:
            raise RequestError(
                f"{path} is not available in this version of gearshift",
                status=404,
                code="not_available",
            )
        if methods is None:
            raise RequestError(
                f"not found: {request.path[:200]!r}; see /v1/models, /api/tags",
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


def normal_path(path: str) -> str:
    """The path without doubled or trailing slashes, which base URLs bring in."""
    parts = [part for part in path.split("/") if part]
    return "/" + "/".join(parts)
