"""A gateway in this process: what it is put together from, and what it leaves behind."""

import asyncio
import json
import socket
from typing import Any

import pytest
from tests.fakes import provider as fake

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.http.server.server import HttpServer
from gearshift.interface import LLMInterface
from gearshift.serving import run
from gearshift.serving.limits import http_limits
from gearshift.serving.run import decision_log, limit, model_states, running_gateway
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.gauges import ModelState
from gearshift.telemetry.metrics import Metrics

ACCOUNTING = Accounting(lambda *_: None, lambda: ("", "big"))
UPSTREAM = {
    "name": "here",
    "provider": "openai",
    "base_url": "http://127.0.0.1:9/v1",
    "models": ["gemma2:2b", "mistral:7b-instruct"],
}


@pytest.fixture(autouse=True)
def _echoes(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)


def settings(**blocks):
    return Settings.model_validate({"upstreams": [UPSTREAM], **blocks})


@pytest.fixture
def listener():
    made = socket.create_server(("127.0.0.1", 0))
    made.setblocking(False)
    yield made
    made.close()


async def asked(listener, path, body=None):
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    sent = b"" if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
    writer.write(f"{head}content-length: {len(sent)}\r\n\r\n".encode() + sent)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    first, _, said = answer.partition(b"\r\n\r\n")
    return int(first.split()[1]), json.loads(said)


CHAT = {"messages": [{"role": "user", "content": "What time is it?"}]}


async def test_it_answers_while_it_runs_and_writes_the_log_before_it_is_gone(listener, tmp_path):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    given = settings(decision_log={"url": url})
    async with running_gateway(given, None, listener, with_log=True) as running:
        status, answer = await asked(listener, "/v1/chat/completions", CHAT)
        assert (status, answer["model"]) == (200, "gemma2:2b")
        assert b"gearshift_requests" in running.metrics.exposition()[1]
        provider: Any = running.live.llm.providers["here"]
    assert provider.events == ["start", "aclose"]
    log = decision_log(given, ACCOUNTING, Metrics())
    assert log is not None
    with log.feedback._database.get().connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM decisions").scalar() == 1
    log.feedback.close()


async def test_without_a_log_no_database_is_touched(listener, tmp_path):
    file = tmp_path / "log.db"
    given = settings(decision_log={"url": f"sqlite:///{file}"})
    async with running_gateway(given, None, listener):
        status, _ = await asked(listener, "/v1/chat/completions", CHAT)
        assert status == 200
    assert not file.exists()


async def test_an_upstream_that_cannot_be_started_ends_it(listener, monkeypatch):
    async def start(self):
        raise GearshiftError("no such file")

    monkeypatch.setattr(fake.EchoProvider, "start", start)
    with pytest.raises(GearshiftError, match="no such file"):
        async with running_gateway(settings(), None, listener):
            pytest.fail("it runs")


def test_a_log_that_is_off_is_none():
    assert decision_log(settings(decision_log={"enabled": False}), ACCOUNTING, Metrics()) is None


@pytest.mark.parametrize(
    ("block", "is_sent"),
    [
        ({}, False),
        ({"endpoint": "http://127.0.0.1:9", "traces": False, "metrics": False}, False),
    ],
)
def test_spans_are_sent_only_where_somebody_wants_them(block, is_sent, monkeypatch):
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert (run._opentelemetry(settings(opentelemetry=block)) is not None) is is_sent


@pytest.mark.parametrize(("host", "is_local"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_only_this_machine_or_others_too(host, is_local):
    with socket.create_server((host, 0)) as listener:
        assert run._is_loopback(listener) is is_local


def test_clients_are_held_to_the_limits_in_force():
    nothing: Any = None
    server, given = HttpServer(nothing, nothing), settings(limits={"max_body_bytes": 7})
    limit(server, given)
    assert server.state.limits == http_limits(given)
    assert server.state.limits.max_body_bytes == 7


async def test_the_state_of_every_deployment_is_told_to_the_gauges():
    llm = LLMInterface(settings())
    assert list(model_states(llm)) == [
        ModelState("here", model, is_up=False, is_resident=None) for model in UPSTREAM["models"]
    ]
    async with llm:
        assert [state.is_up for state in model_states(llm)] == [True, True]
