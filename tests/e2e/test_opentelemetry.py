"""Spans and metrics of a real gateway, as a collector receives them."""

import json
import urllib.request

from tests.e2e.conftest import serving_models
from tests.fakes.collector import Collector, values

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
PROMPT = "What is the capital of Norway?"


def ask(gateway, **headers):
    body = {"model": "auto", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 5}
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
        return answer.headers["x-gearshift-decision-id"]


def test_a_request_is_a_span_under_its_clients_and_prompts_stay_here(tmp_path):
    with Collector() as collector:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "mine"}
        with serving_models(tmp_path, **variables) as gateway:
            decision = ask(gateway, traceparent=PARENT)
            ask(gateway)
        first, second = sorted(collector.spans, key=lambda span: span.start_time_unix_nano)
        found = values(first.attributes)
        assert first.name == "chat gemma2:2b"
        assert (first.trace_id.hex(), first.parent_span_id.hex()) == (TRACE, "00f067aa0ba902b7")
        assert second.parent_span_id == b""
        assert 0 < first.end_time_unix_nano - first.start_time_unix_nano < 60e9
        assert [event.name for event in first.events] == ["gearshift.first_token"]
        assert found["gearshift.decision.id"] == decision
        assert found["gen_ai.operation.name"] == "chat"
        assert found["gen_ai.usage.output_tokens"] == 5
        assert (found["gearshift.tier"], found["gearshift.cause"]) == ("simple", "scored")
        assert "error.type" not in found
        assert PROMPT not in str(collector.spans)
        assert collector.resources[0]["service.name"] == "mine"
        tokens = collector.metrics["gen_ai.client.token.usage"].histogram.data_points
        kinds = {values(point.attributes)["gen_ai.token.type"]: point for point in tokens}
        assert kinds["output"].sum == 10
        assert collector.metrics["gen_ai.client.operation.duration"].unit == "s"
        assert collector.metrics["gen_ai.server.time_to_first_token"].histogram.data_points


def test_content_is_sent_only_where_a_setting_says_so(tmp_path):
    with Collector() as collector:
        config = tmp_path / "config.json"
        said = {"endpoint": collector.url, "content": True, "metrics": False}
        config.write_text(json.dumps({"opentelemetry": said}))
        with serving_models(tmp_path, f"--config={config}") as gateway:
            ask(gateway)
        assert PROMPT in values(collector.spans[0].attributes)["gen_ai.input.messages"]
        assert not collector.metrics


def test_a_collector_that_is_away_hinders_nobody(tmp_path):
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    with serving_models(tmp_path, **variables) as gateway:
        for _ in range(20):
            ask(gateway)
    assert gateway.process.returncode == 0
