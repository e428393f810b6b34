"""Every request is reported once, whatever its end."""

import asyncio
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.recording import CLIENT_GONE, Recording
from gearshift.telemetry.events import RequestFinished
from gearshift.types import (
    CacheResult,
    CacheUse,
    Cause,
    ChatRequest,
    ChatResponse,
    Chunk,
    CompleteResponse,
    Decision,
    Deployment,
    Frame,
    Operation,
    Usage,
)

DECISION = Decision(
    "dec-1", 0.0, "simple", "small", "one", "openai", 1.0, {}, {}, "why", Cause.SCORED,
    "rule", "1", 3.0, "hash",
)  # fmt: skip


class Frames:
    def __init__(self, *frames, error=None):
        self.frames = list(frames)
        self.error = error
        self.closed = False

    async def read(self):
        if self.frames:
            return self.frames.pop(0)
        if self.error:
            raise self.error
        return None

    async def aclose(self):
        self.closed = True


def call():
    messages = [{"role": "user", "content": "secret words"}]
    request = ChatRequest("openai", Operation.CHAT, "auto", messages, stream=True)
    return Call(request, DECISION, (), time.perf_counter())


async def read(frames):
    said = []
    while (frame := await frames.read()) is not None:
        said.append(frame.raw)
    return said


async def answer(frames, events, *, with_prompts=False, broken=None):
    async def inner(call):
        return ChatResponse(call.decision, "openai", frames, 0.001)

    note = (broken if broken is not None else []).append
    recording = Recording(
        inner, [events.append], lambda *said: note(said), with_prompts=with_prompts
    )
    return await recording(call())


@pytest.mark.parametrize(
    ("frames", "is_read", "count"),
    [
        (Frames(Frame(b"a", Chunk("a"))), True, 1),
        (Frames(Frame(b"a", Chunk("a"))), False, 0),
        (Frames(error=UpstreamError("gone", fault=FailureKind.CUT_OFF)), True, 0),
    ],
    ids=["to its end", "given up", "broken off"],
)
async def test_only_an_answer_that_comes_to_its_end_is_complete(frames, is_read, count):
    async def inner(call):
        return ChatResponse(call.decision, "openai", frames, 0.001)

    complete = []
    recording = Recording(inner, [], lambda *_: None, complete.append, with_prompts=False)
    answered = await recording(call())
    if is_read:
        with suppress(UpstreamError):
            await read(answered.frames)
    await answered.frames.aclose()
    assert complete == [DECISION.deployment] * count


async def test_a_whole_answer_is_reported_when_its_last_frame_has_gone_out():
    events = []
    usage = Usage(5, 7)
    frames = Frames(Frame(b"a", Chunk("a")), Frame(b"b", Chunk(usage=usage)))
    response = await answer(frames, events)
    assert events == []
    assert await read(response.frames) == [b"a", b"b"]
    await response.frames.aclose()
    (event,) = events
    assert (event.status, event.usage, event.fault, event.prompt) == (200, usage, None, None)
    assert event.overhead_seconds == 0.001
    assert frames.closed


async def test_a_client_that_goes_away_is_reported_and_the_upstream_closed():
    events = []
    frames = Frames(Frame(b"a", Chunk("a")), Frame(b"b"))
    response = await answer(frames, events)
    await response.frames.read()
    await response.frames.aclose()
    assert [event.status for event in events] == [CLIENT_GONE]
    assert frames.closed


async def test_a_stream_that_breaks_is_reported_with_its_fault():
    events = []
    broken = UpstreamError("cut", fault=FailureKind.CUT_OFF)
    told: list[tuple[object, ...]] = []
    response = await answer(Frames(Frame(b"a", Chunk("a")), error=broken), events, broken=told)
    with pytest.raises(UpstreamError):
        await read(response.frames)
    await response.frames.aclose()
    assert told == [(DECISION.deployment, broken)]
    assert [(event.status, event.fault) for event in events] == [(502, "cut_off")]


async def test_a_bug_in_the_midst_of_an_answer_is_not_the_clients_going_away():
    events, told = [], []
    response = await answer(Frames(Frame(b"a"), error=ZeroDivisionError()), events, broken=told)
    with pytest.raises(ZeroDivisionError):
        await read(response.frames)
    await response.frames.aclose()
    assert [(event.status, event.fault) for event in events] == [(500, "internal")]
    assert told == []  # it says nothing of the deployment


async def test_an_answer_whose_closing_is_cancelled_is_reported():
    class Stuck(Frames):
        async def aclose(self):
            await asyncio.Event().wait()

    events = []
    response = await answer(Stuck(Frame(b"a")), events)
    closing = asyncio.create_task(response.frames.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with suppress(asyncio.CancelledError):
        await closing
    assert [event.status for event in events] == [CLIENT_GONE]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UpstreamError("bad", fault=FailureKind.REJECTED, status=422), 422),
        (UpstreamError("down", fault=FailureKind.UNREACHABLE), 502),
        (ZeroDivisionError(), 500),
        (asyncio.CancelledError(), CLIENT_GONE),
    ],
)
async def test_a_failure_before_the_first_content_is_reported(error, status):
    events = []

    async def inner(call):
        raise error

    with pytest.raises(type(error)):
        await Recording(inner, [events.append], lambda *_: None, with_prompts=False)(call())
    assert [event.status for event in events] == [status]


