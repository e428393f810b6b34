"""What a failing upstream means for tiers, headers and the next request (faults: test_matrix)."""

import asyncio
import json

import aiohttp
import pytest
from tests.fakes.upstream import WORDS, FaultUpstream

TEXT = "".join(WORDS)
# Nothing here is slow but the machine.
LIMITS = {
    "connect_seconds": 20,
    "first_token_seconds": 20,
    "idle_seconds": 20,
    "total_seconds": 40,
}
CLIENTS = ("openai", "ollama")
PROVIDERS = ("openai", "ollama")


def settings(first: FaultUpstream, second: FaultUpstream, provider: str) -> dict:
    suffix = "/v1" if provider == "openai" else ""
    return {
        "limits": LIMITS,
        "tiered_routing": {"fallback_to_simple": True},
        "upstreams": [
            {
                "name": "first",
                "provider": provider,
                "base_url": first.url + suffix,
                "models": ["gemma2:2b"],
            },
            {
                "name": "second",
                "provider": provider,
                "base_url": second.url + suffix,
                "models": ["mistral:7b-instruct"],
            },
        ],
    }


async def ask(url: str, client: str, *, stream: bool, **more) -> tuple[int, dict, bytes]:
    path = "/v1/chat/completions" if client == "openai" else "/api/chat"
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + path, json=body | more) as response,
    ):
        return response.status, dict(response.headers), await response.read()


def text_of(client: str, body: bytes, *, stream: bool) -> str:
    """The answer's text, or an error if it is not complete and well-formed."""
    if client == "ollama":
        lines = [json.loads(line) for line in body.splitlines()]
        assert lines[-1]["done"] is True
        return "".join(line["message"]["content"] for line in lines)
    if not stream:
        return json.loads(body)["choices"][0]["message"]["content"]
    events = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    assert events.pop() == b"[DONE]"
    chunks = [json.loads(event) for event in events]
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])


def error_of(client: str, body: bytes) -> str:
    """The message of the error that ends a body or a stream."""
    last = body.rstrip().splitlines()[-1].removeprefix(b"data: ")
    error = json.loads(last)["error"]
    return error if client == "ollama" else error["message"]


@pytest.mark.parametrize("fault", ["failed", "missing_model", "loading"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
async def test_before_the_first_content_another_tier_answers(
    gateway, client, provider, stream, fault
):
    async with (
        FaultUpstream(fault) as one,
        FaultUpstream() as two,
        gateway(settings(one, two, provider)) as url,
    ):
        status, headers, body = await ask(url, client, stream=stream)
    assert status == 200
    assert text_of(client, body, stream=stream) == TEXT
    assert headers["x-gearshift-fallback"] == "simple->complex"
    assert headers["x-gearshift-tier"] == "complex"
    assert headers["x-gearshift-model"] == "mistral:7b-instruct"
    assert len(two.asked) == 1


@pytest.mark.parametrize(
    ("fault", "words"), [("rejected", "temperature is too hot"), ("mistaken", "must be of type")]
)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
async def test_the_clients_own_mistake_comes_back_as_it_is(
    gateway, client, provider, stream, fault, words
):
    async with (
        FaultUpstream(fault) as one,
        FaultUpstream() as two,
        gateway(settings(one, two, provider)) as url,
    ):
        status, _, body = await ask(url, client, stream=stream)
    assert status == 400
    assert words in error_of(client, body)
    assert two.asked == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
async def test_a_model_that_cannot_is_replaced_and_remembered(gateway, client, provider):
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    async with (
        FaultUpstream("incapable") as one,
        FaultUpstream() as two,
        gateway(settings(one, two, provider)) as url,
    ):
        for _ in range(2):
            status, headers, _ = await ask(url, client, stream=False, tools=tools)
            assert (status, headers["x-gearshift-tier"]) == (200, "complex")
    assert len(one.asked) == 1
    assert len(two.asked) == 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", CLIENTS)
async def test_when_everybody_fails_the_error_says_what_each_one_said(gateway, client, stream):
    async with (
        FaultUpstream("failed") as one,
        FaultUpstream("html") as two,
        gateway(settings(one, two, "openai")) as url,
    ):
        status, headers, body = await ask(url, client, stream=stream)
    assert status == 502
    message = error_of(client, body)
    assert "first/gemma2:2b: 500: it broke" in message
    assert "second/mistral:7b-instruct: answered with content type text/html" in message
    if client == "openai":
        assert headers["x-should-retry"] == "false"


async def test_a_client_that_goes_away_stops_the_upstream(gateway):
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    async with (
        FaultUpstream("endless") as one,
        FaultUpstream() as two,
        gateway(settings(one, two, "openai") | {"limits": {}}) as url,
        aiohttp.ClientSession() as session,
    ):
        response = await session.post(f"{url}/v1/chat/completions", json=body)
        await response.content.readany()
        assert one.open_answers == 1
        response.close()
        async with asyncio.timeout(30):
            await one.idle.wait()


async def test_the_upstream_gets_the_clients_own_bytes_but_for_the_model(gateway):
    raw = (
        b'{ "model" :"auto","messages":[{"role":"user","content":"h\\u0069"}], "x": 1.50, "seed":7}'
    )
    headers = {"content-type": "application/json", "traceparent": "00-ab-cd-01"}
    async with (
        FaultUpstream() as one,
        FaultUpstream() as two,
        gateway(settings(one, two, "openai")) as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/chat/completions", data=raw, headers=headers) as answer,
    ):
        assert answer.status == 200
    (asked,) = one.asked
    assert asked.body == raw.replace(b'"auto"', b'"gemma2:2b"')
    assert asked.headers["traceparent"] == "00-ab-cd-01"


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_full_tier_overflows_and_a_full_house_says_when_to_come_back(gateway, client):
    async with FaultUpstream("endless") as one, FaultUpstream("endless") as two:
        config = settings(one, two, "openai")
        config["limits"] = {"max_in_flight": 1, "max_queue": 0}
        path = "/v1/chat/completions" if client == "openai" else "/api/chat"
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        async with gateway(config) as url, aiohttp.ClientSession() as session:
            streams = [await session.post(url + path, json=body) for _ in range(2)]
            tiers = [stream.headers["x-gearshift-tier"] for stream in streams]
            assert tiers == ["simple", "complex"]
            status, headers, answer = await ask(url, client, stream=True)
            for stream in streams:
                stream.close()
    assert status == 503
    assert int(headers["Retry-After"]) >= 1
    assert "in flight" in error_of(client, answer)
