"""Which route a request takes: by method and path, as liberally as base URLs are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gearshift.dialects.client_api import Entry
from gearshift.errors import PluginError, RequestError
from gearshift.gateway.context import OWN_DIALECT, GatewayContext
from gearshift.http.values import HttpRequest, HttpResponse

Endpoint = Callable[[GatewayContext, HttpRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path.

    Attributes:
        entry: What the OpenAPI document says of it.
        dialect: In which its errors are told.
        is_open: Needs no API key.
        is_routed: Counts against the rate limit of the API key.
        changes_models: Likewise, and not everybody may.
        streams_body: Its requests come with their heads, and bodies of any size behind them.
    """

    method: str
    path: str
    endpoint: Endpoint
    entry: Entry
    dialect: str = OWN_DIALECT
    is_open: bool = False
    is_routed: bool = False
    changes_models: bool = False
    streams_body: bool = False


class RouteTable:
    """Finds the route of a request.

    Args:
        routes: All there are.
        unavailable: Paths that clients may look for and that this version does not have, and what
            to do instead; one that ends in `/*` stands for all below it that have no route.
        prefixes: Dialects, by what the paths begin with that are theirs even without a route.
        hints: Paths that show a lost client the way.

    Attributes:
        streamed_paths: What the paths begin with whose bodies are read as they come.

    Raises:
        PluginError: Two routes are the same.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        unavailable: Mapping[str, str] | None = None,
        prefixes: Mapping[str, str] | None = None,
        hints: Sequence[str] = (),
    ) -> None:
        self._table: dict[str, dict[str, Route]] = {}
        for entry in routes:
            methods = self._table.setdefault(entry.path, {})
            if (other := methods.setdefault(entry.method, entry)) is not entry:
                raise PluginError(
                    f"two routes for {entry.method} {entry.path}: of the dialects "
                    f"{other.dialect!r} and {entry.dialect!r}; remove one of them"
                )
        streamed = (path for path, methods in self._table.items() if _streams(methods))
        self.streamed_paths = tuple(path.removesuffix("*") for path in streamed)
        self._unavailable = unavailable or {}
        # The longest first, so that the nearest counts.
        self._prefixes = sorted((prefixes or {}).items(), key=lambda item: -len(item[0]))
        self._hints = "".join(("; see " if hints else "", ", ".join(hints)))

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
        if methods is None:
            self._check_available(path)
            raise RequestError(
                f"not found: {request.path[:200]!r}{self._hints}",
                status=404,
                code="unknown_route",
            )
        route = methods.get(request.method)
        if route is None and request.method == "HEAD":
            route = methods.get("GET")
        if route is None:
            allowed = ", ".join(methods)
            raise RequestError(
                f"{request.method} is not allowed here; use {allowed}",
                status=405,
                code="method_not_allowed",
                headers={"Allow": allowed},
            )
        return route

    def _check_available(self, path: str) -> None:
        for known, advice in self._unavailable.items():
            if path == known or (known.endswith("/*") and path.startswith(known[:-1])):
                raise RequestError(
                    f"{path[:200]} is not available in this version of gearshift; {advice}",
                    status=404,
                    code="not_available",
                )

    def dialect_of(self, path: str) -> str:
        """The dialect in which a request for `path` is refused, whether it is there or not."""
        path = normal_path(path)
        methods = self._table.get(path) or self._below(path)
        if methods is not None:
            return next(iter(methods.values())).dialect
        claimed = (name for prefix, name in self._prefixes if path.startswith(prefix))
        return next(claimed, OWN_DIALECT)

    def _below(self, path: str) -> Mapping[str, Route] | None:
        """Routes that end in `*`, such as `/v1/models/*`: names may hold slashes."""
        for pattern, methods in self._table.items():
            if pattern.endswith("/*") and path.startswith(pattern[:-1]) and path != pattern[:-1]:
                return methods
        return None


def _streams(methods: Mapping[str, Route]) -> bool:
    return any(route.streams_body for route in methods.values())


def normal_path(path: str) -> str:
    """The path without doubled or trailing slashes, which base URLs bring in."""
    parts = [part for part in path.split("/") if part]
    return "/" + "/".join(parts)
