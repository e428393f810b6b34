"""How each dialect is written by the fake upstreams and read by the tests: one class each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tests.fakes.spoken_anthropic import SpokenAnthropic
from tests.fakes.spoken_responses import SpokenResponses
from tests.fakes.told import OLLAMA_END, TEXT, WORDS, Told

__all__ = ["SPOKEN", "TEXT", "WORDS", "Spoken", "Told"]


class Spoken(Protocol):
    """One dialect, as an upstream writes it and as a client reads it.

    Attributes:
        provider: The `provider:` of an upstream that speaks it.
        base_path: What its base URL ends in.
        chat_path: Where both clients and gearshift ask for a chat.
        stream_type: The content type of a stream.
    """

    provider: str
    base_path: str
    chat_path: str
    stream_type: str

    def question(self, model: str, *, stream: bool) -> dict[str, Any]:
        """A client's request for a chat."""
        ...

    def is_streamed(self, asked: Mapping[str, Any]) -> bool:
        """Whether a request asks for a stream."""
        ...

    def documents(self, models: Sequence[str]) -> dict[str, Any]:
        """What an upstream with these models says of itself, by path."""
        ...

    def whole(self, model: str, text: str = TEXT) -> bytes:
        """A whole answer."""
        ...

    def piece(self, model: str, text: str) -> bytes:
        """One frame of a stream."""
        ...

    def silence(self) -> bytes:
        """A frame that says nothing."""
        ...

    def garbage(self) -> bytes:
        """A frame of which only the framing is right."""
        ...

    def end(self, model: str) -> bytes:
        """The frames that end a complete stream."""
        ...

    def unmarked_end(self, model: str) -> bytes:
        """As complete, but as sloppy servers end it: without the very last bytes."""
        ...

    def error(self, message: str) -> bytes:
        """The body of an error."""
        ...

    def stream_error(self, message: str) -> bytes:
        """An error as a frame of a stream."""
        ...

    def read(self, body: bytes, *, stream: bool) -> Told:
        """What a strict client makes of a body; nothing may follow an error or the end mark."""
        ...


class SpokenOpenAI:
    provider = "openai"
    base_path = "/v1"
    chat_path = "/v1/chat/completions"
    stream_type = "text/event-stream"

    def question(self, model: str, *, stream: bool) -> dict[str, Any]:
        return {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}

    def is_streamed(self, asked: Mapping[str, Any]) -> bool:
        return bool(asked.get("stream", False))

    def documents(self, models: Sequence[str]) -> dict[str, Any]:
        listed = [{"id": model, "owned_by": "fake"} for model in models]
        return {"/v1/models": {"object": "list", "data": listed}, "/health": {"status": "ok"}}

    def whole(self, model: str, text: str = TEXT) -> bytes:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        head = {"id": "c", "object": "chat.completion", "model": model}
        return json.dumps({**head, "choices": [choice], "usage": usage}).encode()

    def piece(self, model: str, text: str) -> bytes:
        return self._chunk(model, {"content": text}, None)

    def silence(self) -> bytes:
        return b": ping\n\n"

    def garbage(self) -> bytes:
        return b"data: {{{\n\n"

    def end(self, model: str) -> bytes:
        return self.unmarked_end(model) + b"data: [DONE]\n\n"

    def unmarked_end(self, model: str) -> bytes:
        return self._chunk(model, {}, "stop")

    def _chunk(self, model: str, delta: dict[str, str], reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        head = {"id": "c", "object": "chat.completion.chunk", "model": model}
        return _event({**head, "choices": [choice]})

    def error(self, message: str) -> bytes:
        said = {"message": message, "type": "x", "param": None, "code": None}
        return json.dumps({"error": said}).encode()

    def stream_error(self, message: str) -> bytes:
        return b"data: " + self.error(message) + b"\n\n"

    def read(self, body: bytes, *, stream: bool) -> Told:
        if not stream or not body.startswith(b"data:"):
            return self._read_whole(json.loads(body))
        assert body.endswith(b"\n\n"), "the last event is not complete"
        text, error, is_ended = "", None, False
        for event in body.removesuffix(b"\n\n").split(b"\n\n"):
            if event.startswith(b":"):
                continue
            assert error is None, "something follows the error"
            assert not is_ended, "something follows [DONE]"
            data = event.removeprefix(b"data: ")
            if data == b"[DONE]":
                is_ended = True
                continue
            told = self._read_event(json.loads(data))
            text, error = text + told.text, told.error
        return Told(text, error, is_ended)

    def _read_whole(self, said: dict[str, Any]) -> Told:
        if "error" in said:
            assert set(said["error"]) == {"message", "type", "param", "code"}
            return Told(error=said["error"]["message"])
        (choice,) = said["choices"]
        assert choice["finish_reason"] == "stop"
        return Told(choice["message"]["content"], is_ended=True)

    def _read_event(self, said: dict[str, Any]) -> Told:
        if "error" in said:
            return self._read_whole(said)
        return Told("".join(choice["delta"].get("content") or "" for choice in said["choices"]))


class SpokenOllama:
    provider = "ollama"
    base_path = ""
    chat_path = "/api/chat"
    stream_type = "application/x-ndjson"

    def question(self, model: str, *, stream: bool) -> dict[str, Any]:
        return {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}

    def is_streamed(self, asked: Mapping[str, Any]) -> bool:
        return bool(asked.get("stream", True))

    def documents(self, models: Sequence[str]) -> dict[str, Any]:
        listed = [{"name": m, "model": m, "size": 1000, "digest": "d"} for m in models]
        return {
            "/api/version": {"version": "0.0.0-fake"},
            "/api/tags": {"models": listed},
            "/api/ps": {"models": listed},
            "/api/show": {"model_info": {"general.parameter_count": 7}},
        }

    def whole(self, model: str, text: str = TEXT) -> bytes:
        message = {"role": "assistant", "content": text}
        return json.dumps({"model": model, "message": message, **OLLAMA_END}).encode()

    def piece(self, model: str, text: str) -> bytes:
        message = {"role": "assistant", "content": text}
        return json.dumps({"model": model, "message": message, "done": False}).encode() + b"\n"

    def silence(self) -> bytes:
        return b"\n"

    def garbage(self) -> bytes:
        return b"{{{\n"

    def end(self, model: str) -> bytes:
        return self.unmarked_end(model) + b"\n"

    def unmarked_end(self, model: str) -> bytes:
        return self.whole(model, "")

    def error(self, message: str) -> bytes:
        return json.dumps({"error": message}).encode()

    def stream_error(self, message: str) -> bytes:
        return self.error(message) + b"\n"

    def read(self, body: bytes, *, stream: bool) -> Told:
        lines = [json.loads(line) for line in body.splitlines() if line] if stream else []
        lines = lines or [json.loads(body)]
        assert lines, "nothing at all"
        for line in lines[:-1]:
            assert "error" not in line, "something follows the error"
            assert line["done"] is False, "something follows the end mark"
        error = lines[-1].get("error")
        assert error is None or isinstance(error, str)
        said = [line["message"]["content"] for line in lines if "error" not in line]
        return Told("".join(said), error, lines[-1].get("done") is True)


SPOKEN: Mapping[str, Spoken] = {
    "openai": SpokenOpenAI(),
    "ollama": SpokenOllama(),
    "anthropic": SpokenAnthropic(),
    "responses": SpokenResponses(),
}
"""By the name in the tables of `registry`; a test insists that none is missing."""


def _event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
