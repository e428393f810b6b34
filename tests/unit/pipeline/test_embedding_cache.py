"""The step for vectors: missing texts are asked for, each once, and all come in their order."""

import time
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gearshift.cache.base import CacheConfig
from gearshift.cache.memory import MemoryCache
from gearshift.cache.store import AnswerStore
from gearshift.cache.vector import made_by
from gearshift.cache.vector_store import VectorStore
from gearshift.config.sections.cache import CacheSettings
from gearshift.dialects.ollama.embeddings import OllamaEmbeddings
from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.dialects.vectors import numbers_of
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.embedding_cache import EmbeddingCache, shared_out
from gearshift.pipeline.origins import Origins, Server
from gearshift.types import (
    CacheResult,
    Cause,
    ChatResponse,
    Chunk,
    Decision,
    EmbeddingResponse,
    Frame,
    Operation,
    Usage,
)

SPOKEN: dict[str, Any] = {"openai": OpenAIEmbeddings(), "ollama": OllamaEmbeddings(), "other": None}
DECISION = Decision(
    "dec-1", 0.0, "embeddings", "m", "one", "openai", None, {}, {}, "why", Cause.FORCED,
    "none", "", 3.0, "hash",
)  # fmt: skip
HIT, MISS, BYPASS = CacheResult


class World:
    """A cache before an upstream whose vector of a text is its length, and its turn."""

    def __init__(self, **settings):
        self.asked = []
        self.bodies = []
        self.error = None
        self.answered_by = []
        self.tells_tokens = True
        self.digest = "1"
        self.backend = MemoryCache(CacheConfig(1_000_000))
        store = AnswerStore(lambda: self.backend)
        servers = {name: Server(name, honours_seed=False) for name in ("one", "two")}
        self.step = EmbeddingCache(
            self.answer,
            VectorStore(store.levels),
            CacheSettings(enabled=True, **settings),
            Origins(servers, lambda deployment: self.digest),
            {"silent": object()} | {n: SimpleNamespace(embeddings=e) for n, e in SPOKEN.items()},
        )

    async def answer(self, call):
        request = call.request
        self.asked.append([*request.inputs])
        self.bodies.append(orjson.loads(request.raw))
        if self.error:
            raise self.error
        if self.answered_by:
            call.decision = call.decision._replace(upstream=self.answered_by.pop(0))
        turn = len(self.asked)
        vectors = tuple(orjson.dumps([len(one), turn]) for one in request.inputs)
        usage = Usage(sum(map(len, request.inputs))) if self.tells_tokens else None
        frame = Frame(b"raw", Chunk(usage=usage), is_end=True)
        return ChatResponse(call.decision, "openai", EmbeddingResponse(frame, vectors))

    @property
    def saved(self):
        """What the last one saved, and whether it was a hit."""
        return self.last.saved, self.last.is_from_cache

    async def call(
        self, inputs, dialect="openai", operation=Operation.EMBEDDING, upstream="one", **more
    ):
        noted = {name: more.pop(name) for name in ("headers", "cache_scope") if name in more}
        given = {"input" if operation is Operation.EMBEDDING else "prompt": inputs}
        request = SPOKEN[dialect].parse(operation, orjson.dumps(given | more))
        for name, value in noted.items():
            setattr(request, name, value)
        self.last = Call(request, DECISION._replace(upstream=upstream), (), time.perf_counter())
        response = await self.step(self.last)
        assert self.last.cache == ("memory", response.cache)
        assert self.last.decision is response.decision
        return response

    async def ask(self, inputs, *args, **more):
        """What the cache did, and the vectors."""
        response = await self.call(inputs, *args, **more)
        return response.cache, [tuple(numbers_of(v)) for v in response.frames.vectors]


async def test_only_texts_that_are_missing_are_asked_for_each_once_and_all_in_order():
    world = World()
    assert await world.ask(["a", "bb"]) == (MISS, [(1, 1), (2, 1)])
    assert await world.ask(["ccc", "bb", "dddd", "ccc", "a"], user=None) == (
        MISS,
        [(3, 2), (2, 1), (4, 2), (3, 2), (1, 1)],
    )
    assert world.asked == [["a", "bb"], ["ccc", "dddd"]]
    assert world.bodies[1] == {"input": ["ccc", "dddd"], "user": None}
    assert await world.ask("dddd") == (HIT, [(4, 2)])
    assert len(world.asked) == 2


async def test_whole_batches_pass_through_as_they_came():
    response = await World().call(["a", "b"])
    assert (response.dialect, response.frames.frame.raw) == ("openai", b"raw")


@pytest.mark.parametrize("inputs", [["a"], ["a", "b"]], ids=["kept", "partly kept"])
async def test_what_is_put_together_here_is_nobodys_bytes(inputs):
    world = World()
    await world.call(["a"])
    response = await world.call(inputs)
    frame = response.frames.frame
    assert (response.dialect, frame.raw, frame.is_end) == ("", b"", True)


