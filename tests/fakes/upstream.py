"""An upstream that misbehaves on demand, in both dialects, as no real engine would."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import struct
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.local_server import LocalServer
from tests.fakes.told import OLLAMA_END

WORDS = ("one", " two", " three")
VECTOR = [0.6, 0.8]

_ERRORS = {
    "missing_model": (404, "model 'x' not found"),
    "loading": (503, "Loading model"),
    "busy": (503, "server busy, please try again."),
    "failed": (500, "it broke"),
    "unauthorised": (401, "who are you"),
    "echoes_key": (401, "wrong key: {key}"),
    "echoes_request": (401, "wrong: {request.headers} {request.query}"),
    "rejected": (400, "temperature is too hot"),
    "mistaken": (500, 'option "stop" must be of type array'),
    "incapable": (400, '"{model}" does not support tools'),
    "error_with_200": (200, "it broke"),
}
_BODIES = {
    "html": (b"<html>hello</html>", "text/html"),
    "garbage": (b"\x00\xff{{{not json\n\n", ""),
    "empty": (b"", ""),
}
_STRICT_IDS = "Tool call id was {wrong} but must be a-z, A-Z, 0-9, with a length of 9."
_EXTRA = "body.messages.1.assistant.{name}: Extra inputs are not permitted"
_PULL = b"""{"status":"pulling manifest"}
{"status":"downloading","completed":5,"total":10}
{"status":"success"}
"""
_PULL_FAILS = b"""{"status":"pulling manifest"}
{"error":"pull model manifest: file does not exist"}
"""


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_embedding(self) -> bool:
        return self.path.endswith(("/embed", "/embeddings"))


@dataclass
class FaultUpstream(LocalServer):
    """Speaks OpenAI below `/v1` and Ollama below `/api`; `fault` says how it fails.

    Attributes:
        documents: What it says of itself instead of the usual, by path.
        answers: The same with a status.
        says: The body of every answer to a request, byte for byte.
        refuses: Fields of a request that it does not take, each with what it says then.
    """

    fault: str = ""
    models: tuple[str, ...] = ("gemma2:2b", "mistral:7b-instruct")
    capabilities: dict[str, list[str]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    owner: Any = "fake"
    absent: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    health_status: int = 200
    documents: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    says: bytes = b""
    pause_seconds: float = 0.0
    open_answers: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def asked(self) -> list[Received]:
        """The requests for an answer."""
        return [r for r in self.received if r.method == "POST" and r.path != "/api/show"]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        path, _, query = target.partition("?")
        headers = {
            k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Received(method, path, headers, body, query)
        self.received.append(request)
        if self.fault == "hung":
            await _until_gone(reader)
            return
        if method == "GET" or path == "/api/show":
            await self._describe(writer, request)
            return
        self.open_answers += 1
        self.idle.clear()
        try:
            await self._answer(reader, writer, request)
        finally:
            self.open_answers -= 1
            if not self.open_answers:
                self.idle.set()

    async def _describe(self, writer: asyncio.StreamWriter, request: Received) -> None:
        documents: dict[str, Any] = {
            "/api/version": {"version": "0.0.0-fake"},
            "/api/tags": {
                "models": [
                    {"name": m, "model": m, "size": 1000, "digest": "d", "modified_at": "t"}
                    for m in self.models
                ]
            },
            "/api/ps": {"models": []},
            "/v1/models": {
                "object": "list",
                "data": [{"id": m, "owned_by": self.owner} for m in self.models],
            },
            "/health": {"status": "ok"},
        }
        if request.path == "/api/show":
            model = request.json["model"]
            shown: dict[str, Any] = {"model_info": {"general.parameter_count": 7}}
            if model in self.capabilities:
                shown["capabilities"] = self.capabilities[model]
            documents["/api/show"] = shown
        if request.path in self.answers:
            await _send(writer, *self.answers[request.path])
            return
        if request.path in self.documents:
            await _send(writer, 200, self.documents[request.path])
            return
        document = None if request.path in self.absent else documents.get(request.path)
        status = self.health_status if request.path == "/health" else 200
        await _send(writer, status if document else 404, json.dumps(document or {}).encode())

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Received
    ) -> None:
        is_ollama = request.path.startswith("/api/")
        asked = request.json
        streamed = asked.get("stream", is_ollama and not request.is_embedding)
        kind = _kind(is_ollama, streamed)
        if self.says:
            await _send(writer, 200, self.says, "text/event-stream")
            return
        whole = self._whole_answer(request, is_ollama=is_ollama)
        if whole is not None:
            await _send(writer, *whole)
            return
        if self.fault in _BODIES:
            body, own_kind = _BODIES[self.fault]
            await _send(writer, 200, body, own_kind or kind)
        elif self.fault == "reset":
            writer.transport.abort()
        elif self.fault == "stall_before_head":
            await _until_gone(reader)
        elif self.fault == "half_head":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-ty")
            await writer.drain()
        elif streamed:
            await self._stream(reader, writer, asked, is_ollama=is_ollama)
        else:
            await _send(writer, 200, _whole(asked["model"], is_ollama, "messages" in asked))

    def _whole_answer(self, request: Received, *, is_ollama: bool) -> tuple[int, bytes] | None:
        """The answers that are one JSON document whatever was asked for."""
        if request.path == "/api/pull":
            return 200, _PULL_FAILS if self.fault == "pull_fails" else _PULL
        asked = request.json
        refusal = self._refusal(asked)
        if refusal is not None:
            return 400, _error(is_ollama, refusal)
        if self.fault == "strict_template" and asked["messages"][0]["role"] == "system":
            return 500, _error(is_ollama, "System role not supported")
        if self.fault in _ERRORS:
            status, message = _ERRORS[self.fault]
            return status, _error(
                is_ollama,
                message.format(
                    model=asked["model"],
                    key=request.headers.get("authorization"),
                    request=request,
                ),
            )
        if self.fault.startswith("status_"):
            return int(self.fault.removeprefix("status_")), b"nothing here"
        if request.is_embedding and not self.fault:
            return 200, _vectors(request.path, asked)
        return None

    def _refusal(self, asked: dict[str, Any]) -> str | None:
        """What it says of a part of a request that it does not take."""
        messages = asked.get("messages", ())
        ids = [call["id"] for m in messages for call in m.get("tool_calls") or ()]
        wrong = [one for one in ids if not re.fullmatch("[0-9A-Za-z]{9}", one)]
        if self.fault == "strict_ids" and wrong:
            return _STRICT_IDS.format(wrong=wrong[0])
        if self.fault == "no_reasoning" and any("reasoning_content" in m for m in messages):
            return _EXTRA.format(name="reasoning_content")
        return next((said for name, said in self.refuses.items() if name in asked), None)

    async def _stream(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: dict[str, Any],
        *,
        is_ollama: bool,
    ) -> None:
        model, is_chat = asked["model"], "messages" in asked
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {_kind(is_ollama, True)}\r\n"
        writer.write(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        await writer.drain()
        if self.fault == "stall_after_head":
            await _until_gone(reader)
            return
        if self.fault == "slow_first":
            await asyncio.sleep(self.pause_seconds)
        first, *rest = (_piece(model, word, is_ollama, is_chat) for word in WORDS)
        await _chunk(writer, first)
        if await self._breaks_off(reader, writer, is_ollama=is_ollama):
            return
        last = () if self.fault == "chatty_end" else (b"",)
        for piece in (*rest, _end(model, is_ollama, is_chat), *last):
            await asyncio.sleep(0 if self.fault == "slow_first" else self.pause_seconds)
            await _chunk(writer, piece)
        while self.fault == "chatty_end":
            await asyncio.sleep(0.01)
            await _chunk(writer, b": still here\n\n")

    async def _breaks_off(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_ollama: bool
    ) -> bool:
        match self.fault:
            case "cut_mid":
                writer.transport.abort()
            case "stall_mid" | "endless":
                await _until_gone(reader)
            case "end_mid":
                await _chunk(writer, b"")
            case "garbage_mid":
                await _chunk(writer, b"{{{\n\n" if is_ollama else b"data: {{{\n\n")
                return False
            case "error_mid":
                line = _error(is_ollama, "it broke")
                await _chunk(writer, line + b"\n" if is_ollama else b"data: " + line + b"\n\n")
                return False
            case _:
                return False
        return True


async def _until_gone(reader: asyncio.StreamReader) -> None:
    await reader.read()


async def _send(
    writer: asyncio.StreamWriter, status: int, body: bytes, kind: str = "application/json"
) -> None:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
    await writer.drain()


async def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()


def _kind(is_ollama: bool, streamed: bool) -> str:
    if not streamed:
        return "application/json"
    return "application/x-ndjson" if is_ollama else "text/event-stream"


def _error(is_ollama: bool, message: str) -> bytes:
    error: Any = (
        message if is_ollama else {"message": message, "type": "x", "param": None, "code": None}
    )
    return json.dumps({"error": error}).encode()


def _piece(model: str, word: str, is_ollama: bool, is_chat: bool) -> bytes:
    if is_ollama:
        line = {"model": model, **_said(word, is_chat), "done": False}
        return json.dumps(line).encode() + b"\n"
    choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
    return _event(
        {"id": "c", "object": "chat.completion.chunk", "model": model, "choices": [choice]}
    )


def _end(model: str, is_ollama: bool, is_chat: bool) -> bytes:
    if is_ollama:
        return json.dumps({"model": model, **_said("", is_chat), **OLLAMA_END}).encode() + b"\n"
    choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
    last = {"id": "c", "object": "chat.completion.chunk", "model": model, "choices": [choice]}
    return _event(last) + b"data: [DONE]\n\n"


def _said(text: str, is_chat: bool) -> dict[str, Any]:
    """Ollama's words for an answer to a chat, or to a prompt."""
    return {"message": {"role": "assistant", "content": text}} if is_chat else {"response": text}


