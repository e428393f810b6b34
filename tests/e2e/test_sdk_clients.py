"""The official clients, unmodified, chat through the gateway with both tiers answering."""

import asyncio
from typing import Any

import pytest
from tests.conftest import TIERS
from tests.fakes.sdks import ollama, openai

from gearshift import TaskComplexityScorer, TierConfig

PROMPTS = {"simple": "What time is it?", "complex": "Explain async vs threads"}


@pytest.fixture
def openai_client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def turn(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("tier", TIERS)
def test_openai_whole(openai_client, tier, replies):
    answer = openai_client.chat.completions.create(model="auto", messages=turn(PROMPTS[tier]))
    assert answer.choices[0].message.content == replies[tier]
    assert answer.model == TIERS[tier]
    assert answer.usage.completion_tokens > 10


@pytest.mark.parametrize("tier", TIERS)
def test_openai_stream(openai_client, tier, replies):
    stream = openai_client.chat.completions.create(
        model="auto",
        messages=turn(PROMPTS[tier]),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == replies[tier]
    assert {chunk.model for chunk in chunks} == {TIERS[tier]}
    assert chunks[-1].usage.completion_tokens > 10


async def test_openai_async_side_by_side(served, replies):
    async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="unused") as client:
        answers = await asyncio.gather(
            *(
                client.chat.completions.create(model="auto", messages=turn(PROMPTS[tier]))
                for tier in ("simple", "complex") * 8
            )
        )
    assert [a.choices[0].message.content for a in answers] == [*replies.values()] * 8


def test_openai_completions(openai_client):
    answer = openai_client.completions.create(model="simple", prompt="Hello")
    assert answer.model == TIERS["simple"]
    assert answer.choices[0].text


def test_openai_names(openai_client):
    names = [model.id for model in openai_client.models.list()]
    assert names[:3] == ["auto", "simple", "complex"]
    assert set(TIERS.values()) <= set(names)
    assert openai_client.models.retrieve("mistral:7b-instruct").id == "mistral:7b-instruct"
    for name, model in [*TIERS.items(), ("gemma2:2b", "gemma2:2b")]:
        answer = openai_client.chat.completions.create(model=name, messages=turn("Hello"))
        assert answer.model == model


def test_openai_errors(openai_client):
    with pytest.raises(openai.NotFoundError) as missing:
        openai_client.chat.completions.create(model="nobody", messages=turn("Hello"))
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="messages"):
        openai_client.chat.completions.create(model="auto", messages=[])
    with pytest.raises(openai.BadRequestError, match=r"simple, complex"):
        openai_client.chat.completions.create(
            model="auto", messages=turn("Hello"), extra_headers={"x-gearshift-tier": "huge"}
        )


@pytest.mark.parametrize("tier", TIERS)
def test_ollama_chat(served, tier, replies):
    with ollama.Client(host=served.url) as client:
        answer = client.chat(model="auto", messages=turn(PROMPTS[tier]))
        assert answer.message.content == replies[tier]
        assert answer.model == TIERS[tier]
        assert answer.eval_count > 10
        pieces = list(client.chat(model="auto", messages=turn(PROMPTS[tier]), stream=True))
        assert "".join(piece.message.content or "" for piece in pieces) == replies[tier]
        assert pieces[-1].done
        assert pieces[-1].done_reason == "stop"


@pytest.mark.parametrize("tier", TIERS)
def test_ollama_generate(served, tier, replies):
    with ollama.Client(host=served.url) as client:
        answer = client.generate(model="auto", prompt=PROMPTS[tier])
        assert answer.response == replies[tier]
        pieces = list(client.generate(model="auto", prompt=PROMPTS[tier], stream=True))
        assert "".join(piece.response for piece in pieces) == replies[tier]


def test_ollama_models(served):
    with ollama.Client(host=served.url) as client:
        names = [model.model for model in client.list().models]
        assert {"auto", *TIERS, *TIERS.values()} <= set(names)
        assert {model.model for model in client.ps().models} == set(TIERS.values())
        assert client.show("gemma2:2b").modelinfo["general.parameter_count"] > 0
        assert "completion" in client.show("auto").capabilities
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.show("nobody")
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.chat(model="nobody", messages=turn("Hello"))


def test_ollama_load_and_unload_are_no_prompts(served):
    with ollama.Client(host=served.url) as client:
        assert client.generate(model="gemma2:2b").done_reason == "load"
        assert client.generate(model="auto", keep_alive=0).done_reason == "unload"
        assert client.chat(model="mistral:7b-instruct", messages=[]).done_reason == "load"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tier", TIERS)
def test_the_headers_tell_the_decision(served, openai_client, tier, stream):
    raw = openai_client.chat.completions.with_raw_response.create(
        model="auto", messages=turn(PROMPTS[tier]), stream=stream
    )
    result = TaskComplexityScorer(TierConfig()).score(PROMPTS[tier])
    headers = raw.headers
    assert headers["x-gearshift-tier"] == result.tier == tier
    assert headers["x-gearshift-model"] == TIERS[tier]
    assert headers["x-gearshift-score"] == f"{result.score:.2f}"
    assert headers["x-gearshift-threshold"] == "3"
    assert headers["x-gearshift-scorer"] == "rule"
    assert headers["x-gearshift-cache"] == "bypass"
    assert headers["x-gearshift-upstream"] == served.upstream
    assert headers["x-gearshift-decision-id"].startswith("dec-")
    assert int(headers["x-gearshift-overhead-us"]) >= 0
    assert headers["x-gearshift-reason"].isascii()
    assert "x-gearshift-fallback" not in headers


def test_a_forced_tier_wins_over_the_score(openai_client, replies):
    raw = openai_client.chat.completions.with_raw_response.create(
        model="auto",
        messages=turn(PROMPTS["simple"]),
        extra_headers={"x-gearshift-tier": "complex"},
    )
    assert raw.headers["x-gearshift-tier"] == "complex"
    assert raw.parse().choices[0].message.content == replies["complex"]


def test_tools_system_text_and_parts_do_not_upset_the_demo(demo):
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    parts: Any = [{"type": "text", "text": "What time is it?"}]
    with openai.OpenAI(base_url=f"{demo.url}/v1", api_key="unused", max_retries=0) as client:
        answer = client.chat.completions.create(
            model="auto",
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": parts},
            ],
            tools=[tool],
        )
    assert answer.model == TIERS["simple"]
