"""OllamaProvider: Ollama's native API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from gearshift.dialects.base import NOTHING
from gearshift.dialects.decoding import decode_whole
from gearshift.dialects.model_list import listed_models
from gearshift.dialects.ollama.upstream_request import THINK
from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import MAX_ANSWER_BYTES
from gearshift.http.values import RequestBody
from gearshift.providers.base import Deadlines, PullProgress, UpstreamConfig
from gearshift.providers.http_provider import HttpProvider
from gearshift.providers.ollama_settings import OllamaSettings, ollama_base_url
from gearshift.providers.probing import PROBE_SECONDS, positive, trouble_at
from gearshift.providers.store_answer import StoreAnswer
from gearshift.types import (
    Capability,
    ChatRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    FrameStream,
    Json,
    JsonObject,
    ModelInfo,
    UpstreamState,
)

# Cold, from a slow disk, with another model to be moved out of the way first.
_LOAD_SECONDS: Final = 15.0
_LOADED_BYTES_PER_SECOND: Final = 100e6
_KEY_REFUSED: Final = frozenset({401, 402, 403, 407})
_NO_SUCH_QUESTION: Final = frozenset({404, 405, 501})
_NAMES: Final = ("name", "model", "id")
_CAPABILITIES: Final = {capability.value: capability for capability in Capability}


class OllamaProvider(HttpProvider):
    """An upstream that is an Ollama server."""

    name = "ollama"
    dialect = "ollama"
    settings = OllamaSettings
    honours_seed = True
    start_command = "ollama serve"
    # It reads a model again to check what it has pulled, and says nothing meanwhile.
    store_silence_seconds = 1800.0

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        base_url = config.base_url or ollama_base_url("")
        super().__init__(replace(config, base_url=base_url), deadlines)
        # What a model can do does not change while its digest stays the same.
        self._shown: dict[str, JsonObject] = {}
        self._models: dict[str, ModelInfo] = {}

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; an error about a missing one names the command that fetches it."""
        try:
            return await super().send(request, model)
        except UpstreamError as error:
            raise self._with_advice(error, model) from error

    async def embed(self, request: EmbeddingRequest, model: str) -> EmbeddingResponse:
        """Ask `model` for vectors, with the same advice."""
        try:
            return await super().embed(request, model)
        except UpstreamError as error:
            raise self._with_advice(error, model) from error

    def _with_advice(self, error: UpstreamError, model: str) -> UpstreamError:
        if error.fault is not FailureKind.MISSING_MODEL:
            return error
        message = f"{error.message}; run: {self.pull_command(model)}"
        return UpstreamError(message, fault=error.fault, status=error.status)

    async def probe(self) -> UpstreamState:
        """Ask for the version, the models, those loaded, and once for what each can do."""
        path = self._config.health_path
        if path is not None and (trouble := await trouble_at(self._client, path)):
            return UpstreamState(is_reachable=False, detail=trouble)
        try:
            tags = await self._get("/api/tags")
        except UpstreamError as error:
            return await self._without_list(error)
        # Servers that speak only a part of the API lack these; they can answer all the same.
        version, running = await asyncio.gather(
            self._get_if_there("/api/version"), self._get_if_there("/api/ps")
        )
        resident = None if running is None else listed_models(running, _NAMES)
        models = [
            await self._described(name, entry, resident)
            for name, entry in listed_models(tags, _NAMES).items()
        ]
        self._models = {info.name: info for info in models}
        return UpstreamState(
            is_reachable=True,
            models=tuple(models),
            version=_version(version),
            detail=f"reachable{self._client.way}",
        )

    def inform(self, state: UpstreamState) -> None:
        """Know what a probe of another process has found."""
        if state.is_reachable and state.lists_models:
            self._models = {info.name: info for info in state.models}

    async def _without_list(self, error: UpstreamError) -> UpstreamState:
        """What is known of a server that would not say its models."""
        if error.status in _KEY_REFUSED:
            detail = f"{error.message}; is its api_key right?"
            return UpstreamState(True, detail=detail, lists_models=False, refuses_key=True)
        version = _version(await self._get_if_there("/api/version"))
        if error.status in _NO_SUCH_QUESTION and version is not None:
            detail = "reachable, but it does not list its models"
            return UpstreamState(True, version=version, detail=detail, lists_models=False)
        return UpstreamState(is_reachable=False, detail=error.message)

    def left_out(self, model: str) -> frozenset[str]:
        """Also thinking, unless the model is known to be able to: others refuse to answer."""
        info = self._known(model)
        can_think = info is not None and Capability.THINKING in (info.capabilities or ())
        return super().left_out(model) | (NOTHING if can_think else {THINK})

    def _known(self, model: str) -> ModelInfo | None:
        return self._models.get(model) or self._models.get(f"{model}:latest")

    def first_token_seconds(self, model: str) -> float:
        """Longer for a model that has to be loaded first, by its size."""
        info = self._known(model)
        usual = self._deadlines.first_token_seconds
        if info is None or info.is_resident is not False:
            return usual
        return usual + _LOAD_SECONDS + (info.size_bytes or 0) / _LOADED_BYTES_PER_SECOND

    async def native(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, str, bytes]:
        """A request of Ollama's own kind, passed on as it is: status, content type, body.

        Raises:
            UpstreamError: There was no answer.
        """
        response = await self._client.request(method, path, body=body)
        response.limit_silence(self._deadlines.total_seconds)
        try:
            content = await response.body(MAX_ANSWER_BYTES)
            if response.status >= 400:
                content = self._mask.hidden(content)
            return response.status, response.content_type, content
        finally:
            await response.aclose()

    async def ask_store(
        self, method: str, path: str, body: bytes | RequestBody | None = None
    ) -> StoreAnswer:
        """A request that changes the server's models, or asks for a part of one."""
        silence = self.store_silence_seconds
        if body is None or isinstance(body, bytes):
            response = await self._client.request(method, path, body=body, within_seconds=silence)
        else:
            response = await self._client.upload(method, path, body, silence)
        response.limit_silence(silence)
        return StoreAnswer(response, self._mask)

    @staticmethod
    def pull_command(model: str) -> str:
        """Ollama's own."""
        return f"ollama pull {model}"

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download `model`, reporting progress."""
        answer = await self.ask_store("POST", "/api/pull", orjson.dumps({"model": model}))
        try:
            while lines := await answer.read():
                for line in filter(None, lines.split(b"\n")):
                    yield _progress(line)
        finally:
            await answer.aclose()

    async def _get(self, path: str) -> Json:
        return _document(*await self._fetch("GET", path, None), path)

    async def _get_if_there(self, path: str) -> Json:
        try:
            return await self._get(path)
        except UpstreamError:
            return None

    async def _fetch(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                status, _, content = await self.native(method, path, body)
        except TimeoutError as error:
            raise UpstreamError(f"no answer to {path}", fault=FailureKind.TIMEOUT) from error
        return status, content

    async def _show(self, name: str, digest: str) -> JsonObject:
        shown_before = self._shown.get(digest)
        if shown_before is not None:
            return shown_before
        try:
            body = orjson.dumps({"model": name})
            shown = _document(*await self._fetch("POST", "/api/show", body), "/api/show")
        except UpstreamError as error:
            if error.status is None or error.status >= 500:
                return {}  # asked again with the next probe
            shown = {}  # a server that does not have the question is not asked it for ever
        self._shown[digest] = shown if isinstance(shown, dict) else {}
        return self._shown[digest]

    async def _described(
        self, name: str, entry: JsonObject, resident: Mapping[str, JsonObject] | None
    ) -> ModelInfo:
        digest = f"{name}@{entry.get('digest', '')}"
        shown = await self._show(name, digest)
        facts = shown.get("model_info")
        facts = facts if isinstance(facts, dict) else {}
        context = next((v for k, v in facts.items() if k.endswith(".context_length")), None)
        return ModelInfo(
            name=name,
            parameters=positive(facts.get("general.parameter_count")),
            size_bytes=positive(entry.get("size")),
            context_length=positive(context),
            capabilities=_capabilities(shown.get("capabilities")),
            is_resident=None if resident is None else name in resident,
            loaded_context=positive((resident or {}).get(name, {}).get("context_length")),
            details=entry,
        )


def _document(status: int, content: bytes, path: str) -> Json:
    """A JSON object, or a bare list."""
    try:
        document = decode_whole(content)
    except ValueError:
        document = None
    if status != 200 or not isinstance(document, dict | list):
        message = f"{path} answered {status}; is this an Ollama server?"
        raise UpstreamError(message, fault=FailureKind.GARBAGE, status=status)
    return document


def _version(document: Json) -> str | None:
    number = document.get("version") if isinstance(document, dict) else None
    return number if isinstance(number, str) else None


def _capabilities(value: Any) -> frozenset[Capability] | None:
    """Older servers do not say; that counts as capable."""
    if not isinstance(value, list):
        return None
    names = {name for name in value if isinstance(name, str)}
    return frozenset(_CAPABILITIES[name] for name in names & _CAPABILITIES.keys())


def _progress(line: bytes) -> PullProgress:
    try:
        step = decode_whole(line)
    except ValueError as error:
        raise UpstreamError(
            "the answer to the pull is not a JSON object", fault=FailureKind.GARBAGE
        ) from error
    if not isinstance(step, dict):
        raise UpstreamError(
            "the answer to the pull is not a JSON object", fault=FailureKind.GARBAGE
        )
    if step.get("error"):
        raise UpstreamError(str(step["error"]), fault=FailureKind.FAILED)
    completed, total = positive(step.get("completed")), positive(step.get("total"))
    return PullProgress(str(step.get("status", "")), completed or 0, total or 0)
