"""Identical requests at once: one is asked, each has it in its dialect and form, errors are few."""

import asyncio

import pytest
from tests.unit.pipeline.test_cache import ASKED, DECISION, DIALECT, STREAMED, World

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import CacheResult, Cause, Deployment, Operation, Usage

HIT, MISS, BYPASS = CacheResult
OLLAMA = OllamaDialect()
SILENT = ASKED[:-1] + b',"stream":true}'  # its stream tells no tokens
ASKED_OLLAMA = (
    b'{"messages":[{"role":"user","content":"hi"}],"options":{"temperature":0},"stream":%s}'
)


class Busy(World):
    """A world whose upstream answers when it may, and fails while there are errors to fail with."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.may_begin = asyncio.Event()
        self.errors = []
        self.upstream_dialect = "openai"
        self.step._specifics["ollama"] = OLLAMA.specifics

    async def answer(self, call):
        error = self.errors.pop(0) if self.errors else None
        await self.may_begin.wait()
        if error is not None:
            self.asked += 1
            raise error
        return (await super().answer(call))._replace(dialect=self.upstream_dialect)

    def begin(self, body=ASKED, dialect=DIALECT, candidates=(), decision=DECISION, **noted):
        request = dialect.parse(Operation.CHAT, body)
        for name, value in noted.items():
            setattr(request, name, value)
        call = Call(request, decision, candidates, 998.0)
        return call, asyncio.create_task(self._answered(call))

    async def _answered(self, call):
        response = await self.step(call)
        assert response.decision is call.decision
        texts = []
        try:
            while (frame := await response.frames.read()) is not None:
                texts.append(frame.chunk.content if frame.chunk else "")
        finally:
            await response.frames.aclose()
        return response, "".join(texts)

    async def all(self, *begun):
        await settle()
        self.may_begin.set()
        return [
            (response.cache, text, response.dialect)
            for response, text in await asyncio.gather(*(task for _, task in begun))
        ]


async def settle():
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def world():
    return Busy()


@pytest.mark.parametrize(
    ("body", "text", "completion"), [(ASKED, "hello", 4), (STREAMED, "one", 2)]
)
async def test_a_thousand_at_once_are_one(world, body, text, completion):
    begun = [world.begin(body) for _ in range(1_000)]
    answers = await world.all(*begun)
    assert world.asked == 1
    assert answers[0] == (MISS, text, "openai")
    assert set(answers[1:]) == {(HIT, text, "openai")}
    assert {call.cache for call, _ in begun[1:]} == {("inflight", HIT)}
    assert [call.is_from_cache for call, _ in begun] == [False] + 999 * [True]
    assert {call.saved for call, _ in begun[1:]} == {Usage(3, completion)}
    assert begun[0][0].saved is None
    assert (await world.ask(body))[0] is HIT


@pytest.mark.parametrize("body", [ASKED, STREAMED])
async def test_each_has_it_in_its_own_form(world, body):
    said = "hello" if body is ASKED else "one"
    begun = [
        world.begin(body),
        world.begin(ASKED),
        world.begin(STREAMED),
        world.begin(SILENT),
        world.begin(ASKED_OLLAMA % b"true", OLLAMA),
        world.begin(ASKED_OLLAMA % b"false", OLLAMA),
    ]
    answers = await world.all(*begun)
    assert world.asked == 1
    assert {call.cache for call, _ in begun[1:]} == {("inflight", HIT)}
    assert [text for _, text, _ in answers] == [said] * 6
    assert [result for result, _, _ in answers] == [MISS] + [HIT] * 5
    assert [dialect for *_, dialect in answers[3:]] == [""] * 3


async def test_what_a_stream_does_not_tell_is_asked_for(world):
    world.may_end.clear()
    world.may_begin.set()
    begun = [world.begin(SILENT), world.begin(STREAMED), world.begin(SILENT)]
    await settle()
    world.may_end.set()
    answers = await world.all(*begun)
    assert [result for result, *_ in answers] == [MISS, MISS, HIT]


async def test_what_was_kept_meanwhile_is_not_asked_for_again(world):
    begun = [world.begin(SILENT), world.begin(STREAMED)]  # which cannot be made of the other one
    assert [result for result, *_ in await world.all(*begun)] == [MISS, HIT]
    assert world.asked == 1
    assert begun[1][0].cache == ("memory", HIT)


async def test_a_stream_comes_as_it_comes(world):
    world.may_end.clear()
    world.may_begin.set()
    _, first = world.begin(STREAMED)
    await settle()
    request = DIALECT.parse(Operation.CHAT, STREAMED)
    call = Call(request, DECISION, (), 998.0)
    response = await world.step(call)
    assert (await response.frames.read()).chunk.content == "one"
    first.cancel()
    await settle()
    assert not call.is_from_cache  # the tokens are its own now
    assert call.cache == ("memory", MISS)
    world.may_end.set()
    while await response.frames.read() is not None:
        pass
    await response.frames.aclose()
    assert (await world.ask(STREAMED))[0] is HIT


async def test_one_that_takes_over_before_the_answer_comes_is_no_hit(world):
    (_, first), (call, second) = world.begin(), world.begin()
    await settle()
    first.cancel()
    await settle()
    world.may_begin.set()
    response, text = await second
    assert (text, response.cache, call.cache) == ("hello", MISS, ("memory", MISS))
    assert (call.saved, world.asked) == (None, 1)


def several(body, count):
    return body[:-1] + b',"n":%d}' % count


UNTOLD = STREAMED.replace(b"true}}", b"false}}")


@pytest.mark.parametrize(
    ("body", "dialect", "other", "upstream", "result"),
    [
        (STREAMED, DIALECT, SILENT, "openai", HIT),
        (UNTOLD, DIALECT, STREAMED, "openai", MISS),
        (SILENT, DIALECT, STREAMED, "openai", MISS),
        (SILENT, DIALECT, STREAMED, "ollama", HIT),
        (ASKED_OLLAMA % b"true", OLLAMA, STREAMED, "openai", HIT),
        (several(STREAMED, 1), DIALECT, several(SILENT, 1), "openai", HIT),
        (several(STREAMED, 2), DIALECT, several(SILENT, 2), "openai", MISS),
        (several(STREAMED, 2), DIALECT, several(STREAMED, 2), "openai", HIT),
    ],
)
async def test_a_stream_is_translated_where_its_pieces_say_all(
    world, body, dialect, other, upstream, result
):
    world.upstream_dialect = upstream
    world.may_begin.set()
    world.may_end.clear()
    begun = [world.begin(body, dialect), world.begin(other)]
    await settle()
    world.may_end.set()
    answers = await world.all(*begun)
    assert [(found, text) for found, text, _ in answers] == [(MISS, "one"), (result, "one")]


@pytest.mark.parametrize("body", [ASKED, STREAMED])
async def test_a_failure_is_asked_once_more_by_one_of_them(world, body):
    world.errors = [UpstreamError("broken", fault=FailureKind.FAILED)]
    begun = [world.begin(body) for _ in range(100)]
    await settle()
    world.may_begin.set()
    (_, first), *others = begun
    await asyncio.wait([first])
    assert isinstance(first.exception(), UpstreamError)
    answers = await asyncio.gather(*(task for _, task in others))
    assert [response.cache for response, _ in answers] == [MISS] + [HIT] * 98
    assert world.asked == 2


async def test_one_that_goes_on_failing_is_not_asked_by_all(world):
    world.errors = [UpstreamError(f"{number}", fault=FailureKind.FAILED) for number in range(9)]
    begun = [world.begin() for _ in range(100)]
    await settle()
    world.may_begin.set()
    results = await asyncio.gather(*(task for _, task in begun), return_exceptions=True)
    assert [str(result) for result in results] == ["0"] + ["1"] * 99
    assert world.asked == 2
    assert {call.cache.result for call, _ in begun} == {MISS}
    assert not any(call.is_from_cache for call, _ in begun)


async def test_whole_answers_are_asked_for_again_where_a_stream_breaks_off(world):
    world.error = UpstreamError("gone", fault=FailureKind.CUT_OFF)
    _, first = world.begin(STREAMED)
    _, second = world.begin(ASKED)
    await settle()
    world.may_begin.set()
    await asyncio.wait([first])
    world.error = None
    assert str(first.exception()) == "gone"
    await asyncio.wait([second])


@pytest.mark.parametrize(
    ("settings", "noted", "results"),
    [
        ({}, {"cache_control": "no-cache"}, [MISS, MISS]),
        ({}, {"cache_control": "no-store"}, [BYPASS, BYPASS]),
        ({}, {"options": {"temperature": 1}}, [BYPASS, BYPASS]),
        ({}, {"options": {"temperature": 0, "tools": [{"type": "function"}]}}, [MISS, MISS]),
        (
            {"tool_calls": True},
            {"options": {"temperature": 0, "tools": [{"type": "function"}]}},
            [MISS, HIT],
        ),
    ],
)
async def test_what_may_not_be_kept_is_not_shared(settings, noted, results):
    world = Busy(**settings)
    answers = await world.all(world.begin(**noted), world.begin(**noted))
    assert [result for result, *_ in answers] == results


async def test_scopes_do_not_share(world):
    answers = await world.all(*(world.begin(cache_scope=scope) for scope in "ab"))
    assert [result for result, *_ in answers] == [MISS, MISS]


async def test_a_fallback_is_everybodys_who_may_use_it(world):
    world.answered_by = {
        "model": "large", "upstream": "two", "tier": "complex", "provider": "ollama",
        "fallback": "simple->complex", "cause": Cause.FALLBACK, "reason": "one was down",
    }  # fmt: skip
    own = DECISION._replace(id="own", reason="the rules say so")
    both = tuple(
        Candidate(Deployment(*place), "openai", "t") for place in (("one", "m"), ("two", "large"))
    )
    begun = [
        world.begin(),
        world.begin(candidates=both, decision=own),
        world.begin(candidates=both[:1]),
    ]
    answers = await world.all(*begun)
    assert [result for result, *_ in answers] == [MISS, HIT, MISS]
    assert begun[1][0].decision == own._replace(**world.answered_by)
    assert begun[1][0].spared == Deployment("one", "m")


async def test_who_may_not_use_the_fallback_does_not_wait_for_its_end(world):
    world.answered_by = {"model": "large", "upstream": "two"}
    world.may_begin.set()
    world.may_end.clear()
    _, first = world.begin(STREAMED)
    await settle()
    _, second = world.begin(ASKED)
    await settle()
    assert (world.asked, second.done(), first.done()) == (2, True, False)
    world.may_end.set()
    await first


async def test_each_goes_on_with_a_decision_of_its_own(world):
    begun = [world.begin(decision=DECISION._replace(id=name)) for name in "ab"]
    await world.all(*begun)
    assert [task.result()[0].decision.id for _, task in begun] == ["a", "b"]


class Clock:
    """Stands still unless it is set."""

    def __init__(self):
        self.now = 1_000.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("gearshift.pipeline.joined.time", clock)
    return clock


async def test_the_time_that_it_waits_is_the_upstreams(world, clock):
    _, first = world.begin()
    await settle()
    call, second = world.begin()
    await settle()
    clock.now += 30.0
    world.may_begin.set()
    response, _ = await second
    await first
    assert (call.upstream_seconds, response.overhead_seconds) == (30.0, 2.0)


async def test_so_is_the_time_that_it_waited_for_a_failure(world, clock):
    world.errors = [UpstreamError("broken", fault=FailureKind.FAILED)]
    begun = [world.begin() for _ in range(3)]
    await settle()
    clock.now += 30.0
    world.may_begin.set()
    tasks = [task for _, task in begun]
    await asyncio.wait(tasks)
    assert isinstance(tasks[0].exception(), UpstreamError)
    assert [call.upstream_seconds for call, _ in begun] == [0.0, 30.0, 30.0]
    assert tasks[2].result()[0].overhead_seconds == 2.0
