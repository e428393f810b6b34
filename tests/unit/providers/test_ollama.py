"""Ollama's address, its list of models, and pulling."""

import orjson
import pytest
from tests.fakes.upstream import FaultUpstream

from gearshift.dialects.ollama.embeddings import OllamaEmbeddings
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.ollama import OllamaProvider
from gearshift.types import ChatRequest, Operation, UpstreamState


@pytest.fixture
async def upstream():
    async with FaultUpstream(capabilities={"gemma2:2b": ["completion"]}) as running:
        yield running


@pytest.fixture
async def provider(upstream):
    provider = OllamaProvider(UpstreamConfig("o", "ollama", upstream.url), Deadlines())
    yield provider
    await provider.aclose()


async def test_a_probe_tells_models_and_what_they_can(provider, upstream):
    state = await provider.probe()
    assert state.is_reachable
    assert state.version == "0.0.0-fake"
    small, large = state.models
    assert (small.name, small.parameters, small.size_bytes) == ("gemma2:2b", 7, 1000)
    assert small.capabilities == frozenset()
    assert large.capabilities is None
    assert small.is_resident is False


async def test_a_server_that_speaks_only_a_part_of_the_api_can_answer(provider, upstream):
    upstream.absent = ("/api/version", "/api/ps", "/api/show")
    state = await provider.probe()
    assert state.is_reachable
    assert [info.is_resident for info in state.models] == [None, None]


async def test_a_model_is_described_once(provider, upstream):
    for _ in range(3):
        await provider.probe()
    assert sum(request.path == "/api/show" for request in upstream.received) == 2


async def test_who_is_not_there_is_not_reachable():
    provider = OllamaProvider(UpstreamConfig("o", "ollama", "http://127.0.0.1:9"), Deadlines())
    state = await provider.probe()
    await provider.aclose()
    assert not state.is_reachable
    assert "127.0.0.1:9" in state.detail


async def test_a_port_that_answers_nothing_is_not_reachable(provider, upstream, monkeypatch):
    monkeypatch.setattr("gearshift.providers.ollama.PROBE_SECONDS", 0.1)
    upstream.fault = "hung"
    state = await provider.probe()
    assert not state.is_reachable
    assert "no answer" in state.detail


async def test_a_model_that_is_not_loaded_gets_time_to_load(provider):
    usual = provider.first_token_seconds("gemma2:2b")
    await provider.probe()
    assert provider.first_token_seconds("gemma2:2b") > usual
    assert provider.first_token_seconds("unknown") == usual


async def test_what_another_process_has_found_counts_as_probed(provider, upstream):
    usual = provider.first_token_seconds("gemma2:2b")
    other = OllamaProvider(UpstreamConfig("o", "ollama", upstream.url), Deadlines())
    provider.inform(await other.probe())
    assert provider.first_token_seconds("gemma2:2b") > usual
    provider.inform(UpstreamState(is_reachable=False))  # says nothing of its models
    assert provider.first_token_seconds("gemma2:2b") > usual
    await other.aclose()


async def test_pull_tells_its_progress(provider, upstream):
    steps = [step async for step in provider.pull("gemma2:2b")]
    assert [step.status for step in steps] == ["pulling manifest", "downloading", "success"]
    assert (steps[1].completed_bytes, steps[1].total_bytes) == (5, 10)


async def test_a_pull_that_fails_says_why(provider, upstream):
    upstream.fault = "pull_fails"
    with pytest.raises(UpstreamError, match="pull model manifest: file does not exist"):
        [step async for step in provider.pull("nobody")]


async def test_a_missing_model_names_the_command_that_fetches_it(provider, upstream):
    upstream.fault = "missing_model"
    request = ChatRequest("ollama", Operation.CHAT, "auto", [{"role": "user", "content": "hi"}])
    with pytest.raises(UpstreamError, match="run: ollama pull gemma2:2b"):
        await provider.send(request, "gemma2:2b")


