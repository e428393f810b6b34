"""The `opentelemetry:` block of the settings: where spans and metrics are sent."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, PlainSerializer, field_validator

from gearshift.config_file.messages import fault, redacted
from gearshift.config_file.model import SettingsModel, empty_is_none


def _collector(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise fault("", f"{redacted(text)!r} is not a URL", "such as http://127.0.0.1:4318")
    return text


_Endpoint = Annotated[
    str,
    AfterValidator(_collector),
    PlainSerializer(redacted, return_type=str, when_used="json-unless-none"),
]


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
