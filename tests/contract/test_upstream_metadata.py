"""Whatever JSON an upstream tells of itself, a probe finds something, and requests go on."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.errors import UpstreamError
from gearshift.pipeline.topology import resolve
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.ollama import OllamaProvider
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import Deployment, UpstreamState

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with these fields, each of them absent, right, or anything at all."""
    return st.fixed_dictionaries({}, optional={k: v | JSON for k, v in fields.items()}) | JSON


NAME = st.sampled_from(["gemma2:2b", "mistral:7b-instruct", ""])
NUMBER = st.integers(-1, 2**64 - 1)
CAPABILITIES = st.lists(st.sampled_from(["tools", "vision", "completion"]) | JSON, max_size=3)
ENTRY = objects(name=NAME, model=NAME, size=NUMBER, digest=TEXT, details=objects(family=TEXT))
LIST = objects(models=st.lists(ENTRY, max_size=3))
FACTS = st.dictionaries(
    st.sampled_from(["general.parameter_count", "x.context_length", "y"]), NUMBER | JSON
)
SHOWN = objects(model_info=FACTS, capabilities=CAPABILITIES)
META = objects(n_params=NUMBER, size=NUMBER, n_ctx=NUMBER, n_ctx_train=NUMBER)
OWNER = st.sampled_from(["llamacpp", "vllm", "x"])
OPENAI = objects(
    data=st.lists(objects(id=NAME, owned_by=OWNER, max_model_len=NUMBER, meta=META), max_size=3)
)
STATUS = st.sampled_from([200, 200, 200, 200, 401, 404, 500, 503])


Run = Callable[[Any], Any]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """One event loop for all: each of them takes milliseconds to make."""
    with asyncio.Runner() as runner:
        yield runner.run


class Answers:
    """Stands for the client of an upstream: a status and a body for each path."""

    way = ""

    def __init__(self, told: dict[str, tuple[int, Any]]) -> None:
        self._told = told

    async def request(self, method: str, path: str, **_: Any) -> Any:
        status, document = self._told[path]
        return Response(status, json.dumps(document).encode())

    async def look(self, path: str) -> Any:
        return await self.request("GET", path)

    async def knock(self) -> None:
        """Somebody is there."""


class Response:
    content_type = "application/json"

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self._body = body

    def limit_silence(self, seconds: float) -> None:
        """It has come already."""

    async def body(self, limit: int) -> bytes:
        return self._body

    def release(self) -> None:
        """Nothing to give back."""

    async def aclose(self) -> None:
        """Nothing to close."""


def looked_at(
    run: Run, provider: Any, config: UpstreamConfig, told: dict[str, tuple[int, Any]]
) -> None:
    provider._client = Answers(told)
    states = [run(provider.probe()) for _ in range(2)]
    for state in states:
        assert isinstance(state, UpstreamState)
        topology = resolve(TierConfig(), [config], {config.name: state}, {})
        for info in state.models:
            assert info.name
            assert Deployment(config.name, info.name) in [
                target.deployment for target in topology.of_model(info.name)
            ]
            assert provider.first_token_seconds(info.name) > 0


@settings(max_examples=150)
@given(
    st.tuples(STATUS, LIST),
    st.tuples(STATUS, LIST),
    st.tuples(STATUS, objects(version=TEXT)),
    st.tuples(STATUS, SHOWN),
)
def test_any_ollama(run, tags, running, version, shown):
    config = UpstreamConfig("o", "ollama", "http://o")
    told = {"/api/tags": tags, "/api/ps": running, "/api/version": version, "/api/show": shown}
    looked_at(run, OllamaProvider(config, Deadlines()), config, told)


@settings(max_examples=150)
@given(st.tuples(STATUS, OPENAI), st.tuples(STATUS, JSON), st.sampled_from([(), ("gemma2:2b",)]))
def test_any_openai_compatible_server(run, listed, health, declared):
    config = UpstreamConfig("o", "openai", "http://o/v1", models=declared)
    provider = OpenAICompatibleProvider(config, Deadlines())
    looked_at(run, provider, config, {"/models": listed, "/health": health})


@given(JSON | objects(status=TEXT, completed=NUMBER, total=NUMBER, error=TEXT))
def test_any_progress_of_a_download(run, step):
    provider: Any = OllamaProvider(UpstreamConfig("o", "ollama", "http://o"), Deadlines())

    class Pulling(Response):
        async def read(self) -> bytes:
            line, self._body = self._body, b""
            return line and line + b"\n"

    class Client(Answers):
        async def request(self, method: str, path: str, **_: Any) -> Any:
            return Pulling(200, json.dumps(step).encode())

    provider._client = Client({})

    async def pulled() -> None:
        async for progress in provider.pull("m"):
            assert progress.completed_bytes >= 0

    with contextlib.suppress(UpstreamError):
        run(pulled())


@pytest.mark.parametrize("name", [["a"], {"a": 1}, 7, None, True])
def test_a_name_that_is_no_text_is_no_model(run, name):
    config = UpstreamConfig("o", "ollama", "http://o")
    told: dict[str, tuple[int, Any]] = {
        "/api/tags": (200, {"models": [{"name": "m"}]}),
        "/api/ps": (200, {"models": [{"name": name}]}),
        "/api/version": (200, {"version": "1"}),
        "/api/show": (200, {"capabilities": [name]}),
    }
    looked_at(run, OllamaProvider(config, Deadlines()), config, told)
