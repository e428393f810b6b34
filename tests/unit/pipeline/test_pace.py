"""Kept answers at a pace: nothing is lost, and the pauses are those of the tokens."""

import pytest

from gearshift.pipeline.pace import Paced
from gearshift.types import Chunk, CompleteResponse, Frame, Timings, ToolCall, Usage


class Frames:
    """Frames that are there."""

    def __init__(self, *frames):
        self.frames = [*frames]
        self.is_closed = False

    async def read(self):
        return self.frames.pop(0) if self.frames else None

    async def aclose(self):
        self.is_closed = True


async def read(*frames, rate=10.0):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    paced = Paced(Frames(*frames), rate, sleep)
    read = []
    while (frame := await paced.read()) is not None:
        read.append(frame)
    return read, pauses


async def test_the_first_comes_at_once_and_each_after_the_time_of_the_one_before():
    frames = [
        Frame(b"1", Chunk("abcd")),
        Frame(b": alive"),
        Frame(b"2", Chunk(reasoning="x" * 40)),
        Frame(b"3", Chunk("a")),
        Frame(b"4", Chunk(finish_reason="stop")),
    ]
    read_, pauses = await read(*frames)
    assert read_ == frames
    assert pauses == pytest.approx([0.1, 1.0, 0.1])


async def test_what_has_no_bytes_of_its_own_is_said_word_by_word():
    whole = Chunk("One two  three.\n", "hm", finish_reason="stop", usage=Usage(1, 2), model="m")
    read_, pauses = await read(Frame(b"", whole, is_end=True))
    chunks = [frame.chunk for frame in read_]
    assert "".join(chunk.content for chunk in chunks) == whole.content
    assert "".join(chunk.reasoning for chunk in chunks) == "hm"
    assert [chunk.finish_reason for chunk in chunks] == [None, None, "stop"]
    assert [chunk.usage for chunk in chunks] == [None, None, Usage(1, 2)]
    assert [frame.is_end for frame in read_] == [False, False, True]
    assert len(pauses) == 2


async def test_two_words_are_two_and_only_the_last_has_what_comes_at_the_end():
    timings, calls = Timings(1.0), (ToolCall(0, "1", "f", "{}"),)
    whole = Chunk("One two", tool_calls=calls, timings=timings)
    read_, _ = await read(Frame(b"", whole))
    assert [frame.chunk for frame in read_] == [
        Chunk("One "),
        Chunk("two", tool_calls=calls, timings=timings),
    ]


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"its own bytes", Chunk("One two three")),
        Frame(b"", Chunk("One two three", logprobs=({"token": "One two three"},))),
    ],
)
async def test_what_would_lose_its_bytes_or_its_tokens_stays_in_one_piece(frame):
    assert (await read(frame))[0] == [frame]


@pytest.mark.parametrize("content", ["", "word", "  ", "x" * 100, "日本" * 20])
async def test_no_text_is_lost(content):
    read_, _ = await read(Frame(b"", Chunk(content, finish_reason="stop")))
    assert "".join(frame.chunk.content for frame in read_) == content


async def test_whoever_stops_reading_is_done():
    inner = Frames(Frame(b"", Chunk("one two three")))
    paced = Paced(inner, 1_000.0)
    await paced.read()
    await paced.aclose()
    assert inner.is_closed
    assert await Paced(CompleteResponse(Frame(b"x")), 1.0).read() == Frame(b"x")
