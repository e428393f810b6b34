"""Observed frames: each listener hears every frame and, once, of the end, whatever it is."""

import asyncio
import logging
from types import coroutine

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.pipelines import DECISION

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.streams import StreamEnd, observed, observed_response
from gearshift.types import ChatResponse, Chunk, CompleteResponse, Frame, FrameStream, Usage

BROKEN = UpstreamError("cut", fault=FailureKind.CUT_OFF)
SAID = Frame(b"a", Chunk("a"))


@coroutine
def for_ever():
    """Waits, in an event loop or without."""
    while True:
        yield


class Frames:
    """Frames by script; an exception in it is raised, `...` waits for ever."""

    def __init__(self, *script, closing=None):
        self.script = list(script)
        self.closing = closing
        self.closed = 0

    async def read(self):
        step = self.script.pop(0) if self.script else None
        if step is ...:
            await for_ever()
        if isinstance(step, BaseException):
            raise step
        return step

    async def aclose(self):
        self.closed += 1
        if self.closing is ...:
            await for_ever()
        if self.closing is not None:
            raise self.closing


async def read_all(frames):
    passed = []
    while (frame := await frames.read()) is not None:
        passed.append(frame)
    return passed


async def cancelled(reading):
    task = asyncio.create_task(reading)
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_answer_that_is_read_to_its_end_is_complete_and_released():
    inner = Frames(
        Frame(b"a", Chunk("a", usage=Usage(1, 1), load_seconds=2.0)),
        Frame(b": ping"),
        Frame(b"b", Chunk("b", usage=Usage(3, 4))),
    )
    script, passed, ends = list(inner.script), [], []
    frames = observed(inner, ends.append, passed.append)
    assert await read_all(frames) == passed == script
    assert ends == [StreamEnd(True, None, Usage(3, 4), 2.0)]
    assert inner.closed == 1
    await frames.aclose()
    assert await frames.read() is None
    assert (len(ends), inner.closed) == (1, 1)


@pytest.mark.parametrize("count", [0, 1])
async def test_an_answer_that_its_reader_closes_is_neither_complete_nor_broken(count):
    inner, passed, ends = Frames(SAID, SAID), [], []
    frames = observed(inner, ends.append, passed.append)
    for _ in range(count):
        await frames.read()
    await frames.aclose()
    assert passed == [SAID] * count
    assert ends == [StreamEnd()]
    assert await frames.read() is None
    assert inner.closed == 1


@pytest.mark.parametrize("error", [BROKEN, ZeroDivisionError()])
async def test_an_answer_that_breaks_off_is_told_with_its_error_which_the_reader_gets(error):
    inner, ends = Frames(SAID, error), []
    frames = observed(inner, ends.append)
    with pytest.raises(type(error)) as caught:
        await read_all(frames)
    assert caught.value is error
    await frames.aclose()
    assert ends == [StreamEnd(error=error)]
    assert inner.closed == 1


async def test_a_reader_who_is_cancelled_ends_the_answer_by_closing_it():
    ends = []
    frames = observed(Frames(SAID, ...), ends.append)
    await cancelled(read_all(frames))
    assert ends == []
    await frames.aclose()
    assert ends == [StreamEnd()]


@pytest.mark.parametrize("script", [(), (BROKEN,)], ids=["at its end", "broken"])
async def test_the_end_is_told_though_closing_is_cancelled(script):
    ends = []
    frames = observed(Frames(*script, closing=...), ends.append)
    await cancelled(frames.read())
    assert ends == [StreamEnd(not script, *script)]


async def test_the_end_is_told_though_closing_fails():
    ends = []
    frames = observed(Frames(SAID, closing=RuntimeError("a bug")), ends.append)
    with pytest.raises(RuntimeError):
        await frames.aclose()
    await frames.aclose()
    assert ends == [StreamEnd()]


async def test_an_answer_that_is_closed_while_it_is_read_ends_once():
    ends = []
    frames = observed(Frames(...), ends.append)
    reading = asyncio.create_task(frames.read())
    await asyncio.sleep(0)
    await frames.aclose()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert ends == [StreamEnd()]


async def test_two_observers_share_one_wrapper():
    first = observed(Frames(SAID), lambda end: None)
    assert observed(first, lambda end: None, lambda frame: None) is first
    response = ChatResponse(DECISION, "openai", first)
    assert observed_response(response, lambda end: None) is response
    bare, heard = response._replace(frames=Frames(SAID)), []
    assert await observed_response(bare, lambda end: None, heard.append).frames.read() == SAID
    assert heard == [SAID]


