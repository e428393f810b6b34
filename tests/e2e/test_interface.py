"""LLMInterface in a Python program, on real engines."""

import pytest
from tests.conftest import TIERS
from tests.fakes.upstream import FaultUpstream

from gearshift import LLMInterface, RequestError, Settings, TierConfig, UpstreamError
from gearshift.providers.demo_model import demo_reply

MODEL = TIERS["simple"]
SIMPLE, COMPLEX = "What time is it?", "Explain async vs threads"
REPLIES = {tier: demo_reply(tier, list(TIERS.values())) for tier in TIERS}


@pytest.fixture
def settings(demo_files):
    paths = {TIERS[tier]: str(path) for tier, path in demo_files.items()}
    upstream = {"name": "engine", "provider": "embedded", "model_paths": paths}
    return Settings.model_validate({"upstreams": [upstream]})


async def test_answers_whole_and_streamed(settings):
    async with LLMInterface(settings) as llm:
        answer = await llm.chat_completion(SIMPLE)
        assert (answer.content, answer.model, answer.tier) == (
            REPLIES["simple"],
            "gemma2:2b",
            "simple",
        )
        assert answer.usage
        assert answer.usage.completion_tokens > 10
        assert answer.finish_reason == "stop"
        stream = await llm.chat_completion([{"role": "user", "content": COMPLEX}], stream=True)
        assert stream.decision.tier == "complex"
        assert "".join([chunk.content async for chunk in stream]) == REPLIES["complex"]


async def test_options_reach_the_engine(settings):
    async with LLMInterface(settings) as llm:
        answer = await llm.chat_completion(SIMPLE, max_tokens=3)
        assert answer.finish_reason == "length"
        assert REPLIES["simple"].startswith(answer.content)


async def test_every_finished_request_is_told_once(settings):
    events = []
    async with LLMInterface(settings, sinks=[events.append]) as llm:
        await llm.chat_completion(SIMPLE)
        stream = await llm.chat_completion(COMPLEX, stream=True)
        async for _ in stream:
            break
        await stream.aclose()
    assert [(e.decision.tier, e.status) for e in events] == [("simple", 200), ("complex", 499)]
    assert events[0].usage.completion_tokens > 10


async def test_leaving_a_stream_frees_the_engine():
    async with FaultUpstream("endless") as upstream:
        config = {"name": "u", "provider": "ollama", "base_url": upstream.url}
        async with LLMInterface(Settings.model_validate({"upstreams": [config]})) as llm:
            stream = await llm.chat_completion(SIMPLE, stream=True)
            await stream.aclose()
            await upstream.idle.wait()


async def test_bad_requests_are_named(settings):
    async with LLMInterface(settings) as llm:
        with pytest.raises(RequestError, match="messages"):
            await llm.chat_completion([])
        with pytest.raises(RequestError, match="nobody"):
            await llm.chat_completion(SIMPLE, model="nobody")
        with pytest.raises(RequestError, match="temperature"):
            await llm.chat_completion(SIMPLE, temperature="hot")
        with pytest.raises(RequestError, match="JSON"):
            await llm.chat_completion([{"role": "user", "content": object()}])


async def test_a_dead_upstream_is_an_upstream_error():
    upstream = {"name": "gone", "provider": "ollama", "base_url": "http://127.0.0.1:9"}
    async with LLMInterface(Settings.model_validate({"upstreams": [upstream]})) as llm:
        with pytest.raises(UpstreamError, match="gone/gemma2:2b"):
            await llm.chat_completion(SIMPLE)


async def test_a_gateway_can_stand_behind_a_gateway(gateway, settings):
    """The Ollama face of one is the upstream of another: both sides of the dialect agree."""
    async with gateway(settings) as url:
        upstream = {"name": "inner", "provider": "ollama", "base_url": url}
        async with LLMInterface(Settings.model_validate({"upstreams": [upstream]})) as outer:
            for text, tier in ((SIMPLE, "simple"), (COMPLEX, "complex")):
                answer = await outer.chat_completion(text)
                assert (answer.content, answer.tier) == (REPLIES[tier], tier)
                stream = await outer.chat_completion(text, stream=True)
                assert "".join([c.content async for c in stream]) == REPLIES[tier]


async def test_a_host_application_needs_one_line():
    class Host:
        def __init__(self):
            self._tiers = LLMInterface(TierConfig())

        def choose(self, messages, model="auto"):
            return self._tiers._determine_provider_and_model(messages=messages, model=model)

    assert Host().choose(SIMPLE) == ("ollama", "gemma2:2b")


@pytest.mark.parametrize("affinity", [True, False])
async def test_conversations_stay_with_the_upstream_that_has_read_them(affinity):
    async with FaultUpstream() as one, FaultUpstream() as two:
        upstreams = [
            {"name": name, "provider": "openai", "base_url": f"{each.url}/v1", "models": [MODEL]}
            for name, each in (("one", one), ("two", two))
        ]
        given = {"upstreams": upstreams, "cache": {"prefix_affinity": affinity}}
        async with LLMInterface(Settings.model_validate(given)) as llm:
            went = []
            for number in range(20):
                chat = [{"role": "user", "content": f"What is {number}?"}]
                first = await llm.chat_completion(chat, model=MODEL)
                chat += [{"role": "assistant", "content": "x"}, {"role": "user", "content": "Why?"}]
                again = await llm.chat_completion(chat, model=MODEL)
                went.append((first.decision.upstream, again.decision.upstream))
    expected = {("one", "one"), ("two", "two")} if affinity else {("one", "one")}
    assert set(went) == expected
    assert len(one.asked) == 2 * went.count(("one", "one"))
