"""Finished requests become spans and metrics with the times that they had, and no more words."""

import logging
import time
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.fakes.finished import finished

from gearshift.telemetry import otlp
from gearshift.telemetry.otlp import OpenTelemetry, is_wanted
from gearshift.types import Cause

NANO = 1_000_000_000


class Sent:
    """What was sent."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()

    def spans_to(self, resource, endpoint):
        self.resource, self.endpoint = resource, endpoint
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        return provider

    def metrics_to(self, resource, endpoint):
        self.meters = MeterProvider([self.reader], resource=resource, shutdown_on_exit=False)
        return self.meters

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def points(self):
        data = self.reader.get_metrics_data()
        metrics = data.resource_metrics[0].scope_metrics[0].metrics if data else ()
        return {metric.name: list(metric.data.data_points) for metric in metrics}


@pytest.fixture
def sent(monkeypatch):
    sent = Sent()
    monkeypatch.setattr(otlp, "_tracer_provider", sent.spans_to)
    monkeypatch.setattr(otlp, "_meter_provider", sent.metrics_to)
    monkeypatch.setattr(otlp, "_PAUSE_SECONDS", 60)  # only what closing sends is looked at
    return sent


def told(*events, traces=True, metrics=False, content=False):
    telemetry = OpenTelemetry("http://c", traces=traces, metrics=metrics, with_content=content)
    telemetry.start()
    telemetry.observe(events)
    telemetry.close()


def test_a_span_has_the_times_of_its_request(sent):
    event = finished(time=1000.0, seconds=2.0)
    told(event)
    (span,) = sent.spans
    assert (span.name, span.kind) == ("chat gemma2:2b", SpanKind.CLIENT)
    assert (span.start_time, span.end_time) == (1000 * NANO, 1002 * NANO)
    (first,) = span.events
    assert (first.name, first.timestamp) == ("gearshift.first_token", 1001 * NANO)
    assert span.status.status_code is StatusCode.UNSET


def test_it_says_how_it_was_routed_and_what_it_took(sent):
    told(finished(cause=Cause.FALLBACK, fallback="simple->complex", client="app"))
    attributes = sent.spans[0].attributes
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gemma2:2b",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gearshift.tier": "simple",
        "gearshift.cause": "fallback",
        "gearshift.fallback": "simple->complex",
        "gearshift.score": 2.5,
        "gearshift.threshold": 3.0,
        "gearshift.client": "app",
        "gearshift.upstream": "local",
        "http.response.status_code": 200,
    }
    assert {name: attributes.get(name) for name in expected} == expected
    assert "error.type" not in attributes


def test_what_is_not_known_is_left_out(sent, caplog):
    told(finished(usage=None, first_token_seconds=None), metrics=True)
    attributes = sent.spans[0].attributes
    assert not any(name.startswith("gen_ai.usage") for name in attributes)
    assert "gearshift.fallback" not in attributes
    assert "gearshift.client" not in attributes
    assert sent.spans[0].events == ()
    assert caplog.text == ""  # an attribute without a value makes the library complain


@pytest.mark.parametrize(
    ("status", "fault", "code", "kind"),
    [
        (502, "unreachable", StatusCode.ERROR, "unreachable"),
        (500, "", StatusCode.ERROR, "500"),
        (499, "", StatusCode.UNSET, "499"),
        (400, "rejected", StatusCode.UNSET, "rejected"),
    ],
)
def test_a_failure_of_ours_is_an_error_and_a_clients_is_not(sent, status, fault, code, kind):
    told(finished(status=status, fault=fault))
    assert sent.spans[0].status.status_code is code
    assert sent.spans[0].attributes["error.type"] == kind


@pytest.mark.parametrize("content", [False, True])
def test_words_of_users_are_sent_only_where_that_is_wanted(sent, content):
    told(finished(prompt="my secret words"), metrics=True, content=content)
    assert ("my secret words" in sent.spans[0].to_json()) is content
    assert "secret" not in str(sent.points())


def test_words_that_are_no_unicode_are_sent_all_the_same(sent):
    told(finished(prompt=b"\xff"), finished(prompt="\ud800"), finished(), content=True)
    assert len(sent.spans) == 3


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "is_child"),
    [(f"00-{TRACE}-{SPAN}-01", True), (None, False), ("nonsense", False), ("", False)],
)
def test_a_span_belongs_to_the_clients_trace(sent, header, is_child):
    told(finished(trace_parent=header))
    (span,) = sent.spans
    assert (f"{span.context.trace_id:032x}" == TRACE) is is_child
    assert (span.parent is not None) is is_child
    if is_child:
        assert f"{span.parent.span_id:016x}" == SPAN


def test_metrics_have_seconds_and_both_kinds_of_tokens(sent):
    told(finished(seconds=2.0), finished("complex", seconds=4.0), traces=False, metrics=True)
    points = sent.points()
    assert sent.spans == ()
    duration = {
        p.attributes["gearshift.tier"]: p for p in points["gen_ai.client.operation.duration"]
    }
    assert {tier: p.sum for tier, p in duration.items()} == {"simple": 2.0, "complex": 4.0}
    assert [p.sum for p in points["gen_ai.server.time_to_first_token"]] == [1.0, 2.0]
    tokens = points["gen_ai.client.token.usage"]
    assert sorted((p.attributes["gen_ai.token.type"], p.sum) for p in tokens) == [
        ("input", 100), ("input", 100), ("output", 50), ("output", 50),
    ]  # fmt: skip
    assert duration["simple"].explicit_bounds == otlp._SECONDS
    assert tokens[0].explicit_bounds == otlp._TOKENS


def test_labels_of_metrics_have_few_values(sent):
    told(finished(client="app", status=502, fault="reset"), traces=False, metrics=True)
    (point,) = sent.points()["gen_ai.client.operation.duration"]
    assert set(point.attributes) == {
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.response.model",
        "gearshift.tier", "gearshift.cause", "error.type",
    }  # fmt: skip


def test_one_request_that_makes_no_span_does_not_end_the_others_and_is_told_once(sent, caplog):
    nothing: Any = None
    broken = finished()._replace(decision=nothing)
    with caplog.at_level(logging.ERROR):
        told(broken, finished(), broken, finished())
    assert len(sent.spans) == 2
    assert len([r for r in caplog.records if "reported to OpenTelemetry" in r.message]) == 1


def test_of_too_many_that_wait_the_oldest_go(sent, monkeypatch):
    monkeypatch.setattr(otlp, "_MOST_WAITING", 2)
    told(*(finished(time=float(n)) for n in range(5)))
    assert [span.start_time // NANO for span in sent.spans] == [3, 4]


def test_it_sends_while_it_runs(sent, monkeypatch):
    monkeypatch.setattr(otlp, "_PAUSE_SECONDS", 0)
    telemetry = OpenTelemetry(None, traces=True, metrics=False, with_content=False)
    telemetry.start()
    telemetry.observe([finished()])
    until = time.monotonic() + 10
    while not sent.spans and time.monotonic() < until:
        time.sleep(0.001)
    assert len(sent.spans) == 1
    telemetry.close()
    assert not telemetry._thread.is_alive()


def test_one_that_was_never_started_can_be_closed(sent):
    OpenTelemetry(None, traces=True, metrics=True, with_content=False).close()


def test_closing_ends_the_exporters(sent, caplog):
    told(finished(), metrics=True)
    assert sent.exporter._stopped
    assert sent.meters._shutdown


@pytest.mark.parametrize(
    ("endpoint", "environ", "expected"),
    [
        (None, {}, False),
        ("", {}, False),
        ("http://c", {}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, True),
        (None, {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c"}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ("http://c", {"OTEL_SDK_DISABLED": "TRUE"}, False),
        ("http://c", {"OTEL_SDK_DISABLED": "false"}, True),
    ],
)
def test_it_runs_where_somebody_has_said_where_to(endpoint, environ, expected):
    assert is_wanted(endpoint, environ) is expected


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [("http://c:4318", "http://c:4318/v1/traces"), ("http://c/x/", "http://c/x/v1/traces")],
)
def test_each_signal_has_a_path_of_its_own(endpoint, url):
    assert otlp._at(endpoint, "traces") == url


def test_the_environment_names_the_service_before_we_do(monkeypatch):
    assert otlp._resource().attributes["service.name"] == "gearshift"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    assert otlp._resource().attributes["service.name"] == "mine"


def test_embeddings_are_an_operation_of_their_own(sent):
    told(finished("embeddings"))
    assert sent.spans[0].attributes["gen_ai.operation.name"] == "embeddings"
    assert sent.spans[0].name == "embeddings embeddings"  # the operation and the model
