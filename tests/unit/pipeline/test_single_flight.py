"""A shared answer: one for many, each from its start and at its pace, whoever leaves."""

import asyncio
import time

import pytest
from tests.unit.pipeline.test_cache import ASKED, DECISION, DIALECT

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.single_flight import _FRAME_BYTES, SingleFlight
from gearshift.types import ChatResponse, Chunk, CompleteResponse, Frame, Operation

FAILED = UpstreamError("broken", fault=FailureKind.FAILED)


class Upstream:
    """A stream that comes as a test lets it come."""

    def __init__(self):
        self.asked = 0
        self.is_closed = False
        self.frames = asyncio.Queue()
        self.begins = asyncio.Event()
        self.begins.set()

    async def ask(self):
        self.asked += 1
        await self.begins.wait()
        return ChatResponse(DECISION, "openai", self)

    def say(self, *texts):
        for text in texts:
            self.frames.put_nowait(Frame(text.encode(), Chunk(text)))

    async def read(self):
        frame = await self.frames.get()
        if isinstance(frame, Exception):
            raise frame
        return frame

    async def aclose(self):
        self.is_closed = True


def call():
    return Call(DIALECT.parse(Operation.CHAT, ASKED), DECISION, (), time.perf_counter())


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
def heirs():
    return []


@pytest.fixture
def single_flight(heirs):
    return SingleFlight(10_000, heirs.append)


async def text_of(frames):
    text = b""
    while (frame := await frames.read()) is not None:
        text += frame.raw
    await frames.aclose()
    return text


