"""A dialect may be one of clients only, or of upstreams only, and goes with all of the others."""

import json

import pytest
from tests.fakes import echo_dialect, plain_upstream
from tests.fakes.upstream import FaultUpstream

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.dialects.base import ClientDialect, UpstreamDialect
from gearshift.gateway.app import Gateway
from gearshift.http.values import HttpRequest
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics

CHAT = {"model": "gemma2:2b", "messages": [{"role": "user", "content": "hi"}]}
PATHS = {"openai": "/v1/chat/completions", "ollama": "/api/chat", "echo": "/echo/v0/ask"}
WORDS = ["one", " two", " three"]
LINES = "".join(f"{json.dumps(word)}\n" for word in [*WORDS, None]).encode()


# Type checkers insist that each is the whole of its protocol.
CLIENT: ClientDialect = echo_dialect.EchoDialect()
UPSTREAM: UpstreamDialect = plain_upstream.PlainDialect()


@pytest.fixture
async def gateway(monkeypatch):
    """A gateway before an upstream that speaks what no client does, and the upstream."""
    monkeypatch.setitem(registry.CLIENT_DIALECTS, "echo", f"{echo_dialect.__name__}:EchoDialect")
    for table, kind in (("UPSTREAM_DIALECTS", "PlainDialect"), ("PROVIDERS", "PlainProvider")):
        target = f"{plain_upstream.__name__}:{kind}"
        monkeypatch.setitem(getattr(registry, table), "plain", target)
    async with FaultUpstream() as upstream:
        entry = {"name": "here", "provider": "plain", "base_url": f"{upstream.url}/v1"}
        async with LLMInterface(Settings.model_validate({"upstreams": [entry]})) as llm:
            yield Gateway(llm, Metrics()), upstream


async def ask(gateway, client, **more):
    """Status and body of an answer."""
    sent = {**(CHAT | {"prompt": "hi"}), **more}
    raw = json.dumps(sent).encode()
    response = await gateway.handle(HttpRequest("POST", PATHS[client], {"host": "localhost"}, raw))
    if isinstance(response.body, bytes):
        return response.status, response.body
    body = b""
    while (piece := await response.body.read()) is not None:
        body += piece
    await response.body.aclose()
    return response.status, body


@pytest.mark.parametrize("client", PATHS)
async def test_clients_of_every_dialect_are_answered_whole(gateway, client):
    plane, upstream = gateway
    upstream.says = b'{"t":"one two three"}'
    status, body = await ask(plane, client, stream=False)
    assert status == 200
    assert b"one two three" in body
    assert b'"t":' not in body
    assert upstream.asked[-1].json == {"q": "hi", "model": "gemma2:2b", "stream": False}


@pytest.mark.parametrize("client", PATHS)
async def test_clients_of_every_dialect_are_answered_in_pieces(gateway, client):
    plane, upstream = gateway
    upstream.says = LINES
    status, body = await ask(plane, client, stream=True)
    assert status == 200
    assert all(json.dumps(word).encode() in body for word in WORDS)
    assert LINES not in body
    assert body.endswith({"openai": b"data: [DONE]\n\n", "echo": b"end\n"}.get(client, b"}\n"))


@pytest.mark.parametrize("client", PATHS)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_it_refuses_is_told_in_the_clients_shape(gateway, client, stream):
    plane, upstream = gateway
    upstream.fault = "rejected"
    status, body = await ask(plane, client, stream=stream)
    assert status == 400
    told = json.loads(body)
    told = told.get("wrong") or told["error"]
    assert "temperature is too hot" in (told if isinstance(told, str) else told["message"])
