"""Engines are started side by side, shared over a reload, and all stopped if one cannot start."""

import asyncio
from typing import Any

import pytest

from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.providers import embedded
from gearshift.providers.base import Deadlines
from gearshift.providers.embedded import EmbeddedProvider
from gearshift.providers.embedded_settings import EmbeddedOptions, embedded_upstream
from gearshift.types import ChatRequest, ModelInfo, Operation, UpstreamState

REQUEST = ChatRequest("openai", Operation.CHAT, "auto", [])


class Engine:
    """Counts its users; `fails` says which files cannot be started."""

    made: list["Engine"]
    fails: set[str]

    def __init__(self, path, alias, **options):
        self.identity = (path, alias, tuple(options.items()))
        self.path, self.alias = path, alias
        self.users = self.starts = self.stops = 0
        self.is_running = False
        self.url = f"http://{alias}"
        self.made.append(self)

    def hold(self):
        self.users += 1

    async def start(self):
        await asyncio.sleep(0)
        if self.path in self.fails:
            raise GearshiftError(f"{self.path} is not a GGUF file")
        self.starts += 1
        self.is_running = True

    async def stop(self):
        self.users -= 1
        self.stops += 1
        self.is_running = self.users > 0


class Server:
    """What speaks to one engine; `down` are those that list nothing."""

    down: set[str]

    def __init__(self, config, deadlines):
        self.url = config.base_url
        self.is_closed = False

    async def send(self, request, model):
        return f"{model} at {self.url}"

    async def embed(self, request, model):
        return f"vectors of {model} at {self.url}"

    async def probe(self):
        models = () if self.url in self.down else (ModelInfo("a file's name", parameters=7),)
        return UpstreamState(bool(models), models=models)

    async def aclose(self):
        self.is_closed = True


@pytest.fixture(autouse=True)
def _fakes(monkeypatch):
    Engine.made, Engine.fails, Server.down = [], set(), set()
    monkeypatch.setattr(embedded, "LlamaEngine", Engine)
    monkeypatch.setattr(embedded, "OpenAICompatibleProvider", Server)


def provider(paths, **changes) -> Any:
    options = EmbeddedOptions(model_paths=paths, **changes)
    return EmbeddedProvider(embedded_upstream("here", options), Deadlines())


BOTH = {"small": "s.gguf", "large": "l.gguf"}


async def test_each_file_has_an_engine_and_each_request_its_own():
    of = provider(BOTH)
    await of.start()
    assert of.shared_config.options.model_urls == {"small": "http://small", "large": "http://large"}
    assert await of.send(REQUEST, "large") == "large at http://large/v1"
    assert await of.embed(REQUEST, "large") == "vectors of large at http://large/v1"
    await of.aclose()
    assert [engine.users for engine in Engine.made] == [0, 0]


async def test_if_one_cannot_start_the_others_are_stopped():
    Engine.fails = {"l.gguf"}
    of = provider(BOTH)
    with pytest.raises(GearshiftError, match=r"l\.gguf"):
        await of.start()
    assert [engine.users for engine in Engine.made] == [0, 0]
    assert not any(engine.is_running for engine in Engine.made)


async def test_a_successor_takes_over_what_is_the_same():
    old = provider(BOTH)
    await old.start()
    new = provider({"small": "s.gguf", "large": "other.gguf"})
    new.reuse_from(old)
    await new.start()
    await old.aclose()
    small = Engine.made[0]
    assert new._engines["small"] is small
    assert small.is_running
    assert small.users == 1
    assert not Engine.made[1].is_running
    assert new._engines["large"].path == "other.gguf"
    await new.aclose()
    assert not small.is_running


async def test_engines_of_another_process_are_only_asked():
    of = provider(BOTH, model_urls={"small": "http://s", "large": "http://l"})
    await of.start()
    assert Engine.made == []
    assert await of.send(REQUEST, "small") == "small at http://s/v1"
    await of.aclose()


async def test_what_cannot_be_asked_says_why():
    of = provider(BOTH)
    with pytest.raises(UpstreamError, match=r"await llm\.start"):
        await of.send(REQUEST, "small")
    await of.start()
    with pytest.raises(UpstreamError, match="small, large") as caught:
        await of.send(REQUEST, "huge")
    assert (caught.value.fault, caught.value.status) == (FailureKind.MISSING_MODEL, 404)
    of._engines["small"].is_running = False
    with pytest.raises(UpstreamError, match="restarting") as caught:
        await of.send(REQUEST, "small")
    assert caught.value.fault is FailureKind.LOADING
    await of.aclose()


@pytest.mark.parametrize(
    ("down", "reachable", "loading", "names"),
    [
        (set(), True, False, ["small", "large"]),
        ({"http://large/v1"}, True, False, ["small"]),
        ({"http://small/v1", "http://large/v1"}, False, True, []),
    ],
)
async def test_one_that_restarts_is_not_listed(down, reachable, loading, names):
    of = provider(BOTH)
    await of.start()
    Server.down = down
    state = await of.probe()
    assert (state.is_reachable, state.is_loading) == (reachable, loading)
    assert [info.name for info in state.models] == names
    assert ("restarting" in state.detail) is bool(down)
    await of.aclose()


async def test_stand_ins_count_as_the_models_that_they_stand_for():
    paths = {"gemma2:2b": "s.gguf"}
    for stand_ins, expected in ((False, 7), (True, 2_614_000_000)):
        of = provider(paths, are_stand_ins=stand_ins)
        await of.start()
        (info,) = (await of.probe()).models
        assert info.parameters == pytest.approx(expected, rel=0.05)
        await of.aclose()
