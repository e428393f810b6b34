"""Every route of the data plane: what client dialects bring, and gearshift's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from gearshift import registry
from gearshift.dialects.base import ClientDialect
from gearshift.dialects.client_api import ClientRoute, Entry
from gearshift.dialects.embedding_format import ClientEmbeddings
from gearshift.dialects.schema import TEXT, ref
from gearshift.errors import PluginError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.endpoints import chat, embeddings, feedback, health, metrics, route
from gearshift.gateway.openapi import document
from gearshift.gateway.routing import Endpoint, Route, RouteTable, normal_path
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import EMBEDDING_OPERATIONS, Operation

_JSON: Final = "application/json"
_DECISION: Final = Entry(
    "Return the decision for a chat; nothing is sent upstream",
    {_JSON: ref("Decision")},
    "ChatCompletionRequest",
    (404,),
    is_routed=True,
)
_FEEDBACK: Final = Entry(
    "Report whether an answer was good",
    {_JSON: ref("Feedback")},
    "Feedback",
    (404, 503),
    status=202,
)
_LIVE: Final = Entry("Whether the process answers", {_JSON: ref("Live")})
_READY: Final = Entry(
    "Whether every tier can answer",
    {_JSON: ref("Readiness")},
    also={503: "Some tier cannot answer"},
)
_METRICS: Final = Entry("Metrics for Prometheus", {"text/plain": TEXT})
_DOCUMENT: Final = Entry("This document", {_JSON: {"type": "object"}})

_OWN: Final[tuple[Route, ...]] = (
    Route("POST", "/v1/route", route.decision, _DECISION, is_routed=True),
    Route("POST", "/v1/feedback", feedback.give, _FEEDBACK, is_routed=True),
    Route("GET", "/health/live", health.live, _LIVE, is_open=True),
    Route("GET", "/health/liveliness", health.live, _LIVE, is_open=True),
    Route("GET", "/health/ready", health.ready, _READY, is_open=True),
    Route("GET", "/health/readiness", health.ready, _READY, is_open=True),
    Route("GET", "/metrics", metrics.exposition, _METRICS),
)


def route_table(dialects: Mapping[str, ClientDialect]) -> RouteTable:
    """What finds the route of a request.

    Raises:
        PluginError: Two dialects want the same route or prefix, or use one name for different
            schemas, or one has a route that no request can take.
    """
    document.schemas(dialects)  # names for two things are told now, not when somebody asks
    apis = [dialect.api for dialect in dialects.values()]
    return RouteTable(
        all_routes(dialects),
        {path: advice for api in apis for path, advice in api.unavailable.items()},
        _prefixes(dialects),
        [api.models_path for api in apis if api.models_path],
    )


def all_routes(dialects: Mapping[str, ClientDialect]) -> tuple[Route, ...]:
    """The routes of all dialects in their order, then gearshift's own.

    Raises:
        PluginError: A dialect has a route that no request can take, or names an endpoint that is
            not there.
    """

    @cache
    def described() -> HttpResponse:
        return document.response(routes, dialects)

    async def endpoint(context: GatewayContext, received: HttpRequest) -> HttpResponse:
        return described()

    brought = [_mounted(d, each) for d in dialects.values() for each in d.api.routes]
    own = Route("GET", "/openapi.json", endpoint, _DOCUMENT, is_open=True)
    routes = (*brought, *_OWN, own)
    return routes


def _prefixes(dialects: Mapping[str, ClientDialect]) -> dict[str, str]:
    claimed: dict[str, str] = {}
    for name, dialect in dialects.items():
        for prefix in dialect.api.prefixes:
            if (other := claimed.setdefault(prefix, name)) != name:
                raise PluginError(
                    f"the dialects {other!r} and {name!r} both claim the paths below {prefix}; "
                    "remove one of them"
                )
    return claimed


def _mounted(dialect: ClientDialect, brought: ClientRoute) -> Route:
    if brought.method != brought.method.upper() or brought.path != normal_path(brought.path):
        raise PluginError(
            f"dialect {dialect.name!r}: no request can match the route {brought.method} "
            f"{brought.path!r}; write the method in capitals, and a path that begins with a slash, "
            "does not end with one, and contains no double slash"
        )
    is_routed = isinstance(brought.answers, Operation)
    return Route(
        brought.method,
        brought.path,
        _endpoint(dialect, brought),
        brought.entry,
        dialect.name,
        brought.is_open,
        is_routed,
        brought.changes_models,
        brought.streams_body,
    )


def _embeddings(dialect: ClientDialect, brought: ClientRoute) -> ClientEmbeddings:
    found: ClientEmbeddings | None = getattr(dialect, "embeddings", None)
    if found is None:
        raise PluginError(
            f"dialect {dialect.name!r}: {brought.method} {brought.path} asks for embeddings, but "
            "the dialect has no attribute 'embeddings'; see gearshift.dialects.embedding_format"
        )
    return found


def _endpoint(dialect: ClientDialect, brought: ClientRoute) -> Endpoint:
    try:
        if not isinstance(brought.answers, Operation):
            endpoint: Endpoint = registry.load(brought.answers)
            return endpoint
        if brought.answers in EMBEDDING_OPERATIONS:
            return embeddings.endpoint(brought.answers, dialect.name, _embeddings(dialect, brought))
        load = registry.load(dialect.api.load) if dialect.api.load else None
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"dialect {dialect.name!r}: what should answer {brought.method} {brought.path} "
            f"is not there: {error}"
        ) from error
    return chat.endpoint(brought.answers, dialect.name, load)
