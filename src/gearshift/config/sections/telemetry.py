"""The `opentelemetry:` block of the settings: where spans and metrics are sent."""

from __future__ import annotations

from typing import Annotated

from pydantic import field_validator

from gearshift.config_file.model import Redacted, SettingsModel, empty_is_none
from gearshift.config_file.urls import is_http_url

_Endpoint = Annotated[str, is_http_url("http://127.0.0.1:4318"), Redacted]


class OpenTelemetrySettings(SettingsModel):
    """What is sent by OTLP over HTTP, and where to.

    Attributes:
        endpoint: The collector, without `/v1/traces`; none: `OTEL_EXPORTER_OTLP_ENDPOINT`, and
            nothing is sent where that is not set either.
        traces: Send a span for each request.
        metrics: Send metrics.
        content: Send the messages of requests with the spans.
    """

    endpoint: _Endpoint | None = None
    traces: bool = True
    metrics: bool = True
    content: bool = False

    _may_be_empty = field_validator("endpoint", mode="before")(empty_is_none)
