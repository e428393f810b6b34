"""The values that travel through gearshift, and the little that they can do themselves."""

import json

import pytest
from tests.fakes.finished import decision

from gearshift.types import (
    Cause,
    Chunk,
    CompleteResponse,
    Decision,
    Deployment,
    Frame,
    Timings,
    ToolCall,
    Usage,
)


def test_a_deployment_is_written_as_users_write_it():
    assert str(Deployment("local", "hf.co/x/y:1b")) == "local/hf.co/x/y:1b"


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


def test_a_decision_tells_its_place():
    made = decision("complex", upstream="cloud", model="big")
    assert made.place == ("complex", "big", "cloud")
    assert made.deployment == Deployment("cloud", "big")


def test_a_decision_is_told_whole_and_in_plain_values():
    made = decision(cause=Cause.FALLBACK, fallback="simple->complex")
    told = made.to_json()
    assert set(told) == set(Decision._fields)
    assert json.loads(json.dumps(told)) == told
    assert type(told["cause"]) is str
    assert told["cause"] == "fallback"
    told["factors"]["length"] = 99.0
    assert made.factors["length"] == 1.0


async def test_a_whole_answer_is_read_once():
    frame = Frame(b"x", Chunk("x"), is_end=True)
    answer = CompleteResponse(frame)
    assert answer.frame is frame
    assert await answer.read() is frame
    assert await answer.read() is None
    await answer.aclose()
    assert await answer.read() is None
