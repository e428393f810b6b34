"""Embeddings: the official clients on real llama.cpp, and what surrounds every request."""

from __future__ import annotations

import asyncio
import base64
import struct

import aiohttp
import pytest
from tests.fakes.sdks import ollama, openai
from tests.fakes.upstream import VECTOR, FaultUpstream

MODEL = "gemma2:2b"
WIDTH = 512
FIRST_TEXT = "What time is it?"


@pytest.fixture
def openai_client(demo):
    with openai.OpenAI(base_url=f"{demo.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def near(one, other):
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 1e-6


def test_openai_in_base64_by_itself_and_in_numbers(openai_client):
    found = openai_client.embeddings.create(model=MODEL, input=[FIRST_TEXT, "another"])
    assert [len(each.embedding) for each in found.data] == [WIDTH, WIDTH]
    assert [each.index for each in found.data] == [0, 1]
    assert not near(found.data[0].embedding, found.data[1].embedding)
    assert found.model == MODEL
    assert found.usage.prompt_tokens == found.usage.total_tokens > 10
    plain = openai_client.embeddings.create(model=MODEL, input=FIRST_TEXT, encoding_format="float")
    assert near(plain.data[0].embedding, found.data[0].embedding)
    assert sum(value * value for value in plain.data[0].embedding) == pytest.approx(1, rel=1e-3)


def test_openai_token_ids(openai_client):
    assert len(openai_client.embeddings.create(model=MODEL, input=[65, 66]).data) == 1
    found = openai_client.embeddings.create(model=MODEL, input=[[65], [66, 67]])
    assert len(found.data) == 2
    assert found.usage.prompt_tokens == 3


async def test_openai_async_side_by_side(demo):
    async with openai.AsyncOpenAI(base_url=demo.url, api_key="unused") as client:  # no /v1
        texts = [[f"{n}", f"{n} {n}"] for n in range(12)]
        found = await asyncio.gather(
            *(client.embeddings.create(model=MODEL, input=batch) for batch in texts)
        )
    assert [len(each.data) for each in found] == [2] * 12


def test_ollama_both_ways(demo, openai_client):
    with ollama.Client(host=demo.url) as client:
        found = client.embed(model=MODEL, input=[FIRST_TEXT, "another"])
        assert [len(vector) for vector in found.embeddings] == [WIDTH, WIDTH]
        assert (found.model, found.prompt_eval_count > 10) == (MODEL, True)
        assert found.total_duration > 0
        assert found.load_duration > 0
        plain = openai_client.embeddings.create(model=MODEL, input=FIRST_TEXT)
        older = client.embeddings(model=MODEL, prompt=FIRST_TEXT)
        for vector in (plain.data[0].embedding, older.embedding):
            assert near(vector, found.embeddings[0])
        assert client.embed(model=MODEL, input="").embeddings == []  # loads the model
        assert client.embeddings(model=MODEL).embedding == []
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.embed(model="nobody", input="a")


def test_openai_errors(openai_client):
    create = openai_client.embeddings.create
    for given in ("", [], ["a", ""]):
        with pytest.raises(openai.BadRequestError, match="input"):
            create(model=MODEL, input=given)
    with pytest.raises(openai.BadRequestError, match="does not support 'dimensions'"):
        create(model=MODEL, input="a", dimensions=8)  # which llama.cpp passes over
    with pytest.raises(openai.BadRequestError, match="context size"):
        create(model=MODEL, input="a" * 40_000)
    with pytest.raises(openai.NotFoundError):
        create(model="nobody", input="a")


def test_the_headers_tell_who_answered(openai_client):
    raw = openai_client.embeddings.with_raw_response.create(
        model=MODEL, input="a", extra_headers={"x-gearshift-tier": "complex"}
    )
    told = {name: raw.headers.get(f"x-gearshift-{name}") for name in ("tier", "model", "cache")}
    assert told == {"tier": "embeddings", "model": MODEL, "cache": "bypass"}
    assert "x-gearshift-score" not in raw.headers


# --- before upstreams that fail


def upstreams(*running, provider="openai", models=(MODEL,)):
    base = "/v1" if provider == "openai" else ""
    return [
        {"name": f"u{n}", "provider": provider, "base_url": each.url + base, "models": [*models]}
        for n, each in enumerate(running)
    ]


def settings(*running, provider="openai", models=(MODEL,), **blocks):
    each = upstreams(*running, provider=provider, models=models)
    return {"upstreams": each, "decision_log": {"enabled": False}, **blocks}


async def post(url, path="/v1/embeddings", key="", **body):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + path, json=body, headers=headers) as response,
    ):
        return response.status, response.headers, await response.json()


PACKED = base64.b64encode(struct.pack("<2f", *VECTOR)).decode()


