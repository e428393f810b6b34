"""Pieces of answers, and the little that they can do themselves."""

import pytest

from gearshift.types import Chunk, CompleteResponse, Frame, Timings, ToolCall, Usage


@pytest.mark.parametrize(
    ("chunk", "has_content"),
    [
        (Chunk(), False),
        (Chunk("a"), True),
        (Chunk(reasoning="r"), True),
        (Chunk(tool_calls=(ToolCall(0),)), True),
        (Chunk(finish_reason="stop", usage=Usage(1, 2), model="m", timings=Timings()), False),
        (Chunk(logprobs=({"token": "a"},)), False),
    ],
)
def test_only_what_a_client_sees_is_content(chunk, has_content):
    assert chunk.has_content is has_content


async def test_a_whole_answer_is_read_once():
    frame = Frame(b"x", Chunk("x"), is_end=True)
    answer = CompleteResponse(frame)
    assert answer.frame is frame
    assert await answer.read() is frame
    assert await answer.read() is None
    await answer.aclose()
    assert await answer.read() is None
