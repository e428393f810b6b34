"""The step: when it answers, when it keeps an answer, and when it has no part in it."""

import asyncio
import time

import pytest

from gearshift.cache.base import CacheConfig
from gearshift.cache.entry import made_by
from gearshift.cache.memory import MemoryCache
from gearshift.cache.store import AnswerStore
from gearshift.config.sections.cache import CacheSettings
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.cache import AnswerCache
from gearshift.pipeline.call import Call
from gearshift.pipeline.origins import Origins, Server
from gearshift.pipeline.refreshing import Refreshing
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import (
    CacheResult,
    Cause,
    ChatResponse,
    Chunk,
    CompleteResponse,
    Decision,
    Deployment,
    Frame,
    FrameStream,
    Operation,
    Usage,
)

DIALECT = OpenAIDialect()
DECISION = Decision(
    "dec-1", 0.0, "simple", "m", "one", "openai", 1.0, {}, {}, "why", Cause.SCORED,
    "rule", "1", 3.0, "hash",
)  # fmt: skip
HIT, MISS, BYPASS = CacheResult
NO_STORE = {"cache-control": "no-store"}
ASKED = b'{"messages":[{"role":"user","content":"hi"}],"temperature":0}'
STREAMED = ASKED[:-1] + b',"stream":true,"stream_options":{"include_usage":true}}'
EVENTS = (
    b'data: {"model":"m","choices":[{"index":0,"delta":{"content":"one"}}]}\n\n',
    b'data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b'data: {"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n',
    b"data: [DONE]\n\n",
)


class Stream:
    """Frames, then an end or an error, as soon as it may come."""

    def __init__(self, frames, error, may_end):
        self.frames, self.error, self.may_end = [*frames], error, may_end

    async def read(self):
        if self.frames:
            return self.frames.pop(0)
        await self.may_end.wait()
        if self.error:
            raise self.error
        return None

    async def aclose(self):
        pass


class Lasting(MemoryCache):
    """Keeps what it has when it is closed."""

    async def close(self):
        pass


class World:
    """A cache before an upstream that counts its answers."""

    def __init__(self, dialect=DIALECT, **settings):
        self.backend = Lasting(CacheConfig(1_000_000))
        self.asked = 0
        self.error = None
        self.answered_by = None
        self.digest = "1"
        self.finish = "stop"
        self.words = "hello"
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.store = AnswerStore(lambda: self.backend)
        servers = {"one": Server("1", honours_seed=False), "two": Server("2", honours_seed=True)}
        self.step = AnswerCache(
            self.answer,
            self.store,
            CacheSettings(enabled=True, **settings),
            Origins(servers, lambda deployment: self.digest),
            {"openai": dialect},
            {"openai": DIALECT},
            ("simple", "complex"),
        )

    async def answer(self, call):
        self.asked += 1
        if self.error is not None and not call.request.stream:
            raise self.error
        if self.answered_by is not None:
            call.decision = call.decision._replace(**self.answered_by)
        if call.request.stream:
            reader = DIALECT.stream_reader()
            frames: FrameStream = Stream(
                [f for raw in EVENTS for f in reader.feed(raw)], self.error, self.may_end
            )
        else:
            chunk = Chunk(self.words, finish_reason=self.finish, usage=Usage(3, 4), model="m")
            raw = DIALECT.encode_response(call.request, chunk, str(self.asked), 0.0)
            frames = CompleteResponse(Frame(raw, chunk, is_end=True))
        return ChatResponse(call.decision, "openai", frames)

    async def ask(self, body=ASKED, decision=DECISION, reads=True, candidates=(), **noted):
        request = DIALECT.parse(Operation.CHAT, body)
        for name, value in noted.items():
            setattr(request, name, value)
        call = Call(request, decision, candidates, time.perf_counter())
        response = await self.step(call)
        assert response.decision is call.decision
        self.decision = call.decision
        assert call.cache is not None
        assert call.cache.result is response.cache
        assert call.is_from_cache is (response.cache is HIT)
        raws = []
        while reads and (frame := await response.frames.read()) is not None:
            raws.append(frame.raw)
        await response.frames.aclose()
        await self.store.close()  # what is kept is written behind our back
        return response.cache, raws

    async def results(self, *bodies, **more):
        return [(await self.ask(body, **more))[0] for body in bodies]


async def test_the_second_answer_is_the_first_ones_bytes():
    world = World()
    first, second = await world.ask(), await world.ask()
    assert (first[0], second[0], world.asked) == (MISS, HIT, 1)
    assert first[1] == second[1]
    streamed = await world.ask(STREAMED.replace(b"hi", b"ho"))
    again = await world.ask(STREAMED.replace(b"hi", b"ho"))
    assert (streamed[0], again[0]) == (MISS, HIT)
    assert streamed[1] == again[1] == [*EVENTS]


async def test_a_whole_answer_serves_a_stream_and_back():
    assert await World().results(ASKED, STREAMED, ASKED) == [MISS, HIT, HIT]
    assert await World().results(STREAMED, ASKED, STREAMED) == [MISS, HIT, HIT]


@pytest.mark.parametrize(
    "change",
    [{"model": "large"}, {"upstream": "two"}],
)
async def test_another_deployments_answer_is_another(change):
    world = World()
    await world.ask()
    assert (await world.ask(decision=DECISION._replace(**change)))[0] is MISS


async def test_a_fallbacks_answer_is_kept_as_its_own():
    world = World()
    world.answered_by = {"model": "large", "upstream": "two", "fallback": "simple->complex"}
    assert (await world.ask())[0] is MISS
    assert (await world.ask())[0] is MISS
    world.answered_by = None
    assert (await world.ask(decision=DECISION._replace(model="large", upstream="two")))[0] is HIT


async def test_other_weights_are_another_model():
    world = World()
    await world.ask()
    world.digest = "2"
    assert (await world.ask())[0] is MISS


@pytest.mark.parametrize(
    "change",
    [{"propensity": 0.5}, {"arms": "test:b"}, {"sample_rate": 0.1}],
)
async def test_what_chance_compares_is_always_answered_afresh(change):
    world = World()
    assert await world.results(ASKED, ASKED, decision=DECISION._replace(**change)) == [BYPASS] * 2
    assert (await world.ask())[0] is MISS


@pytest.mark.parametrize(
    ("options", "upstream", "result"),
    [
        (b'"temperature":0', "one", HIT),
        (b'"temperature":0.0,"seed":1', "one", HIT),
        (b'"temperature":1', "one", BYPASS),
        (b'"seed":1', "one", BYPASS),
        (b'"seed":1', "two", HIT),
        (b'"seed":0,"temperature":1', "two", HIT),
        (b'"seed":null', "two", BYPASS),
        (b'"top_p":1', "two", BYPASS),
    ],
)
async def test_only_what_would_be_answered_the_same_again_is_kept(options, upstream, result):
    world, body = World(), ASKED.replace(b'"temperature":0', options)
    decision = DECISION._replace(upstream=upstream)
    assert (await world.results(body, body, decision=decision))[1] is result


async def test_a_setting_has_everything_kept():
    body = ASKED.replace(b'"temperature":0', b'"temperature":1')
    assert await World(only_deterministic=False).results(body, body) == [MISS, HIT]


@pytest.mark.parametrize(
    ("noted", "results"),
    [
        ({"cache_control": "no-store"}, [BYPASS, BYPASS, MISS]),
        ({"cache_control": "No-Store, x"}, [BYPASS, BYPASS, MISS]),
        ({"cache_control": "nostore"}, [BYPASS, BYPASS, MISS]),
        ({"cache_control": "no-cache"}, [MISS, MISS, HIT]),
        ({"headers": NO_STORE}, [BYPASS, BYPASS, MISS]),
        ({"headers": {"cache-control": "max-age=0"}}, [MISS, MISS, HIT]),
        ({"headers": {"cache-control": "private, No-Cache"}}, [MISS, MISS, HIT]),
        ({"headers": {"cache-control": "private,no-cache"}}, [MISS, MISS, HIT]),
        ({"headers": {"cache-control": "max-age = 0"}}, [MISS, MISS, HIT]),
        ({"headers": {"cache-control": "max-age=600"}}, [MISS, HIT, HIT]),
        ({"cache_control": "no-cache", "headers": NO_STORE}, [BYPASS, BYPASS, MISS]),
    ],
)
async def test_clients_may_forbid_it(noted, results):
    world = World()
    assert [*(await world.results(ASKED, ASKED, **noted)), (await world.ask())[0]] == results


async def test_no_cache_renews_what_is_kept():
    world = World()
    await world.ask()
    world.words = "something new"
    await world.ask(cache_control="no-cache")
    result, (raw,) = await world.ask()
    assert (result, b"something new" in raw) == (HIT, True)


async def test_scopes_do_not_share():
    world = World()
    found = [(await world.ask(cache_scope=scope))[0] for scope in ("a", "b", "", "a")]
    assert found == [MISS, MISS, MISS, HIT]


async def test_failures_are_not_kept_and_pass():
    world = World()
    world.error = UpstreamError("broken", fault=FailureKind.FAILED)
    with pytest.raises(UpstreamError, match="broken"):
        await world.ask()
    world.error = None
    assert (await world.ask())[0] is MISS


async def test_streams_that_break_off_or_are_left_are_not_kept():
    world = World()
    world.may_end.clear()
    assert (await world.ask(STREAMED, reads=False))[0] is MISS
    world.may_end.set()
    world.error = UpstreamError("gone", fault=FailureKind.CUT_OFF)
    with pytest.raises(UpstreamError):
        await world.ask(STREAMED)
    world.error = None
    assert await world.results(STREAMED, STREAMED) == [MISS, HIT]


async def test_what_is_not_worth_it_is_not_kept():
    world = World()
    world.finish = "content_filter"
    assert await world.results(ASKED, ASKED) == [MISS, MISS]


async def test_answers_that_would_fill_the_cache_are_not_kept():
    world = World(max_bytes=40_000)
    world.words = "x" * 10_001
    assert await world.results(ASKED, ASKED) == [MISS, MISS]


async def test_what_cannot_be_keyed_passes_by():
    world = World()
    assert (await world.ask(options={"temperature": 0, "x": object()}))[0] is BYPASS
    assert (await world.ask(decision=DECISION._replace(upstream="gone by now")))[0] is BYPASS


async def test_a_long_request_is_keyed_like_any():
    body = ASKED.replace(b"hi", b"long " * 60_000)
    assert await World().results(body, body) == [MISS, HIT]


async def test_a_dialect_that_says_nothing_of_its_bodies_has_the_whole_of_them_keyed():
    world = World(dialect=object())
    other, same = ASKED[:-1] + b',"n":1}', ASKED[:-1] + b',"model":"auto","stream":false}'
    results = await world.results(ASKED, ASKED, other, other, same)
    assert results == [MISS, HIT, MISS, HIT, HIT]  # but for how it is delivered


LARGE = DECISION._replace(tier="complex", model="large", upstream="two")
BOTH = (
    Candidate(Deployment("one", "m"), "openai", "simple"),
    Candidate(Deployment("two", "large"), "ollama", "complex"),
)


async def test_what_a_larger_tier_answered_serves_a_smaller_one():
    world = World()
    first = await world.ask(decision=LARGE, candidates=BOTH[1:])
    again = await world.ask(candidates=BOTH)
    assert (first[0], again, world.asked) == (MISS, (HIT, first[1]), 1)
    decision = world.decision
    assert decision.place == ("complex", "large", "two")
    assert (decision.id, decision.provider, decision.cause) == ("dec-1", "ollama", Cause.SCORED)
    assert decision.reason == "why; complex had answered it before"


async def test_what_a_smaller_tier_answered_never_serves_a_larger_one():
    world = World()
    assert (await world.ask(candidates=BOTH))[0] is MISS
    assert (await world.ask(decision=LARGE, candidates=(*BOTH[1:], BOTH[0])))[0] is MISS


@pytest.mark.parametrize("tier", ["simple", "of its own"])
async def test_what_no_larger_tier_answered_serves_nobody_else(tier):
    world = World()
    other = Candidate(Deployment("two", "large"), "ollama", tier)
    await world.ask(decision=LARGE._replace(tier=tier))
    assert (await world.ask(candidates=(BOTH[0], other)))[0] is MISS


async def test_answers_are_kept_with_the_names_of_who_made_them():
    world = World()
    await world.ask(decision=LARGE)
    (stored,) = [found async for found in world.backend.stored(1_000)]
    assert made_by(stored.head) == ("complex", "large")


async def test_the_tiers_own_answer_comes_first():
    world = World()
    await world.ask()
    world.words = "of the large one"
    await world.ask(decision=LARGE)
    result, (raw,) = await world.ask(candidates=BOTH)
    assert (result, b"hello" in raw, world.decision.tier) == (HIT, True, "simple")


@pytest.mark.parametrize(
    ("settings", "decision", "candidates"),
    [
        ({"larger_tiers": False}, DECISION, BOTH),
        ({}, DECISION._replace(cause=Cause.FORCED), BOTH),
        ({}, DECISION._replace(tier=""), BOTH),
        ({}, DECISION, BOTH[:1]),  # the client may not use the larger one
    ],
)
async def test_who_is_not_to_be_answered_by_a_larger_tier_is_not(settings, decision, candidates):
    world = World(**settings)
    await world.ask(decision=LARGE)
    assert (await world.ask(decision=decision, candidates=candidates))[0] is MISS


async def test_a_hit_is_the_same_decision_and_took_no_upstream():
    world = World()
    await world.ask()
    request = DIALECT.parse(Operation.CHAT, ASKED)
    call = Call(request, DECISION, (), time.perf_counter())
    response = await world.step(call)
    assert response.decision is DECISION
    assert call.cache is not None
    assert (call.cache.level, call.upstream_seconds) == ("memory", 0.0)
    assert 0.0 < response.overhead_seconds <= time.perf_counter() - call.started_at
    assert (call.saved, call.spared) == (Usage(3, 4), DECISION.deployment)


class Refreshes(Refreshing):
    """Notes what it is to refresh."""

    def __init__(self):
        self.calls = []

    def begin(self, key, call):
        self.calls.append(call)


async def test_a_stale_answer_is_given_at_once_and_refreshed(monkeypatch):
    world = World(ttl_seconds=60.0, stale_seconds=40.0)
    world.step.refreshing = refreshes = Refreshes()
    now = time.time()
    monkeypatch.setattr("gearshift.pipeline.cache.time.time", lambda: now)
    first = await world.ask()
    for later in (0.0, 60.0):
        monkeypatch.setattr("gearshift.pipeline.cache.time.time", lambda: now + later)  # noqa: B023
        assert await world.ask() == (HIT, first[1])
    assert refreshes.calls == []
    later = 70.0
    assert await world.ask() == (HIT, first[1])
    (stale,) = refreshes.calls
    response = await world.step.anew(stale)
    await response.frames.aclose()
    assert await world.results(ASKED) == [HIT]
    assert (world.asked, len(refreshes.calls)) == (2, 1)


async def test_streams_have_the_pace_that_is_set(monkeypatch):
    world = World(replay_tokens_per_second=1_000.0)
    first = await world.ask(STREAMED)
    assert await world.ask(STREAMED) == (HIT, first[1])