async def join(single_flight):
    reader = single_flight.find("k").join(call())
    await reader.answer()
    return reader


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_everybody_gets_all_of_it_from_its_start(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    upstream.say("one ", "two ")
    assert (await first.read()).raw == b"one "
    second = await join(single_flight)
    upstream.say("three")
    upstream.frames.put_nowait(None)
    assert await text_of(second) == b"one two three"
    assert await text_of(first) == b"two three"
    assert (upstream.asked, upstream.is_closed, single_flight.find("k")) == (1, True, None)


async def test_whoever_leaves_does_not_end_it_but_the_last(single_flight, upstream, heirs):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    second, third = await join(single_flight), await join(single_flight)
    upstream.say("one")
    await second.read()
    await first.aclose()
    await first.aclose()
    assert heirs == [second.call]  # who has read most
    await second.aclose()
    assert heirs == [second.call, third.call]
    assert not upstream.is_closed
    await third.aclose()
    assert upstream.is_closed
    assert single_flight.find("k") is None


async def test_the_first_may_leave_before_anything_has_come(single_flight, upstream):
    upstream.begins.clear()
    first = asyncio.create_task(single_flight.lead("k", call(), upstream.ask))
    await settle()
    second = asyncio.create_task(join(single_flight))
    await settle()
    first.cancel()
    await asyncio.wait([first])
    upstream.begins.set()
    upstream.say("one")
    upstream.frames.put_nowait(None)
    assert await text_of(await second) == b"one"


async def test_nobody_left_before_anything_has_come_ends_it(single_flight, upstream):
    upstream.begins.clear()
    first = asyncio.create_task(single_flight.lead("k", call(), upstream.ask))
    await settle()
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    assert single_flight.find("k") is None


async def test_one_that_never_begins_is_forgotten(single_flight, upstream):
    leading = single_flight.lead("k", call(), upstream.ask)
    leading.send(None)
    single_flight.find("k").task.cancel()  # before its first turn
    await settle()
    with pytest.raises(UpstreamError, match=r"^it was given up$"):
        leading.send(None)
    assert (upstream.asked, single_flight.find("k")) == (0, None)


async def test_one_that_is_given_up_halfway_is_not_taken_for_a_whole_one(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    upstream.say("one")
    assert (await first.read()).raw == b"one"
    single_flight.find("k").task.cancel()
    with pytest.raises(UpstreamError, match=r"^it was given up$"):
        await first.read()
    await first.aclose()
    assert (upstream.is_closed, single_flight.find("k")) == (True, None)


async def test_a_failure_is_everybodys_and_nobody_joins_it(single_flight, upstream):
    upstream.begins.clear()

    async def fail():
        await upstream.begins.wait()
        raise FAILED

    first = asyncio.create_task(single_flight.lead("k", call(), fail))
    await settle()
    second = asyncio.create_task(join(single_flight))
    await settle()
    upstream.begins.set()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert results[0] is results[1] is FAILED
    assert single_flight.find("k") is None


async def test_one_that_breaks_off_breaks_off_after_what_has_come(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    second = await join(single_flight)
    upstream.say("one")
    upstream.frames.put_nowait(FAILED)
    for reader in (first, second):
        assert (await reader.read()).raw == b"one"
        with pytest.raises(UpstreamError, match="broken"):
            await reader.read()
        await reader.aclose()
    assert upstream.is_closed


async def test_a_whole_answer_is_for_everybody(single_flight):
    frame = Frame(b"{}", Chunk("x"))
    begins = asyncio.Event()

    async def ask():
        await begins.wait()
        return ChatResponse(DECISION, "openai", CompleteResponse(frame))

    first = asyncio.create_task(single_flight.lead("k", call(), ask))
    await settle()
    second = single_flight.find("k").join(call())
    begins.set()
    assert (await first).frames.frame is frame
    assert await second.all() == [frame]


async def test_a_slow_reader_of_a_short_answer_loses_nothing(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    second = await join(single_flight)
    upstream.say(*"abc")
    upstream.frames.put_nowait(None)
    assert await text_of(first) == b"abc"
    assert await text_of(second) == b"abc"


async def test_an_answer_is_held_up_to_the_last_byte_that_may_be(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    upstream.say(*["x" * (1_000 - _FRAME_BYTES)] * 10)
    for _ in range(10):
        await first.read()
    await settle()
    assert single_flight.find("k") is not None
    upstream.say("x")
    await first.read()
    await settle()
    assert single_flight.find("k") is None
    await first.aclose()


async def test_of_a_long_answer_only_so_much_is_held(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    slow = await join(single_flight)
    upstream.say(*["x" * 1_000] * 50)
    upstream.frames.put_nowait(None)
    await settle()
    for read in range(1, 30):
        assert 50 - upstream.frames.qsize() < read + 10_000 / 1_500 + 1
        await first.read()
        await settle()
    total = await text_of(first)  # who pays is not slowed down
    assert len(total) == 50_000 - 29_000
    told = "^the answer is longer than what is held for readers as slow as this one$"
    with pytest.raises(UpstreamError, match=told):
        await text_of(slow)


async def test_nobody_joins_what_has_lost_its_beginning(single_flight, upstream):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    upstream.say(*["x" * 1_000] * 20)
    for _ in range(15):
        await first.read()
    await settle()
    assert single_flight.find("k") is None
    other = Upstream()
    other.say("one")
    other.frames.put_nowait(None)
    assert await text_of((await single_flight.lead("k", call(), other.ask)).frames) == b"one"
    await first.aclose()


async def test_a_slow_one_takes_over_a_long_answer_and_sets_the_pace(
    single_flight, upstream, heirs
):
    first = (await single_flight.lead("k", call(), upstream.ask)).frames
    second = await join(single_flight)
    upstream.say(*["x" * 1_000] * 30)
    upstream.frames.put_nowait(None)
    await settle()
    await first.aclose()
    assert heirs == [second.call]
    assert len(await text_of(second)) == 30_000


async def test_chunks_alone_for_another_form(single_flight, upstream):
    await single_flight.lead("k", call(), upstream.ask)
    second = await join(single_flight)
    second.as_chunks()
    upstream.frames.put_nowait(Frame(b": comment"))
    upstream.say("one")
    frame = await second.read()
    assert (frame.raw, frame.chunk) == (b"", Chunk("one"))
    await second._shared.leave(second._shared._readers[0])
    await second.aclose()