async def test_listeners_are_told_in_the_order_of_their_asking_and_late_ones_at_once():
    told: list[object] = []
    frames = observed(Frames(), lambda end: told.append(1))
    observed(frames, lambda end: told.append(2))
    await frames.read()
    observed(frames, lambda end: told.append(end), told.append)
    assert told == [1, 2, StreamEnd(is_complete=True)]


@pytest.mark.parametrize(
    ("chunk", "end"),
    [
        (None, StreamEnd(is_complete=True)),
        (Chunk("a", usage=Usage(1, 2), load_seconds=3.0), StreamEnd(True, None, Usage(1, 2), 3.0)),
    ],
)
def test_an_answer_in_one_piece_is_told_at_once_and_stays_what_it_is(chunk, end):
    whole, told = CompleteResponse(Frame(b"x", chunk)), []
    assert observed(whole, told.append, told.append) is whole
    assert told == [whole.frame, end]
    response = ChatResponse(DECISION, "openai", whole)
    assert observed_response(response, told.append) is response


@pytest.mark.parametrize("whole", [True, False])
async def test_a_listener_that_fails_disturbs_neither_the_others_nor_the_answer(whole, caplog):
    words = "my prompt"

    def fails(said):
        raise ValueError(words)

    told = []
    answer: FrameStream = CompleteResponse(SAID) if whole else Frames(SAID)
    frames = observed(answer, fails, fails)
    frames = observed(frames, told.append, told.append)
    with caplog.at_level(logging.ERROR):
        assert await read_all(frames) == [SAID]
    assert told == [SAID, StreamEnd(is_complete=True)]
    assert caplog.text.count("ValueError while observing an answer") == 2
    assert words not in caplog.text


USAGES = st.none() | st.integers(0, 9).map(Usage)
CHUNKS = st.none() | USAGES.map(lambda usage: Chunk(usage=usage))
FRAMES = CHUNKS.map(lambda chunk: Frame(b"x", chunk))
FOR_EVER = ...
ERRORS = st.sampled_from([None, BROKEN, TimeoutError(), KeyError("a bug"), FOR_EVER])
CLOSINGS = st.sampled_from([None, RuntimeError("a bug"), FOR_EVER])


class Listener:
    """Notes what it hears, with what all the others hear; one of them may fail each time."""

    def __init__(self, number, fails, told):
        self.number, self.fails, self.told = number, fails, told

    def __call__(self, said):
        self.told.append((self.number, said))
        if self.fails:
            raise ValueError


def step(reading):
    """What it comes to, without an event loop; it is cancelled where it has to wait."""
    try:
        reading.send(None)
        reading.throw(asyncio.CancelledError())
    except StopIteration as end:
        return end.value
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("it goes on though it was cancelled")


@given(
    said=st.lists(FRAMES, max_size=4),
    error=ERRORS,
    closing=CLOSINGS,
    reads=st.integers(0, 7),
    closes=st.integers(0, 2),
    listeners=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=3),
)
def test_each_listener_hears_every_frame_and_then_the_end_once_and_in_order(
    said, error, closing, reads, closes, listeners
):
    told = []
    frames: FrameStream = Frames(*said, *([error] if error else []), closing=closing)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gearshift.pipeline.streams.log_internal_error", lambda *_: None)
        for number, (hears_frames, fails) in enumerate(listeners):
            listen = Listener(number, fails, told)
            frames = observed(frames, listen, listen if hears_frames else None)
        passed = [step(frames.read()) for _ in range(reads)]
        for _ in range(closes):
            step(frames.aclose())

    passed = [frame for frame in passed if isinstance(frame, Frame)]
    assert passed == said[:reads]
    listening = [number for number, (hears_frames, _) in enumerate(listeners) if hears_frames]
    heard = [(number, frame) for frame in passed for number in listening]
    is_over = closes > 0 or reads > len(said) + (error is FOR_EVER)
    usages = [frame.chunk.usage for frame in passed if frame.chunk and frame.chunk.usage]
    failed = error if reads > len(said) and error is not FOR_EVER else None
    is_complete = reads > len(said) + (error is FOR_EVER) and failed is None
    end = StreamEnd(is_complete, failed, usages[-1] if usages else None)
    assert told == heard + [(number, end) for number in range(len(listeners)) if is_over]
