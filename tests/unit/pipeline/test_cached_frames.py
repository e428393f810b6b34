"""Kept answers: the bytes they came in, or what they say, or nothing."""

import pytest

from gearshift.cache.entry import CachedAnswer
from gearshift.dialects.base import UpstreamDialect
from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.pipeline.cached_frames import form_of, replayed
from gearshift.types import ChatRequest, CompleteResponse, Operation, Usage

DIALECTS: dict[str, UpstreamDialect] = {"openai": OpenAIDialect(), "ollama": OllamaDialect()}
HEAD = b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
WHOLE = (
    HEAD + b'"message":{"role":"assistant","content":"one two","reasoning_content":"hm"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2},"more":1}'
)
EVENTS = (
    b"data: " + HEAD + b'"delta":{"role":"assistant","reasoning_content":"hm"}}]}\n\n',
    b": a comment\n\n",
    b"data: " + HEAD + b'"delta":{"content":"one"}}]}\n\n',
    b"data: " + HEAD + b'"delta":{"content":" two"},"finish_reason":"stop"}]}\n\n',
    b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n',
    b"data: [DONE]\n\n",
)
OTHER = b"data: " + HEAD.replace(b'"index":0', b'"index":1') + b'"delta":{"content":"x"}}]}\n\n'
USAGE = {"stream_options": {"include_usage": True}}


def request(dialect="openai", *, stream=False, **body):
    return ChatRequest(dialect, Operation.CHAT, "auto", [], stream=stream, body=body)


def kept(of, frames, *, has_usage=True, dialect="openai"):
    usage = Usage(3, 2) if has_usage else None
    return CachedAnswer(dialect, of.stream, form_of(of), usage, 0.0, tuple(frames))


def given(answer, wish):
    """A kept answer for a wish, which can be had."""
    replay = replayed(answer, wish, DIALECTS)
    assert replay is not None
    return replay


async def frames_of(replay):
    frames = []
    while (frame := await replay.frames.read()) is not None:
        frames.append(frame)
    await replay.frames.aclose()
    assert await replay.frames.read() is None
    return frames


async def test_the_same_wish_gets_the_same_bytes():
    whole = given(kept(request(), [WHOLE]), request())
    assert isinstance(whole.frames, CompleteResponse)
    assert (whole.frames.frame.raw, whole.dialect) == (WHOLE, "openai")
    asked = request(stream=True, **USAGE)
    stream = given(kept(asked, EVENTS), asked)
    frames = await frames_of(stream)
    assert [frame.raw for frame in frames] == [*EVENTS]
    assert (frames[-1].is_end, stream.dialect) == (True, "openai")


@pytest.mark.parametrize(
    "wish", [request(), request("ollama"), request(stream=True), request("ollama", stream=True)]
)
@pytest.mark.parametrize(
    ("recorded", "frames"), [(request("echo"), [WHOLE]), (request(stream=True, **USAGE), EVENTS)]
)
async def test_other_wishes_get_what_was_said(wish, recorded, frames):
    replay = given(kept(recorded, frames), wish)
    assert replay.dialect == ""
    assert isinstance(replay.frames, CompleteResponse) is not wish.stream
    frames = await frames_of(replay)
    assert {frame.raw for frame in frames} == {b""}  # nobody's bytes: only what they say
    assert wish.stream or frames[0].is_end
    chunks = [frame.chunk for frame in frames]
    assert "".join(chunk.content for chunk in chunks) == "one two"
    assert "".join(chunk.reasoning for chunk in chunks) == "hm"
    assert [chunk.usage for chunk in chunks if chunk.usage][-1].completion_tokens == 2
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]


@pytest.mark.parametrize(
    "answer",
    [
        kept(request(stream=True), EVENTS[:-2] + EVENTS[-1:], has_usage=False),
        kept(request(stream=True), [OTHER, *EVENTS]),
        kept(request(stream=True), [b": nothing\n\n"]),
        kept(request(stream=True), [b"data: {{{\n\n"]),
        kept(request("ollama"), [b"{}"]),
        kept(request(), [b"<html>"]),
        kept(request(), [WHOLE], dialect="of another day"),
    ],
    ids=["no usage", "several", "empty", "garbage", "no answer", "html", "unknown dialect"],
)
def test_what_cannot_be_had_exactly_is_not_given(answer):
    assert replayed(answer, request(), DIALECTS) is None


def test_a_form_is_what_shapes_the_bytes():
    forms = {
        form_of(request()),
        form_of(request("ollama")),
        form_of(request(stream=True)),
        form_of(request(stream=True, **USAGE)),
    }
    assert len(forms) == 3
    assert form_of(request(**USAGE)) == form_of(request())
    asked = {"include_usage": True, "more": 1}
    other_way_round = dict(reversed(asked.items()))
    forms = {
        form_of(request(stream=True, stream_options=options))
        for options in (asked, other_way_round)
    }
    assert len(forms) == 1