def _event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _vectors(path: str, asked: dict[str, Any]) -> bytes:
    """The same vector for every input."""
    if path == "/api/embeddings":
        return json.dumps({"embedding": VECTOR if asked.get("prompt") else []}).encode()
    given = asked.get("input") or []
    is_one = isinstance(given, str) or (given and type(given[0]) is int)
    count = 1 if is_one else len(given)
    if path == "/api/embed":
        told = {"model": asked["model"], "embeddings": [VECTOR] * count}
        times = {"total_duration": 5_000_000, "load_duration": 1_000_000}
        return json.dumps({**told, **times, "prompt_eval_count": 3}).encode()
    is_packed = asked.get("encoding_format") == "base64"
    vector = base64.b64encode(struct.pack("<2f", *VECTOR)).decode() if is_packed else VECTOR
    data = [{"object": "embedding", "index": n, "embedding": vector} for n in range(count)]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return json.dumps(
        {"object": "list", "data": data, "model": asked["model"], "usage": usage}
    ).encode()


def _whole(model: str, is_ollama: bool, is_chat: bool) -> bytes:
    text = "".join(WORDS)
    if is_ollama:
        return json.dumps({"model": model, **_said(text, is_chat), **OLLAMA_END}).encode()
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return json.dumps(
        {
            "id": "c",
            "object": "chat.completion",
            "model": model,
            "choices": [choice],
            "usage": usage,
        }
    ).encode()