async def test_a_hit_takes_no_longer_than_it_takes():
    world = World()
    await world.call(["a"])
    response = await world.call(["a"])
    assert 0 < response.overhead_seconds <= time.perf_counter() - world.last.started_at


async def test_vectors_are_kept_with_the_name_of_who_made_them():
    world = World()
    await world.call(["a"])
    (stored,) = [found async for found in world.backend.stored(1_000)]
    assert made_by(stored.head) == "m"


async def test_vectors_of_who_has_gone_are_given_but_not_kept():
    world = World()
    world.answered_by = ["gone by now"]
    assert await world.ask("a") == (MISS, [(1, 1)])
    assert await world.ask("a") == (MISS, [(1, 2)])


async def test_the_answer_tells_all_tokens_and_the_account_only_what_was_worked_on():
    world = World()
    await world.call(["a", "bb"])
    assert world.last.saved is None
    partly = await world.call(["a", "ccc", "ccc"])
    assert partly.frames.frame.chunk.usage == Usage(7)
    assert world.saved == (Usage(4), False)
    hit = await world.call(["bb", "ccc"])
    assert hit.frames.frame.chunk.usage == Usage(5)
    assert world.saved == (Usage(5), True)


async def test_tokens_that_nobody_told_are_not_made_up():
    world = World()
    world.tells_tokens = False
    await world.call(["a"])
    response = await world.call(["a", "b"])
    assert response.frames.frame.chunk.usage is None
    assert world.last.saved == Usage(0)


async def test_openai_and_ollama_clients_share_whatever_form_they_want():
    world = World()
    await world.ask(["a", "b"], encoding_format="base64")
    assert (await world.ask(["a"], "ollama", truncate=True, keep_alive="5m", options={}))[0] == HIT
    assert (await world.ask("b", encoding_format="float"))[0] == HIT
    assert (await world.ask([[1, 2], [3]]))[0] == MISS
    assert (await world.ask([1.0, 2.0]))[0] == HIT
    assert (await world.ask("[1,2]"))[0] == MISS


@pytest.mark.parametrize(
    "changes",
    [
        {"dimensions": 2},
        {"user": "me"},
        {"dialect": "ollama", "truncate": False},
        {"dialect": "ollama", "options": {"num_ctx": 8}},
        {"dialect": "ollama", "operation": Operation.PROMPT_EMBEDDING},
        {"headers": {"authorization": "x"}},
        {"cache_scope": "other"},
    ],
)
async def test_what_may_change_a_vector_is_another(changes):
    world = World()
    await world.ask("a")
    assert (await world.ask("a", **changes))[0] == MISS
    assert (await world.ask("a", **changes))[0] == HIT


async def test_another_model_of_the_same_name_has_other_vectors():
    world = World()
    await world.ask("a")
    world.digest = "2"
    assert (await world.ask("a"))[0] == MISS


async def test_clients_may_forbid_it():
    world = World()
    assert (await world.ask("a", headers={"cache-control": "no-store"}))[0] == BYPASS
    assert (await world.ask("a"))[0] == MISS
    again = await world.ask("a", headers={"cache-control": "no-cache"})
    assert again == (MISS, [(1, 3)])
    assert await world.ask("a") == (HIT, [(1, 3)])


async def test_vectors_of_two_deployments_are_never_in_one_answer():
    world = World()
    await world.ask("a")
    world.answered_by = ["two", "two"]
    assert await world.ask(["a", "bb"]) == (MISS, [(1, 3), (2, 3)])
    assert world.asked[1:] == [["bb"], ["a", "bb"]]
    assert world.last.saved is None
    assert await world.ask(["a"]) == (HIT, [(1, 1)])


async def test_what_a_fallback_made_is_kept_as_its_own():
    world = World()
    world.answered_by = ["two"]
    await world.ask(["a", "a"])
    assert (await world.ask("a", upstream="two"))[0] == HIT
    assert (await world.ask("a"))[0] == MISS


async def test_failures_are_nobodys_vectors():
    world = World()
    await world.ask("a")
    world.error = UpstreamError("broken", fault=FailureKind.FAILED)
    for inputs in (["b"], ["a", "b"]):
        with pytest.raises(UpstreamError):
            await world.ask(inputs)
    world.error = None
    assert (await world.ask(["a", "b"]))[0] == MISS


async def test_what_is_too_large_for_the_cache_is_not_kept():
    world = World(max_bytes=10_000)
    world.step._most_bytes = 10
    await world.ask("a")
    assert (await world.ask("a"))[0] == MISS


def test_tokens_are_shared_out_without_losing_any():
    assert shared_out(7, [3, 3, 3]) == [2, 2, 3]
    assert shared_out(7, [0, 0]) == [0, 0]
    assert shared_out(1, [1]) == [1]
    assert sum(shared_out(1_001, [5, 0, 7, 900])) == 1_001
