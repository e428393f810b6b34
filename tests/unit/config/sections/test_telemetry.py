"""Where spans and metrics may be sent."""

import json

import pytest
from pydantic import ValidationError

from gearshift.config.sections.telemetry import OpenTelemetrySettings


def test_nothing_is_sent_anywhere_by_default_and_messages_never():
    settings = OpenTelemetrySettings()
    assert (settings.endpoint, settings.traces, settings.metrics) == (None, True, True)
    assert settings.content is False


@pytest.mark.parametrize("url", ["http://127.0.0.1:4318", "https://otel.example.org/x"])
def test_a_collector_is_an_address(url):
    assert OpenTelemetrySettings(endpoint=url).endpoint == url


@pytest.mark.parametrize("url", ["127.0.0.1:4318", "grpc://h:4317", "http://", "h", "file:///x"])
def test_what_is_none_is_refused_with_an_example(url):
    with pytest.raises(ValidationError, match=r"is not a URL.*\n?") as caught:
        OpenTelemetrySettings(endpoint=url)
    (found,) = caught.value.errors()
    assert found["loc"] == ("endpoint",)
    assert repr(url) in found["msg"]


def test_empty_is_as_good_as_nothing():
    assert OpenTelemetrySettings.model_validate({"endpoint": ""}).endpoint is None


def test_a_password_in_the_address_is_neither_shown_nor_repeated():
    settings = OpenTelemetrySettings(endpoint="http://u:hunter2@h:4318")
    assert "hunter2" not in settings.model_dump_json()
    assert json.loads(settings.model_dump_json())["endpoint"].endswith("@h:4318")
    assert settings.endpoint == "http://u:hunter2@h:4318"
    with pytest.raises(ValidationError) as caught:
        OpenTelemetrySettings(endpoint="grpc://u:hunter2@h")
    assert "hunter2" not in caught.value.errors()[0]["msg"]
