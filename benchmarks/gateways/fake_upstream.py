"""A fake OpenAI upstream that is faster than every gateway before it.

    python -m benchmarks.gateways.fake_upstream PORT

Whole answers at once; streams as 50 events, 5 ms apart. It parses next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

EVENTS = 50
PAUSE_SECONDS = 0.005
MODELS = ("gemma2:2b", "mistral:7b-instruct")
_NAME = b'"model":"'


def _answer(model: str) -> bytes:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "word " * 60},
        "finish_reason": "stop",
    }
    usage = {"prompt_tokens": 120, "completion_tokens": 60, "total_tokens": 180}
    head = {"id": "chatcmpl-abc123", "object": "chat.completion", "created": 1700000000}
    body = json.dumps(
        {**head, "model": model, "choices": [choice], "usage": usage}, separators=(",", ":")
    ).encode()
    return _sized(body)


def _sized(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def _event(model: str, number: int) -> bytes:
    finish = "stop" if number == EVENTS - 1 else None
    choice = {"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": finish}
    head = {"id": "chatcmpl-abc123", "object": "chat.completion.chunk", "created": 1700000000}
    data = json.dumps({**head, "model": model, "choices": [choice]}, separators=(",", ":"))
    return _chunk(f"data: {data}\n\n".encode())


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


ANSWERS = {model.encode(): _answer(model) for model in MODELS}
STREAMS = {model.encode(): [_event(model, n) for n in range(EVENTS)] for model in MODELS}
LISTING = _sized(
    json.dumps({"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]}).encode()
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
STREAM_END = _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
USUAL = MODELS[0].encode()


class Upstream(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._data = b""
        self._is_lost = False

    def connection_lost(self, error: Exception | None) -> None:
        self._is_lost = True

    def data_received(self, data: bytes) -> None:
        data = self._data + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._data = data
            return
        head = data[:end].lower()
        start = head.find(b"content-length:")
        size = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(data) < end + 4 + size:
            self._data = data
            return
        self._data = b""
        self._reply(data)

    def _reply(self, request: bytes) -> None:
        if request.startswith(b"GET "):
            self._transport.write(LISTING)
            return
        model = USUAL
        place = request.find(_NAME)
        if place >= 0:
            model = request[place + len(_NAME) : request.find(b'"', place + len(_NAME))]
        if b'"stream":true' in request or b'"stream": true' in request:
            self._transport.write(STREAM_HEAD)
            self._step(STREAMS.get(model, STREAMS[USUAL]), 0)
        else:
            self._transport.write(ANSWERS.get(model, ANSWERS[USUAL]))

    def _step(self, events: list[bytes], number: int) -> None:
        if self._is_lost:
            return
        if number == len(events):
            self._transport.write(STREAM_END)
            return
        self._transport.write(events[number])
        asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._step, events, number + 1)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
