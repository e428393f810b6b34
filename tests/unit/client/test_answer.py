"""What a Python program gets back holds nothing longer than it is used."""

import asyncio
import gc
import warnings

import pytest

from gearshift.client.answer import AnswerStream
from gearshift.types import ChatResponse, Chunk, Frame


class Frames:
    def __init__(self, count=3):
        self.left = count
        self.closed = 0

    async def read(self):
        self.left -= 1
        return Frame(b"x", Chunk("x")) if self.left >= 0 else None

    async def aclose(self):
        self.closed += 1


def stream(frames):
    return AnswerStream(ChatResponse(None, "openai", frames))  # type: ignore[arg-type] # no decision


async def test_a_context_closes_it_however_it_is_left():
    frames = Frames()
    with pytest.raises(RuntimeError):
        await broken_off(frames)
    assert frames.closed >= 1


async def broken_off(frames):
    async with stream(frames) as answer:
        async for _ in answer:
            raise RuntimeError


async def test_reading_it_to_its_end_closes_it():
    frames = Frames()
    assert [chunk.content async for chunk in stream(frames)] == ["x"] * 3
    assert frames.closed == 1
    gc.collect()  # without a warning


async def test_leaving_the_loop_early_closes_it():
    frames = Frames()
    async for _ in stream(frames):
        break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    assert frames.closed == 1


async def test_one_that_is_never_read_is_closed_when_it_is_collected_and_says_so():
    frames = Frames()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream(frames)
        gc.collect()
    assert [one.category for one in caught] == [ResourceWarning]
    assert "async with" in str(caught[0].message)
    for _ in range(3):
        await asyncio.sleep(0)
    assert frames.closed == 1


def test_one_that_outlives_its_loop_gives_back_what_it_can():
    frames = Frames()

    async def make():
        return stream(frames)

    kept = [asyncio.run(make())]
    with pytest.warns(ResourceWarning):
        kept.clear()
    assert frames.closed == 1
