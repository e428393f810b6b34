"""Responses' dialect as a fake upstream writes it and as a strict client reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.told import TEXT, Told

_USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
_PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}


class SpokenResponses:
    provider = "responses"
    base_path = "/v1"
    chat_path = "/v1/responses"
    stream_type = "text/event-stream"

    def question(self, model: str, *, stream: bool) -> dict[str, Any]:
        return {"model": model, "input": "hi", "stream": stream}

    def is_streamed(self, asked: Mapping[str, Any]) -> bool:
        return bool(asked.get("stream", False))

    def documents(self, models: Sequence[str]) -> dict[str, Any]:
        listed = [{"id": model, "object": "model", "owned_by": "fake"} for model in models]
        return {"/v1/models": {"object": "list", "data": listed}}

    def whole(self, model: str, text: str = TEXT) -> bytes:
        return json.dumps(_response(model, "completed", text)).encode()

    def piece(self, model: str, text: str) -> bytes:
        return _event("response.output_text.delta", {**_PLACE, "delta": text})

    def silence(self) -> bytes:
        return b": ping\n\n"

    def garbage(self) -> bytes:
        return b"event: response.output_text.delta\ndata: {{{\n\n"

    def end(self, model: str) -> bytes:
        response = _response(model, "completed", TEXT)
        return _event("response.completed", {"response": response})

    def unmarked_end(self, model: str) -> bytes:
        return _event("response.output_text.done", {**_PLACE, "text": TEXT})

    def error(self, message: str) -> bytes:
        said = {"message": message, "type": "x", "param": None, "code": None}
        return json.dumps({"error": said}).encode()

    def stream_error(self, message: str) -> bytes:
        return _event("error", json.loads(self.error(message)))

    def read(self, body: bytes, *, stream: bool) -> Told:
        if not stream or not body.startswith(b"event:"):
            return _read_whole(json.loads(body))
        assert body.endswith(b"\n\n"), "the last event is not complete"
        events = [_read_event(event) for event in body.removesuffix(b"\n\n").split(b"\n\n")]
        numbers = [event["sequence_number"] for event in events]
        assert numbers == list(range(len(events))), "an event is missing"
        kinds = [event["type"].removeprefix("response.") for event in events]
        assert kinds[:2] == ["created", "in_progress"]
        assert not {"error", "failed", "completed"} & {*kinds[:-2]}, "something follows the end"
        assert len({event["response"]["id"] for event in events if "response" in event}) == 1
        if kinds[-1] == "completed":
            assert "error" not in kinds
            told = _read_whole(events[-1]["response"])
        else:
            assert kinds[-2:] == ["error", "failed"]
            told = Told(error=_error(events[-2]))
            assert events[-1]["response"]["error"]["message"] == told.error
        deltas = [event["delta"] for event in events if event["type"].endswith("_text.delta")]
        assert told.error or "".join(deltas) == told.text
        return Told("".join(deltas), told.error, told.is_ended)


def _response(model: str, status: str, text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    said = {"id": "msg_1", "type": "message", "role": "assistant", "content": content}
    head = {"id": "resp_1", "object": "response", "model": model, "status": status}
    return {**head, "output": [said], "usage": _USAGE}


def _event(kind: str, said: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **said}).encode())


def _read_event(raw: bytes) -> dict[str, Any]:
    name, data = raw.split(b"\n")
    event: dict[str, Any] = json.loads(data.removeprefix(b"data: "))
    assert name == b"event: " + event["type"].encode()
    return event


def _read_whole(said: dict[str, Any]) -> Told:
    if said.get("error"):
        return Told(error=_error(said))
    assert said["status"] == "completed"
    assert said["error"] is None
    (message,) = said["output"]
    (part,) = message["content"]
    return Told(part["text"], is_ended=True)


def _error(said: dict[str, Any]) -> str:
    assert set(said["error"]) == {"message", "type", "param", "code"}
    message: str = said["error"]["message"]
    return message
