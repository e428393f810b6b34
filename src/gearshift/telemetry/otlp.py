"""OpenTelemetry: finished requests as spans and metrics, sent by OTLP over HTTP.

Names follow the GenAI semantic conventions (status: development); what they do not know has the
prefix `gearshift.`. Nothing of it happens on the request path: events wait for a thread, which
makes spans of them with the times that they had.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.extras import extra
from gearshift.telemetry.events import RequestFinished

if TYPE_CHECKING:  # an extra, imported where it is wanted
    from opentelemetry.context import Context
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger(__name__)

ENDPOINT_VARIABLES: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
_MOST_WAITING: Final = 20_000
_PAUSE_SECONDS: Final = 0.5
_TIMEOUT_SECONDS: Final = 5.0
_NANO: Final = 1_000_000_000
# Buckets as the conventions recommend them.
_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96)
_TOKENS: Final = tuple(float(4**power) for power in range(14))

Attributes = dict[str, str | int | float | bool]


class OpenTelemetry:
    """Takes finished requests; `observe` is a sink of a `Batch`.

    Args:
        endpoint: Where the collector listens, without `/v1/traces`; `None`: as the
            environment's `OTEL_EXPORTER_OTLP_…` say.
        traces: Send spans.
        metrics: Send metrics.
        with_content: Send the messages of requests, too.

    Raises:
        MissingExtraError: `otel` is not installed.
    """

    def __init__(
        self, endpoint: str | None, *, traces: bool, metrics: bool, with_content: bool
    ) -> None:
        self._with_content = with_content
        self._waiting: deque[RequestFinished] = deque(maxlen=_MOST_WAITING)
        self._ends = threading.Event()
        self._said: set[type[Exception]] = set()
        resource = _resource()
        self._spans = _tracer_provider(resource, endpoint) if traces else None
        self._meters = _meter_provider(resource, endpoint) if metrics else None
        self._measure = None if self._meters is None else _measurer(self._meters)
        self._thread = threading.Thread(target=self._run, name="otlp", daemon=True)

    def start(self) -> None:
        """Send from now on."""
        self._thread.start()

    def observe(self, events: Sequence[RequestFinished]) -> None:
        """Take finished requests; the oldest are let go where too many wait."""
        if not self._with_content:
            events = [event._replace(messages=(), prompt=None) for event in events]
        self._waiting.extend(events)

    def close(self) -> None:
        """Send what waits, for some seconds at most."""
        self._ends.set()
        if self._thread.ident is not None:
            self._thread.join(2 * _TIMEOUT_SECONDS)
        for provider in (self._spans, self._meters):
            if provider is not None:
                provider.shutdown()

    def _run(self) -> None:
        while not self._ends.wait(_PAUSE_SECONDS):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while self._waiting:
            try:
                self._send(self._waiting.popleft())
            except Exception as error:  # one that makes no span must not end those that follow
                if type(error) not in self._said:
                    self._said.add(type(error))
                    logger.exception("a request cannot be reported to OpenTelemetry; logged once")

    def _send(self, event: RequestFinished) -> None:
        if self._spans is not None:
            self._span(self._spans, event)
        if self._measure is not None:
            self._measure(event)

    def _span(self, provider: TracerProvider, event: RequestFinished) -> None:
        with extra("otel", "OpenTelemetry"):
            from opentelemetry.trace import SpanKind, Status, StatusCode

        began = int(event.decision.time * _NANO)
        span = provider.get_tracer("gearshift").start_span(
            f"{_operation(event)} {event.decision.model}",
            context=_parent(event.trace_parent),
            kind=SpanKind.CLIENT,
            start_time=began,
            attributes=_attributes(event),
        )
        if self._with_content:
            span.set_attribute("gen_ai.input.messages", _text(event.messages))
        if event.first_token_seconds is not None:
            span.add_event(
                "gearshift.first_token", timestamp=began + int(event.first_token_seconds * _NANO)
            )
        if event.status >= 500:
            span.set_status(Status(StatusCode.ERROR, event.fault))
        span.end(began + int(event.duration_seconds * _NANO))


def is_wanted(endpoint: str | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody has said where to send to."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return bool(endpoint) or any(environ.get(name) for name in ENDPOINT_VARIABLES)


def _attributes(event: RequestFinished) -> Attributes:
    decision = event.decision
    attributes: dict[str, Any] = {
        **_common(event),
        "gearshift.decision.id": decision.id,
        "gearshift.scorer": decision.scorer,
        "gearshift.score": decision.score,
        "gearshift.threshold": decision.threshold,
        "gearshift.reason": decision.reason,
        "gearshift.fallback": decision.fallback,
        "gearshift.upstream": decision.upstream,
        "gearshift.client": event.client,
        "gearshift.dialect": event.dialect,
        "gearshift.streamed": event.streamed,
        "gearshift.failed_attempts": len(event.attempts),
        "gearshift.overhead_seconds": event.overhead_seconds,
        "gearshift.scoring_seconds": event.scoring_seconds,
        "gearshift.load_seconds": event.load_seconds,
        "http.response.status_code": event.status,
    }
    if event.saved is not None:
        attributes["gearshift.cache.saved_input_tokens"] = event.saved.prompt_tokens
        attributes["gearshift.cache.saved_output_tokens"] = event.saved.completion_tokens
    if event.usage is not None:
        attributes["gen_ai.usage.input_tokens"] = event.usage.prompt_tokens
        attributes["gen_ai.usage.output_tokens"] = event.usage.completion_tokens
        attributes["gen_ai.usage.cache_read.input_tokens"] = event.usage.cached_tokens
    return {name: value for name, value in attributes.items() if value is not None}


def _common(event: RequestFinished) -> Attributes:
    """What spans and metrics have: few values, and never words of a user."""
    decision = event.decision
    attributes: Attributes = {
        "gen_ai.operation.name": _operation(event),
        "gen_ai.provider.name": decision.provider,
        "gen_ai.response.model": decision.model,
        "gearshift.tier": decision.tier,
        "gearshift.cause": decision.cause.value,
    }
    if event.cache is not None:
        attributes["gearshift.cache"] = event.cache.result.value
    if event.status >= 400:
        attributes["error.type"] = event.fault or str(event.status)
    return attributes


def _operation(event: RequestFinished) -> str:
    return "embeddings" if event.decision.tier == EMBEDDINGS else "chat"


def _parent(header: str | None) -> Context | None:
    """The span that a client's `traceparent` names."""
    if header is None:
        return None
    with extra("otel", "OpenTelemetry"):
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": header})


