"""An Ollama as far as its models are concerned: list, pull, push, create, copy, delete, files.

It answers as Ollama's documentation and server do, with the same statuses, fields and words; what
it is told is kept, files only as their digests.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

_DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "gemma2",
    "families": ["gemma2"],
    "parameter_size": "2.6B",
    "quantization_level": "Q4_0",
}
_WORDS = ("It", " is", " noon.")


@dataclass
class Asked:
    method: str
    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class OllamaStore:
    """Serves on a free port.

    Attributes:
        models: Digest by name.
        registry: What may be pulled.
        blobs: Digests of files, without their prefix.
        fault: `cut` breaks off a change after its first line, `hang` says nothing more, `silent`
            not even a head; `error` fails in the middle, `refuse` at once.
        go_on: Files are read, and changes go on, only while it is set.
        asked: The requests but those of health checks.
        begun: Set when it has a change to do, or the first bytes of a file.
        gone: Set when a client has gone in the middle of a change or a file.
        received: How many bytes of files have come.
    """

    models: dict[str, str] = field(default_factory=dict)
    registry: set[str] = field(default_factory=lambda: {"tiny:latest", "gemma2:2b"})
    blobs: set[str] = field(default_factory=set)
    fault: str = ""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Asked] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    loaded: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: int = 0
    url: str = ""

    async def __aenter__(self) -> Self:
        self.go_on.set()
        application = web.Application(client_max_size=2**40)
        application.add_routes(
            [
                web.get("/", _alive),
                web.get("/api/version", self._version),
                web.get("/api/tags", self._tags),
                web.get("/api/ps", self._ps),
                web.post("/api/show", self._noted(self._show)),
                web.post("/api/pull", self._noted(self._pull)),
                web.post("/api/push", self._noted(self._push)),
                web.post("/api/create", self._noted(self._create)),
                web.post("/api/copy", self._noted(self._copy)),
                web.delete("/api/delete", self._noted(self._delete)),
                web.head("/api/blobs/{digest}", self._has_blob),
                web.post("/api/blobs/{digest}", self._take_blob),
                web.post("/api/chat", self._noted(self._chat)),
                web.post("/api/generate", self._noted(self._chat)),
            ]
        )
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def changes(self) -> list[tuple[str, Any]]:
        """The paths and bodies of what changes models."""
        asking = ("/api/show", "/api/chat", "/api/generate")
        return [(one.path, one.body) for one in self.asked if one.path not in asking]

    def entry(self, name: str) -> dict[str, Any]:
        """A model in the list."""
        return {
            "name": name,
            "model": name,
            "modified_at": "2026-08-01T10:00:00.5+02:00",
            "size": 1_629_518_495,
            "digest": self.models[name],
            "details": _DETAILS,
        }

    def load(self, name: str, expires_at: str, size_vram: int = 0) -> None:
        """Have a model in memory."""
        entry = {k: v for k, v in self.entry(name).items() if k != "modified_at"}
        more = {"expires_at": expires_at, "size_vram": size_vram, "context_length": 4096}
        self.loaded[name] = entry | more

    def _noted(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        async def noted(request: web.Request) -> web.StreamResponse:
            try:
                body = json.loads(await request.read())
            except ValueError as error:
                return _error(400, str(error))
            self.asked.append(Asked(request.method, request.path, body, dict(request.headers)))
            if request.path != "/api/show":  # which health checks ask too
                self.begun.set()
            try:
                return await answer(request, body)
            except asyncio.CancelledError:
                self.gone.set()
                raise

        return noted

    # --- lists

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.12.11"})

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [self.entry(name) for name in self.models]})

    async def _ps(self, request: web.Request) -> web.Response:
        return web.json_response({"models": list(self.loaded.values())})

    async def _show(self, request: web.Request, body: Any) -> web.Response:
        name = _full(body.get("model") or body.get("name"))
        if name not in self.models:
            return _error(404, f"model '{body.get('model')}' not found")
        facts: dict[str, Any] = {
            "general.parameter_count": 2_614_341_888,
            "gemma2.context_length": 8192,
        }
        if body.get("verbose"):
            facts["tokenizer.ggml.tokens"] = ["a", "b"]
        return web.json_response(
            {"details": _DETAILS, "model_info": facts, "capabilities": ["completion"]}
        )

    # --- changes

    async def _pull(self, request: web.Request, body: Any) -> web.StreamResponse:
        name = _full(body.get("model") or body.get("name"))

        async def steps() -> AsyncIterator[dict[str, Any]]:
            yield {"status": "pulling manifest"}
            if name not in self.registry:
                yield {"error": "pull model manifest: file does not exist"}
                return
            for done in (50, 100):
                yield {
                    "status": "pulling aabbccddeeff",
                    "digest": "sha256:" + "a" * 64,
                    "total": 100,
                    "completed": done,
                }
            yield {"status": "verifying sha256 digest"}
            self.models[name] = hashlib.sha256(name.encode()).hexdigest()
            yield {"status": "success"}

        return await self._progress(request, body, steps())

    async def _push(self, request: web.Request, body: Any) -> web.StreamResponse:
        async def steps() -> AsyncIterator[dict[str, Any]]:
            yield {"status": "retrieving manifest"}
            if _full(body.get("model")) not in self.models:
                yield {"error": "couldn't retrieve manifest for model"}
                return
            yield {"status": "success"}

        return await self._progress(request, body, steps())

    async def _create(self, request: web.Request, body: Any) -> web.StreamResponse:
        name = _full(body.get("model") or body.get("name"))
        base, files = body.get("from"), body.get("files")
        if not base and not files:
            return _error(400, "neither 'from' or 'files' was specified")

        async def steps() -> AsyncIterator[dict[str, Any]]:
            if base and _full(base) not in self.models:
                yield {"error": "pull model manifest: file does not exist"}
                return
            lacking = [d for d in (files or {}).values() if _hex(d) not in self.blobs]
            if lacking:
                yield {"error": "open blob: no such file"}
                return
            yield {"status": "parsing GGUF"}
            self.models[name] = hashlib.sha256(name.encode()).hexdigest()
            yield {"status": "success"}

        return await self._progress(request, body, steps())

    async def _progress(
        self, request: web.Request, body: Any, steps: AsyncIterator[dict[str, Any]]
    ) -> web.StreamResponse:
        if self.fault == "silent":
            await asyncio.Event().wait()
        if self.fault == "refuse":
            return _error(500, "no space left on device")
        if body.get("stream") is False:
            last = [step async for step in steps][-1]
            return web.json_response(last, status=500 if "error" in last else 200)
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        async for step in steps:
            if not response.prepared:
                if "error" in step:
                    return _error(500, step["error"])
                await response.prepare(request)
            if not await self._told(request, response, step):
                break
        return response

    async def _told(
        self, request: web.Request, response: web.StreamResponse, step: dict[str, Any]
    ) -> bool:
        """Tell one step; whether there are more."""
        await self.go_on.wait()
        await response.write(json.dumps(step).encode() + b"\n")
        if self.fault == "cut":
            assert request.transport is not None
            request.transport.abort()
        elif self.fault == "hang":
            await asyncio.Event().wait()
        elif self.fault == "error":
            await response.write(b'{"error":"max retries exceeded: EOF"}\n')
        return not self.fault

    async def _copy(self, request: web.Request, body: Any) -> web.Response:
        source, destination = body.get("source"), body.get("destination")
        if not source:
            return _error(400, f'source "{source}" is invalid')
        if _full(source) not in self.models:
            return _error(404, f'model "{source}" not found')
        self.models[_full(destination)] = self.models[_full(source)]
        return web.Response()

    async def _delete(self, request: web.Request, body: Any) -> web.Response:
        name = body.get("model") or body.get("name")
        if self.models.pop(_full(name), None) is None:
            return _error(404, f"model '{name}' not found")
        return web.Response()

    # --- files

    async def _has_blob(self, request: web.Request) -> web.Response:
        digest = request.match_info["digest"]
        self.asked.append(Asked("HEAD", request.path, None, dict(request.headers)))
        if _hex(digest) in self.blobs:
            return web.Response()
        return _error(404, f'blob "{digest}" not found')

    async def _take_blob(self, request: web.Request) -> web.Response:
        digest = request.match_info["digest"]
        self.asked.append(Asked("POST", request.path, None, dict(request.headers)))
        if _hex(digest) in self.blobs:
            return web.Response()
        found = hashlib.sha256()
        try:
            while True:
                await self.go_on.wait()
                piece = await request.content.readany()
                if not piece:
                    break
                self.received += len(piece)
                self.begun.set()
                found.update(piece)
                if self.fault == "cut":
                    assert request.transport is not None
                    request.transport.abort()
        except BaseException:
            self.gone.set()
            raise
        if found.hexdigest() != _hex(digest):
            return _error(
                400, f'digest mismatch, expected "{digest}", got "sha256:{found.hexdigest()}"'
            )
        self.blobs.add(_hex(digest))
        return web.Response(status=201)

    # --- answers

    async def _chat(self, request: web.Request, body: Any) -> web.StreamResponse:
        name = body.get("model")
        if _full(name) not in self.models:
            return _error(404, f"model '{name}' not found")

        def said(text: str, **more: Any) -> dict[str, Any]:
            is_chat = request.path == "/api/chat"
            turn: dict[str, Any] = {"role": "assistant", "content": text}
            words: dict[str, Any] = {"message": turn} if is_chat else {"response": text}
            head = {"model": name, "created_at": "2026-08-01T10:00:00Z"}
            return {**head, **words, "done": bool(more), **more}

        end = {"done_reason": "stop", "total_duration": 30, "load_duration": 4}
        end |= {"prompt_eval_count": 5, "prompt_eval_duration": 6}
        end |= {"eval_count": 7, "eval_duration": 8}
        if body.get("stream") is False:
            return web.json_response(said("".join(_WORDS), **end))
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        with suppress(ConnectionError):
            for line in (*map(said, _WORDS), said("", **end)):
                await response.write(json.dumps(line).encode() + b"\n")
        return response


async def _alive(request: web.Request) -> web.Response:
    return web.Response(text="Ollama is running")


def _full(name: Any) -> str:
    return name if ":" in str(name) else f"{name}:latest"


def _hex(digest: str) -> str:
    return re.split("[:-]", digest)[-1]


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