async def test_the_prompt_is_told_only_where_a_setting_says_so():
    events = []
    response = await answer(Frames(Frame(b"a")), events, with_prompts=True)
    await read(response.frames)
    assert events[0].prompt == "secret words"


# --- what is told, field by field, by a clock that tests move


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr("gearshift.pipeline.recording.time", clock)
    return clock


MESSAGES = [
    {"role": "user", "content": "first"},
    {"role": "user", "content": "secret words"},
    {"role": "assistant", "content": "said"},
]
FAILED = UpstreamError("my prompt", fault=FailureKind.FAILED)


def whole_call(*, stream=False, messages=MESSAGES):
    request = ChatRequest(
        "ollama", Operation.CHAT, "auto", messages, stream=stream, client="team",
        headers={"traceparent": "00-1", "tracestate": "x"},
    )  # fmt: skip
    return Call(
        request, DECISION, (), 98.0,
        scoring_seconds=0.25, upstream_seconds=0.5, attempts=[("one/small", FAILED)],
    )  # fmt: skip


def recorded(inner, *, with_prompts=False):
    """A recording with two sinks and who is told of broken answers; what they are told."""
    told: list[list[object]] = [[], [], []]
    sinks = [told[0].append, told[1].append]
    broke_off = lambda *said: told[2].append(said)  # noqa: E731
    return Recording(inner, sinks, broke_off, with_prompts=with_prompts), told


def expected(**changes):
    usual = RequestFinished(
        decision=DECISION, dialect="ollama", status=200, streamed=False, duration_seconds=2.0,
        first_token_seconds=2.0, overhead_seconds=0.125, scoring_seconds=0.25,
        attempts=(("one/small", "failed"),), client="team", trace_parent="00-1",
        messages=MESSAGES,
    )  # fmt: skip
    return usual._replace(**changes)


@pytest.mark.parametrize("with_prompts", [False, True])
@pytest.mark.parametrize("chunk", [None, Chunk("x", usage=Usage(5, 7), load_seconds=3.0)])
async def test_an_answer_in_one_piece_is_told_at_once(clock, chunk, with_prompts):
    answer = CompleteResponse(Frame(b"x", chunk))

    async def inner(call):
        return ChatResponse(call.decision, "openai", answer, 0.125)

    recording, (one, two, broken) = recorded(inner, with_prompts=with_prompts)
    response = await recording(whole_call())
    assert response.frames is answer
    said = {"usage": chunk.usage, "load_seconds": 3.0} if chunk else {}
    assert one == two == [expected(**said, prompt="secret words" if with_prompts else None)]
    assert broken == []


async def test_a_stream_is_told_at_its_end_with_the_last_that_it_said(clock):
    frames = Frames(
        Frame(b"a", Chunk("a", usage=Usage(1, 1), load_seconds=3.0)),
        Frame(b"b"),
        Frame(b"c", Chunk("c", usage=Usage(5, 7))),
        Frame(b"d", Chunk("d")),
    )

    async def inner(call):
        clock.now += 1.0
        return ChatResponse(call.decision, "openai", frames, 0.125)

    recording, (one, two, broken) = recorded(inner)
    response = await recording(whole_call(stream=True))
    assert (response.decision, response.dialect) == (DECISION, "openai")
    clock.now += 4.0
    assert await read(response.frames) == [b"a", b"b", b"c", b"d"]
    await response.frames.read()  # once more behind the end
    await response.frames.aclose()
    assert (
        one
        == two
        == [
            expected(
                streamed=True,
                duration_seconds=7.0,
                first_token_seconds=3.0,
                usage=Usage(5, 7),
                load_seconds=3.0,
            )
        ]
    )
    assert broken == []


@pytest.mark.parametrize(
    ("error", "status", "fault"),
    [
        (UpstreamError("slow", fault=FailureKind.TIMEOUT), 504, "timeout"),
        (RequestError("wrong"), 400, None),
        (ZeroDivisionError(), 500, "internal"),
        (asyncio.CancelledError(), CLIENT_GONE, None),
    ],
)
@pytest.mark.parametrize("upstream_seconds", [0.5, 50.0])
async def test_a_failure_is_told_with_its_fault_and_without_what_never_was(
    clock, error, status, fault, upstream_seconds
):
    async def inner(call):
        clock.now += 1.0
        raise error

    recording, (one, two, broken) = recorded(inner)
    asked = whole_call()
    asked.upstream_seconds = upstream_seconds
    with pytest.raises(type(error)):
        await recording(asked)
    assert (
        one
        == two
        == [
            expected(
                status=status,
                fault=fault,
                duration_seconds=3.0,
                first_token_seconds=None,
                overhead_seconds=max(0.0, 3.0 - upstream_seconds),
            )
        ]
    )
    assert broken == []


