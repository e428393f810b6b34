"""Every request is reported once, whatever its end."""

import asyncio
import time

import pytest

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.recording import CLIENT_GONE, Recording
from gearshift.types import (
    Cause,
    ChatRequest,
    ChatResponse,
    Chunk,
    Decision,
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
    broken = UpstreamError("cut", fault=Fault.CUT_OFF)
    told: list[tuple[object, ...]] = []
    response = await answer(Frames(Frame(b"a", Chunk("a")), error=broken), events, broken=told)
    with pytest.raises(UpstreamError):
        await read(response.frames)
    await response.frames.aclose()
    assert told == [(DECISION.deployment, broken)]
    assert [(event.status, event.fault) for event in events] == [(502, "cut_off")]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UpstreamError("bad", fault=Fault.REJECTED, status=422), 422),
        (UpstreamError("down", fault=Fault.UNREACHABLE), 502),
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