def of_openai(**settings: object) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": "hi"}], **settings}
    return OpenAIDialect().parse(Operation.CHAT, orjson.dumps(body))


@pytest.mark.parametrize("asked", [{"reasoning_effort": "high"}, {"reasoning": {"effort": "high"}}])
async def test_effort_is_a_level_of_thinking_for_models_that_think(provider, upstream, asked):
    upstream.capabilities["gemma2:2b"] = ["completion", "thinking"]
    await provider.send(of_openai(**asked), "gemma2:2b")  # not known yet
    await provider.probe()
    for model in ("gemma2:2b", "mistral:7b-instruct"):
        await provider.send(of_openai(**asked), model)
    assert [asked.json.get("think") for asked in upstream.asked] == [None, "high", None]


async def test_thinking_is_switched_off_for_every_model(provider, upstream):
    await provider.send(of_openai(reasoning_effort="none"), "gemma2:2b")
    assert upstream.asked[-1].json["think"] is False


async def test_a_model_without_levels_is_told_to_think(provider, upstream):
    upstream.capabilities["gemma2:2b"] = ["completion", "thinking"]
    upstream.refuses = {"think": 'think value "high" is not supported for this model'}
    await provider.probe()
    with pytest.raises(UpstreamError):
        await provider.send(of_openai(reasoning_effort="high"), "gemma2:2b")
    assert [asked.json["think"] for asked in upstream.asked] == ["high", True]


@pytest.mark.parametrize(
    "document",
    [
        b'{"models":[{"name":"a"},{"name":["x"]},7,null]}',
        b'\xef\xbb\xbf{"models":[{"model":"a"}]}',
        b'[{"name":"a","size":"big","digest":[]}]',
        b'{"data":[{"id":"a"}]}',
    ],
)
@pytest.mark.parametrize("path", ["/api/tags", "/api/ps", "both"])
async def test_models_are_listed_in_many_shapes(provider, upstream, document, path):
    upstream.models = ("a",)
    paths = ("/api/tags", "/api/ps") if path == "both" else (path,)
    upstream.documents = dict.fromkeys(paths, document)
    state = await provider.probe()
    assert [info.name for info in state.models] == ["a"]
    assert state.models[0].is_resident is (path != "/api/tags")


@pytest.mark.parametrize(
    ("status", "has_version", "is_reachable", "lists", "refuses"),
    [
        (404, True, True, False, False),
        (405, True, True, False, False),
        (404, False, False, True, False),  # as of any other server
        (500, True, False, True, False),
        (401, False, True, False, True),
        (403, True, True, False, True),
    ],
)
async def test_a_server_that_does_not_list_its_models(
    provider, upstream, status, has_version, is_reachable, lists, refuses
):
    upstream.answers = {"/api/tags": (status, b"{}")}
    upstream.absent = () if has_version else ("/api/version",)
    state = await provider.probe()
    found = (state.is_reachable, state.lists_models, state.refuses_key)
    assert found == (is_reachable, lists, refuses)


@pytest.mark.parametrize("value", [b"7", b'{"capabilities":[["x"],{},"tools"]}', b'{"details":7}'])
async def test_an_odd_description_is_no_fault(provider, upstream, value):
    upstream.documents = {"/api/show": value, "/api/version": value, "/api/ps": value}
    assert (await provider.probe()).is_reachable


async def test_a_missing_model_for_embeddings_comes_with_the_command_too():
    async with FaultUpstream(fault="missing_model") as upstream:
        provider = OllamaProvider(UpstreamConfig("u", "ollama", upstream.url), Deadlines())
        request = OllamaEmbeddings().parse(Operation.EMBEDDING, b'{"input":"a"}')
        with pytest.raises(UpstreamError, match="ollama pull m"):
            await provider.embed(request, "m")
        upstream.fault = ""
        assert len((await provider.embed(request, "m")).vectors) == 1
        assert [received.path for received in upstream.asked] == ["/api/embed"] * 2
        await provider.aclose()