async def test_an_answer_that_breaks_off_is_told_with_its_fault_and_to_who_keeps_the_circuits(
    clock,
):
    error = UpstreamError("slow", fault=FailureKind.TIMEOUT)

    async def inner(call):
        return ChatResponse(call.decision, "openai", Frames(Frame(b"a"), error=error), 0.125)

    recording, (one, _, broken) = recorded(inner)
    response = await recording(whole_call(stream=True))
    with pytest.raises(UpstreamError):
        await read(response.frames)
    await response.frames.aclose()
    assert one == [expected(streamed=True, status=504, fault="timeout")]
    assert broken == [(DECISION.deployment, error)]


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        (MESSAGES, "secret words"),
        ([{"role": "system", "content": "be good"}], ""),
        ([], ""),
        ([{"role": "user", "content": [{"type": "text"}]}], "[{'type': 'text'}]"),
        ([{"content": "of nobody"}], ""),
    ],
)
async def test_the_prompt_is_the_last_that_the_user_said(clock, messages, prompt):
    async def inner(call):
        return ChatResponse(call.decision, "openai", CompleteResponse(Frame(b"x")), 0.125)

    recording, (one, *_) = recorded(inner, with_prompts=True)
    await recording(whole_call(messages=messages))
    assert [event.prompt for event in one] == [prompt]


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_hit_costs_nothing_and_tells_nothing_of_its_deployment(is_whole):
    events, completed = [], []
    chunk = Chunk("a", usage=Usage(3, 4), load_seconds=9.0)
    frame = Frame(b"a", chunk)

    async def inner(call):
        call.cache, call.is_from_cache = CacheUse("memory", CacheResult.HIT), True
        call.saved, call.spared = Usage(3, 4), Deployment("one", "small")
        frames = CompleteResponse(frame) if is_whole else Frames(frame)
        return ChatResponse(call.decision, "openai", frames)

    recording = Recording(
        inner, [events.append], lambda *_: None, completed.append, with_prompts=False
    )
    response = await recording(call())
    await read(response.frames)
    await response.frames.aclose()
    (event,) = events
    assert (event.status, event.usage, event.load_seconds) == (200, Usage(), None)
    assert event.cache == ("memory", "hit")
    assert event.is_hit
    assert (event.saved, event.spared) == (Usage(3, 4), Deployment("one", "small"))
    assert completed == []


async def test_what_was_kept_of_an_answer_is_saved_and_only_the_rest_was_worked_on():
    events = []

    async def inner(call):
        call.cache, call.saved = CacheUse("memory", CacheResult.MISS), Usage(3, 0)
        frames = CompleteResponse(Frame(b"a", Chunk("a", usage=Usage(10, 0))))
        return ChatResponse(call.decision, "openai", frames)

    await Recording(inner, [events.append], lambda *_: None, with_prompts=False)(call())
    assert (events[0].usage, events[0].saved) == (Usage(7, 0), Usage(3, 0))
    assert not events[0].is_hit


async def test_a_hit_that_nobody_read_to_its_end_has_saved_nothing():
    events = []

    async def inner(call):
        call.cache, call.is_from_cache = CacheUse("memory", CacheResult.HIT), True
        call.saved = Usage(3, 4)
        return ChatResponse(call.decision, "openai", Frames(Frame(b"a"), Frame(b"b")))

    recording = Recording(inner, [events.append], lambda *_: None, with_prompts=False)
    response = await recording(call())
    await response.frames.read()
    await response.frames.aclose()
    assert (events[0].usage, events[0].saved) == (Usage(), None)


@pytest.mark.parametrize("is_background", [True, False])
async def test_what_is_done_in_the_background_is_no_use_of_the_cache(is_background):
    used = CacheUse("memory", CacheResult.MISS)

    async def inner(call):
        call.cache = used
        return ChatResponse(call.decision, "openai", CompleteResponse(Frame(b"a", Chunk("a"))))

    recording, (events, _, _) = recorded(inner)
    begun = call()
    begun.is_background = is_background
    await recording(begun)
    (event,) = events
    assert (event.is_background, event.cache) == (is_background, None if is_background else used)


async def test_what_the_cache_did_is_told_of_failures_too():
    events = []

    async def inner(call):
        call.cache = CacheUse("memory", CacheResult.MISS)
        raise UpstreamError("broken", fault=FailureKind.FAILED)

    recording = Recording(inner, [events.append], lambda *_: None, with_prompts=False)
    with pytest.raises(UpstreamError):
        await recording(call())
    assert events[0].cache == ("memory", "miss")