@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_auto_is_the_configured_model_in_every_pair_of_dialects(gateway, provider):
    async with FaultUpstream() as upstream:
        given = settings(upstream, provider=provider, embeddings={"model": MODEL})
        async with gateway(given) as url:
            _, _, said = await post(url, model="auto", input=["a", "b"])
            assert [entry["embedding"] for entry in said["data"]] == [VECTOR, VECTOR]
            assert (said["model"], said["usage"]["prompt_tokens"]) == (MODEL, 3)
            _, _, said = await post(url, input="a", encoding_format="base64")
            assert said["data"][0]["embedding"] == PACKED
            _, _, said = await post(url, "/api/embed", input=["a", "b"])
            assert (said["embeddings"], said["model"]) == ([VECTOR, VECTOR], MODEL)
            _, _, said = await post(url, "/api/embeddings", prompt="a")
            assert said == {"embedding": VECTOR}
            status, _, _ = await post(url, "/api/embed", model=MODEL)
            assert status == 200
        base = "/v1/embeddings" if provider == "openai" else "/api/embed"
        assert {received.path for received in upstream.asked} <= {base, "/api/embeddings"}


async def test_the_cache_has_an_upstream_asked_only_for_new_texts_whoever_asks(gateway):
    async with FaultUpstream() as upstream:
        given = settings(upstream, embeddings={"model": MODEL}, cache={"enabled": True})
        async with gateway(given) as url:
            _, headers, _ = await post(url, input=["a", "b"])
            assert headers["x-gearshift-cache"] == "miss"
            _, headers, said = await post(url, input=["c", "a", "b"], encoding_format="base64")
            assert headers["x-gearshift-cache"] == "miss"
            assert [entry["embedding"] for entry in said["data"]] == [PACKED] * 3
            _, headers, said = await post(url, "/api/embed", input=["c", "b"])
            assert headers["x-gearshift-cache"] == "hit"
            assert said["embeddings"] == [pytest.approx(VECTOR)] * 2  # base64 has 32 bits
            async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as told:
                text = await told.text()
        assert [received.json["input"] for received in upstream.asked] == [["a", "b"], ["c"]]
    assert 'gearshift_cache_requests_total{level="memory",result="hit"} 1.0' in text
    assert 'gearshift_cache_saved_tokens_total{direction="input"' in text


async def test_another_upstream_with_the_same_model_answers_and_is_told(gateway):
    async with FaultUpstream(fault="failed") as one, FaultUpstream() as two:
        async with gateway(settings(one, two, retries={"attempts": 0})) as url:
            for _ in range(6):
                status, headers, said = await post(url, model=MODEL, input="a")
                assert (status, said["data"][0]["embedding"]) == (200, VECTOR)
                assert headers["x-gearshift-upstream"] == "u1"
            assert headers["x-gearshift-fallback"] == f"u0/{MODEL}->u1/{MODEL}"
            assert len(one.asked) == 5  # then its circuit is open
            async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as told:
                text = await told.text()
        assert 'gearshift_requests_total{cause="fallback"' in text
        assert 'tier="embeddings"' in text
        assert 'tier="simple"' not in text


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("failed", 502, "it broke"),
        ("busy", 503, "busy"),
        ("garbage", 502, "not JSON"),
        ("reset", 502, "u0"),
        ("rejected", 400, "too hot"),
        ("status_404", 400, "no embeddings"),
        ("error_with_200", 502, "it broke"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/embeddings", "/api/embed"])
async def test_a_failure_is_told_in_the_clients_dialect(gateway, path, fault, status, words):
    async with (
        FaultUpstream(fault=fault) as upstream,
        gateway(settings(upstream, retries={"attempts": 0})) as url,
    ):
        told, _, said = await post(url, path, model=MODEL, input="a")
    assert told == status
    error = said["error"]
    assert isinstance(error, str) is (path == "/api/embed")
    assert words in (error if isinstance(error, str) else error["message"])


async def test_a_server_without_embeddings_goes_on_answering_chats(gateway):
    async with (
        FaultUpstream(fault="status_404") as upstream,
        gateway(settings(upstream, retries={"attempts": 0})) as url,
    ):
        for _ in range(8):
            status, _, _ = await post(url, model=MODEL, input="a")
            assert status == 400
        upstream.fault = ""
        turn = [{"role": "user", "content": "hi"}]
        status, _, _ = await post(url, "/v1/chat/completions", model=MODEL, messages=turn)
        assert status == 200


async def test_a_key_may_use_what_its_tiers_say(gateway):
    keys = [
        {"key": "simple-" * 4, "tiers": ["simple"]},
        {"key": "embeds-" * 4, "tiers": ["simple", "embeddings"], "requests_per_minute": 2},
    ]
    async with FaultUpstream() as upstream:
        models = (MODEL, "mistral:7b-instruct", "e5")
        async with gateway(settings(upstream, models=models, auth={"api_keys": keys})) as url:
            asked = [
                await post(url, key=key, model=model, input="a")
                for key, model in [
                    ("", MODEL), ("simple-" * 4, MODEL), ("simple-" * 4, "e5"),
                    ("embeds-" * 4, "e5"), ("embeds-" * 4, "e5"), ("embeds-" * 4, "e5"),
                ]
            ]  # fmt: skip
    assert [status for status, _, _ in asked] == [401, 200, 403, 200, 200, 429]
