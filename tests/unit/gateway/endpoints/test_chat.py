"""An answer never ends without a word, and its frames are closed however it ends."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.echo_dialect import EchoDialect
from tests.fakes.finished import decision

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.gateway.endpoints import chat
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import ChatRequest, ChatResponse, Chunk, CompleteResponse, Frame, Operation

OPENAI, OLLAMA = OpenAIDialect(), OllamaDialect()
END = b"data: [DONE]\n\n"


class Frames:
    """Gives frames, or raises what stands among them."""

    def __init__(self, *frames):
        self.frames = list(frames)
        self.closed = 0

    async def read(self):
        frame = self.frames.pop(0) if self.frames else None
        if isinstance(frame, Exception):
            raise frame
        return frame

    async def aclose(self):
        self.closed += 1


def word(text):
    raw = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % text.encode()
    return Frame(raw, Chunk(text))


async def answered(
    frames, *, stream=True, upstream="openai", spoken=OPENAI, load=None, loads=False
):
    """The response of the endpoint for these frames."""
    messages = [{"role": "user", "content": "hi"}]
    request = ChatRequest(spoken.name, Operation.CHAT, "auto", messages, stream=stream)
    request.loads_model = loads
    response = ChatResponse(decision(), upstream, frames, 0.001)

    async def parse(received, dialect, operation):
        return request

    async def answer(asked):
        return response

    both = {spoken.name: spoken}
    gateway: Any = SimpleNamespace(
        dialects=both, upstream_dialects=both, parse=parse, answer=answer
    )
    endpoint = chat.endpoint(Operation.CHAT, spoken.name, load)
    return await endpoint(gateway, HttpRequest("POST", "/v1/chat/completions"))


async def pieces(response):
    found = []
    while (piece := await response.body.read()) is not None:
        found.append(piece)
    return b"".join(found)


async def test_the_upstreams_own_bytes_pass():
    frames = Frames(word("a"), word("b"), Frame(END, None, True))
    response = await answered(frames)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-gearshift-tier"] == "simple"
    said = await pieces(response)
    assert said.count(b"data: ") == 3
    assert said.endswith(END)
    assert await response.body.read() is None


async def test_a_forgotten_end_mark_is_written():
    assert (await pieces(await answered(Frames(word("a"))))).endswith(END)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UpstreamError("it broke", fault=FailureKind.FAILED), b"it broke"),
        (ZeroDivisionError("my secret words"), b"the log has the details"),
    ],
)
async def test_a_stream_that_fails_ends_with_an_error_and_no_end_mark(error, told):
    response = await answered(Frames(word("a"), error, word("b")))
    said = await pieces(response)
    assert told in said
    assert b"secret" not in said
    assert END not in said
    assert await response.body.read() is None


class Clumsy(EchoDialect):
    """A guest whose writer fails at the end."""

    def stream_writer(self, *_):
        return self

    def write(self, chunk):
        return b"piece "

    def finish(self):
        raise ZeroDivisionError("my secret words")


async def test_a_stream_that_cannot_be_ended_ends_with_an_error():
    said = await pieces(await answered(Frames(word("a")), spoken=Clumsy()))
    assert said.startswith(b'piece ! {"wrong": ')
    assert b"secret" not in said


async def test_an_answer_of_the_other_dialect_is_translated():
    last = Frame(END, Chunk("", finish_reason="stop"), True)
    frames = Frames(word("a"), Frame(b": ping\n\n"), last)
    said = await pieces(await answered(frames, spoken=OLLAMA))
    assert b"data:" not in said
    assert b'"content":"a"' in said
    assert b'"done":true' in said.splitlines()[-1]


WHOLE = b'{"model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"a"}}]}'


@pytest.mark.parametrize("before", [[], [word("b")]])
async def test_a_whole_answer_where_a_stream_was_asked_for_is_streamed(before):
    chunk = Chunk("a", model="x", finish_reason="stop")
    whole = Frame(WHOLE, chunk, True, is_other_shape=True)
    said = await pieces(await answered(Frames(*before, whole)))
    *events, end, nothing = said.split(b"\n\n")
    assert (end, nothing, WHOLE in said) == (b"data: [DONE]", b"", False)
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in events]
    deltas = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
    assert "".join(filter(None, deltas)) == ("ba" if before else "a")
    assert {chunk["model"] for chunk in chunks[len(before) :]} == {"gemma2:2b"}


@pytest.mark.parametrize("spoken", [OPENAI, OLLAMA])
async def test_a_stream_where_a_whole_answer_was_asked_for_is_put_together(spoken):
    frame = Frame(END, Chunk("a", finish_reason="stop"), True, is_other_shape=True)
    response = await answered(CompleteResponse(frame), stream=False, spoken=spoken)
    found = json.loads(response.body)
    message = found["message"] if spoken is OLLAMA else found["choices"][0]["message"]
    assert (message["content"], found["model"]) == ("a", "gemma2:2b")


async def test_only_a_dialect_that_knows_loading_has_it_asked_for():
    async def load(context, request):
        return HttpResponse(200, {}, b"loaded")

    for given, loads, told in ((load, True, b"loaded"), (load, False, b"a"), (None, True, b"a")):
        frame = Frame(WHOLE, Chunk("a", model="x"), True)
        response = await answered(CompleteResponse(frame), stream=False, load=given, loads=loads)
        assert told in response.body


async def test_what_the_server_breaks_off_says_so():
    response = await answered(Frames(word("a")))
    assert b"gearshift is stopping" in response.body.abort_marker()


async def test_closing_the_answer_stops_the_upstream():
    frames = Frames(word("a"))
    response = await answered(frames)
    await response.body.aclose()
    assert frames.closed == 1


@pytest.mark.parametrize("upstream", ["openai", "ollama"])
async def test_a_whole_answer_names_the_model_that_gave_it(upstream):
    raw = b'{"model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"a"}}]}'
    frame = Frame(raw, Chunk("a", model="x"), True)
    response = await answered(CompleteResponse(frame), stream=False, upstream=upstream)
    assert b'"gemma2:2b"' in response.body
    assert b'"a"' in response.body


async def test_a_whole_answer_behind_frames_is_read_to_its_end_and_closed():
    raw = b'{"model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"a"}}]}'
    frames = Frames(Frame(raw, Chunk("a", model="x"), True))
    response = await answered(frames, stream=False)
    assert b'"a"' in response.body
    assert frames.closed == 1


async def test_frames_of_an_answer_that_cannot_be_written_are_closed():
    frames = Frames(UpstreamError("it broke", fault=FailureKind.FAILED))
    with pytest.raises(UpstreamError):
        await answered(frames, stream=False)
    assert frames.closed >= 1


async def test_errors_before_the_answer_are_the_gateways(monkeypatch):
    async def parse(*_):
        raise RequestError("no")

    gateway: Any = SimpleNamespace(dialects={"openai": OPENAI}, parse=parse)
    with pytest.raises(RequestError):
        await chat.endpoint(Operation.CHAT, "openai")(gateway, HttpRequest("POST", "/"))
