"""A fast fake of an OpenAI-compatible upstream, as a process of its own: for load, not for truth.

    python -m endurance.fake_upstream --model NAME --reply TEXT

Every so many answers it fails, each time in another way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

_WORDS_A_PIECE = 4
_FAULT_EVERY = 97
_FAULTS = ("cut", "error", "reset", "cut", "stall", "garbage", "cut")
_STALL_SECONDS = 3.0


class FakeUpstream:
    """Answers `/v1/models`, `/v1/chat/completions` and `/v1/completions`."""

    def __init__(self, model: str, reply: str) -> None:
        self._model = model
        words = reply.split(" ")
        pieces = [
            " ".join(words[i : i + _WORDS_A_PIECE]) for i in range(0, len(words), _WORDS_A_PIECE)
        ]
        self._pieces = [pieces[0], *(f" {piece}" for piece in pieces[1:])]
        self._reply = reply
        self._answers = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection is still good."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        sizes = [line.split(":")[1] for line in lines if line.startswith("content-length:")]
        body = await reader.readexactly(int(sizes[0]) if sizes else 0)
        if first.startswith("get "):
            await _send(writer, 200, {"object": "list", "data": [{"id": self._model}]})
            return True
        self._answers += 1
        number, rest = divmod(self._answers, _FAULT_EVERY)
        fault = "" if rest else _FAULTS[number % len(_FAULTS)]
        asked = json.loads(body)
        if fault in ("error", "reset", "garbage"):
            return await self._fail(writer, fault)
        if fault == "stall":
            await asyncio.sleep(_STALL_SECONDS)
        if asked.get("stream"):
            return await self._stream(writer, asked, is_cut=fault == "cut")
        await _send(writer, 200, self._whole(asked))
        return True

    async def _fail(self, writer: asyncio.StreamWriter, fault: str) -> bool:
        if fault == "error":
            error = {"message": "it broke", "type": "server_error", "param": None, "code": None}
            await _send(writer, 500, {"error": error})
            return True
        if fault == "reset":
            writer.transport.abort()
            return False
        await _send(writer, 200, "no answer at all")
        return True

    async def _stream(
        self, writer: asyncio.StreamWriter, asked: dict[str, Any], *, is_cut: bool
    ) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        pieces, reason = self._shortened(asked)
        for piece in pieces:
            _event(writer, self._frame(asked, piece, None))
            await writer.drain()
            await asyncio.sleep(0.001)
            if is_cut:
                writer.transport.abort()
                return False
        _event(writer, self._frame(asked, "", reason))
        writer.write(_chunk(b"data: [DONE]\n\n") + _chunk(b""))
        await writer.drain()
        return True

    def _shortened(self, asked: dict[str, Any]) -> tuple[list[str], str]:
        limit = asked.get("max_tokens")
        if limit is None:
            return self._pieces, "stop"
        return self._pieces[: max(1, limit // _WORDS_A_PIECE)], "length"

    def _frame(self, asked: dict[str, Any], text: str, reason: str | None) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "finish_reason": reason}
        is_chat = "messages" in asked
        choice |= {"delta": {"content": text} if text else {}} if is_chat else {"text": text}
        kind = "chat.completion.chunk" if is_chat else "text_completion"
        return {"id": "fake-1", "object": kind, "model": self._model, "choices": [choice]}

    def _whole(self, asked: dict[str, Any]) -> dict[str, Any]:
        pieces, reason = self._shortened(asked)
        text = "".join(pieces)
        choice: dict[str, Any] = {"index": 0, "finish_reason": reason}
        is_chat = "messages" in asked
        message = {"role": "assistant", "content": text}
        choice |= {"message": message} if is_chat else {"text": text}
        kind = "chat.completion" if is_chat else "text_completion"
        usage = {"prompt_tokens": 9, "completion_tokens": 40, "total_tokens": 49}
        shown = {"id": "fake-1", "object": kind, "model": self._model, "usage": usage}
        return {**shown, "choices": [choice]}


async def _send(writer: asyncio.StreamWriter, status: int, document: Any) -> None:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


def _event(writer: asyncio.StreamWriter, document: Any) -> None:
    writer.write(_chunk(b"data: " + json.dumps(document).encode() + b"\n\n"))


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--reply", required=True)
    given = parser.parse_args()
    upstream = FakeUpstream(given.model, given.reply)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    # Ends with its parent, however that ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_main())