def _text(messages: Sequence[Any]) -> str:
    try:
        return orjson.dumps(list(messages), default=str).decode()
    except TypeError:  # half of a character, which JSON can only write as an escape
        return json.dumps(list(messages), default=str)


def _resource() -> Resource:
    with extra("otel", "OpenTelemetry"):
        from opentelemetry.sdk.resources import Resource

    # The environment's OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count before these.
    own = {"service.name": "gearshift", "service.instance.id": str(os.getpid())}
    resource = Resource.create()
    named = {
        k: v for k, v in resource.attributes.items() if not str(v).startswith("unknown_service")
    }
    return Resource({**resource.attributes, **own, **named})


def _tracer_provider(resource: Resource, endpoint: str | None) -> TracerProvider:
    with extra("otel", "OpenTelemetry"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(_at(endpoint, "traces"), timeout=_TIMEOUT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _meter_provider(resource: Resource, endpoint: str | None) -> MeterProvider:
    with extra("otel", "OpenTelemetry"):
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    exporter = OTLPMetricExporter(_at(endpoint, "metrics"), timeout=_TIMEOUT_SECONDS)
    reader = PeriodicExportingMetricReader(exporter)
    return MeterProvider([reader], resource=resource, shutdown_on_exit=False)


def _at(endpoint: str | None, signal: str) -> str | None:
    return None if endpoint is None else f"{endpoint.rstrip('/')}/v1/{signal}"


def _measurer(provider: MeterProvider) -> Callable[[RequestFinished], None]:
    meter = provider.get_meter("gearshift")

    def histogram(name: str, unit: str, buckets: Sequence[float], text: str) -> Any:
        return meter.create_histogram(
            name, unit, text, explicit_bucket_boundaries_advisory=list(buckets)
        )

    duration = histogram("gen_ai.client.operation.duration", "s", _SECONDS, "Time of a request")
    first = histogram("gen_ai.server.time_to_first_token", "s", _SECONDS, "Time to first content")
    tokens = histogram("gen_ai.client.token.usage", "{token}", _TOKENS, "Tokens of a request")

    def measure(event: RequestFinished) -> None:
        labels = _common(event)
        duration.record(event.duration_seconds, labels)
        if event.first_token_seconds is not None:
            first.record(event.first_token_seconds, labels)
        if event.usage is not None:
            tokens.record(event.usage.prompt_tokens, {**labels, "gen_ai.token.type": "input"})
            tokens.record(event.usage.completion_tokens, {**labels, "gen_ai.token.type": "output"})

    return measure
