"""Anthropic's dialect as a fake upstream writes it and as a strict client reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.told import TEXT, Told

_USAGE = {"input_tokens": 3, "output_tokens": 4}


class SpokenAnthropic:
    provider = "anthropic"
    base_path = ""
    chat_path = "/v1/messages"
    stream_type = "text/event-stream"

    def question(self, model: str, *, stream: bool) -> dict[str, Any]:
        turn = {"role": "user", "content": "hi"}
        return {"model": model, "max_tokens": 9, "messages": [turn], "stream": stream}

    def is_streamed(self, asked: Mapping[str, Any]) -> bool:
        return bool(asked.get("stream", False))

    def documents(self, models: Sequence[str]) -> dict[str, Any]:
        listed = [{"type": "model", "id": model, "display_name": model} for model in models]
        page = {"data": listed, "has_more": False}
        return {"/v1/models": page, "/v1/models?limit=1000": page}

    def whole(self, model: str, text: str = TEXT) -> bytes:
        said = {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
        return json.dumps({**_head(model), **said, "usage": _USAGE}).encode()

    def piece(self, model: str, text: str) -> bytes:
        start = {"message": {**_head(model), "content": [], "usage": _USAGE}}
        block = {"index": 0, "content_block": {"type": "text", "text": ""}}
        delta = {"index": 0, "delta": {"type": "text_delta", "text": text}}
        opening = _event("message_start", start) + _event("content_block_start", block)
        is_first = TEXT.startswith(text)
        return (opening if is_first else b"") + _event("content_block_delta", delta)

    def silence(self) -> bytes:
        return _event("ping", {})

    def garbage(self) -> bytes:
        return b"event: content_block_delta\ndata: {{{\n\n"

    def end(self, model: str) -> bytes:
        return self.unmarked_end(model) + _event("message_stop", {})

    def unmarked_end(self, model: str) -> bytes:
        reason = {"delta": {"stop_reason": "end_turn"}, "usage": _USAGE}
        return _event("content_block_stop", {"index": 0}) + _event("message_delta", reason)

    def error(self, message: str) -> bytes:
        return json.dumps({"type": "error", "error": {"type": "x", "message": message}}).encode()

    def stream_error(self, message: str) -> bytes:
        return b"event: error\ndata: " + self.error(message) + b"\n\n"

    def read(self, body: bytes, *, stream: bool) -> Told:
        if not stream or not body.startswith(b"event:"):
            return _read_whole(json.loads(body))
        assert body.endswith(b"\n\n"), "the last event is not complete"
        events = [_read_event(event) for event in body.removesuffix(b"\n\n").split(b"\n\n")]
        kinds = [event["type"] for event in events if event["type"] != "ping"]
        assert "error" not in kinds[:-1], "something follows the error"
        assert "message_stop" not in kinds[:-1], "something follows the end"
        if kinds[-1] != "error":
            assert kinds[0] == "message_start"
            assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        error = _read_whole(events[-1]).error if kinds[-1] == "error" else None
        text = "".join(delta["text"] for delta in deltas)
        return Told(text, error, kinds[-1] == "message_stop")


def _head(model: str) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": model}


def _event(kind: str, said: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **said}).encode())


def _read_event(raw: bytes) -> dict[str, Any]:
    name, data = raw.split(b"\n")
    event: dict[str, Any] = json.loads(data.removeprefix(b"data: "))
    assert name == b"event: " + event["type"].encode()
    return event


def _read_whole(said: dict[str, Any]) -> Told:
    if said["type"] == "error":
        assert set(said["error"]) == {"type", "message"}
        return Told(error=said["error"]["message"])
    assert said["stop_reason"] == "end_turn"
    (block,) = said["content"]
    return Told(block["text"], is_ended=True)
