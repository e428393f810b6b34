"""An OpenAI-compatible upstream whose answer says what was asked, so that a wrong one is seen."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from contextlib import suppress
from typing import Any

_PIECE_SECONDS = 0.01


def reply(model: str, messages: list[dict[str, Any]]) -> list[str]:
    """The words of the answer: the model, and what stands for the conversation."""
    text = json.dumps(messages, sort_keys=True).encode()
    return [model, hashlib.blake2b(text, digest_size=12).hexdigest(), "is", "all"]


async def serve(models: list[str], reader: Any, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            sizes = [line.split(":")[1] for line in lines if line.startswith("content-length:")]
            body = await reader.readexactly(int(sizes[0]) if sizes else 0)
            if first.startswith("get "):
                _send(writer, {"object": "list", "data": [{"id": model} for model in models]})
            else:
                await _answer(writer, json.loads(body))
            await writer.drain()
    writer.close()


async def _answer(writer: asyncio.StreamWriter, asked: dict[str, Any]) -> None:
    words = reply(asked["model"], asked["messages"])
    shown = {"id": "echo-1", "created": 1, "model": asked["model"]}
    if not asked.get("stream"):
        await asyncio.sleep(len(words) * _PIECE_SECONDS)
        message = {"role": "assistant", "content": " ".join(words)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
        _send(writer, {**shown, "object": "chat.completion", "choices": [choice], "usage": usage})
        return
    kind = "content-type: text/event-stream\r\ntransfer-encoding: chunked"
    writer.write(f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode())
    for number, word in enumerate([*words, None]):
        text = {} if word is None else {"content": f" {word}" if number else word}
        reason = "stop" if word is None else None
        choice = {"index": 0, "delta": text, "finish_reason": reason}
        event = {**shown, "object": "chat.completion.chunk", "choices": [choice]}
        _chunk(writer, f"data: {json.dumps(event)}\n\n".encode())
        await asyncio.sleep(_PIECE_SECONDS)
    _chunk(writer, b"data: [DONE]\n\n")
    _chunk(writer, b"")


def _send(writer: asyncio.StreamWriter, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--models", nargs="+", required=True)
    given = parser.parse_args()
    server = await asyncio.start_server(
        lambda reader, writer: serve(given.models, reader, writer), given.host, given.port
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
