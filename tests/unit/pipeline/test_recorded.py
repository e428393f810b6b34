"""Which answers are worth keeping."""

import pytest

from gearshift.pipeline.recorded import Recorder
from gearshift.types import ChatRequest, Chunk, Frame, Operation, ToolCall, Usage

CALL = (ToolCall(0, "1", "f", "{}"),)


def recorder(*chunks, most_bytes=1_000, with_tool_calls=False, **options):
    request = ChatRequest("openai", Operation.CHAT, "auto", [], options=options)
    made = Recorder(request, most_bytes, with_tool_calls=with_tool_calls)
    for chunk in chunks:
        made.add(Frame(b"x" * 10, chunk))
    return made


def kept(*chunks, **more):
    return recorder(*chunks, **more).is_worth_keeping


def test_an_answer_that_has_stopped_by_itself_is():
    made = recorder(Chunk("a"), None, Chunk(finish_reason="stop"))
    assert made.is_worth_keeping
    assert made.frames == [b"x" * 10] * 3


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [Chunk("a")],
        [Chunk(finish_reason="stop")],
        [Chunk(" \n", finish_reason="stop")],
        [Chunk(reasoning="hm", finish_reason="stop")],
        [Chunk("a", finish_reason="content_filter")],
        [Chunk("a", finish_reason="length")],
        [Chunk("a", finish_reason="whatever")],
        [Chunk("a", tool_calls=CALL, finish_reason="stop")],
        [Chunk(tool_calls=CALL), Chunk("a", finish_reason="stop")],
    ],
)
def test_one_that_has_not_is_not(chunks):
    assert not kept(*chunks)


def test_a_limit_of_the_clients_own_is_an_end():
    assert kept(Chunk("a", finish_reason="length"), max_tokens=1)


def test_one_that_is_as_long_as_may_be_is():
    made = recorder(*[Chunk("a", finish_reason="stop")] * 10, most_bytes=100)
    assert made.is_worth_keeping
    assert len(made.frames) == 10


def test_one_that_is_too_long_is_not_and_takes_no_memory():
    made = recorder(*[Chunk("a", finish_reason="stop")] * 11, most_bytes=100)
    assert not made.is_worth_keeping
    assert made.frames == []


@pytest.mark.parametrize(("finish", "is_kept"), [("tool_calls", True), ("length", False)])
def test_calls_of_tools_are_kept_where_a_setting_says_so(finish, is_kept):
    chunk = Chunk(tool_calls=CALL, finish_reason=finish)
    assert kept(chunk, with_tool_calls=True, max_tokens=3) is is_kept
    assert not kept(chunk)


def test_of_several_answers_some_may_call_tools_unseen():
    stop = Chunk("a", finish_reason="stop")
    assert kept(stop, n=2)
    assert kept(stop, tools=[{}])
    assert not kept(stop, n=2, tools=[{}])
    assert kept(stop, n=2, tools=[{}], with_tool_calls=True)


@pytest.mark.parametrize(("text", "is_kept"), [('{"a": 1}', True), ('{"a": ', False)])
@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_what_should_be_json_is(text, is_kept, kind):
    form = {"type": kind}
    assert kept(Chunk(text, finish_reason="stop"), response_format=form) is is_kept
    assert kept(Chunk(text, finish_reason="stop"), response_format={"type": "text"})


def test_tokens_are_noticed():
    assert recorder(Chunk("a"), Chunk(usage=Usage(1, 1)), Chunk()).usage == Usage(1, 1)
    assert recorder(Chunk("a")).usage is None
