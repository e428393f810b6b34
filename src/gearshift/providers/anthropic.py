"""AnthropicProvider: Anthropic's API, and servers that speak as it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import orjson

from gearshift.dialects.anthropic.thinking import DEFAULT_MAX_TOKENS, LIMIT_UNLESS_GIVEN
from gearshift.dialects.decoding import decode_whole
from gearshift.providers.anthropic_settings import AnthropicOptions, AnthropicSettings
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.providers.probing import asked, told_of
from gearshift.types import ChatRequest, FrameStream, Json, JsonObject

_VERSION: Final = "anthropic-version"
_HEADERS: Final = {_VERSION: "2023-06-01"}
_THEIRS: Final = "anthropic-"
_MOST_PAGES: Final = 10
# What may stand in a request whose tokens are counted.
_COUNTED: Final = (
    *("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"),
    *("mcp_servers", "context_management", "cache_control"),
)


class AnthropicProvider(OpenAICompatibleProvider):
    """An upstream whose base URL may end in `/v1` or not."""

    name = "anthropic"
    dialect = "anthropic"
    settings = AnthropicSettings
    models_path = "/v1/models?limit=1000"

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        base_url = config.base_url.removesuffix("/v1")
        super().__init__(replace(config, base_url=base_url), deadlines)
        options = config.options if isinstance(config.options, AnthropicOptions) else None
        self._max_tokens = (options or AnthropicOptions()).max_tokens

    def credentials(self, api_key: str) -> Mapping[str, str]:
        """The key as Anthropic takes it."""
        return {"x-api-key": api_key}

    def headers(self, request: ChatRequest) -> Mapping[str, str]:
        """The version and betas that an Anthropic client asks for; of others, ours."""
        if request.dialect == self.dialect:
            return {**_HEADERS, **request.headers}
        others = {k: v for k, v in request.headers.items() if not k.startswith(_THEIRS)}
        return {**others, **_HEADERS}

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; a client that names no limit gets the configured one."""
        if self._max_tokens != DEFAULT_MAX_TOKENS and request.dialect != self.dialect:
            options = {**request.options, LIMIT_UNLESS_GIVEN: self._max_tokens}
            request = replace(request, options=options)
        return await super().send(request, model)

    async def count_tokens(self, request: ChatRequest, model: str) -> int | None:
        """The tokens of a prompt, by Anthropic's own count; it costs nothing."""
        sent = orjson.loads(self._wire.upstream_body(request, model))
        asked_for = orjson.dumps({name: sent[name] for name in _COUNTED if name in sent})
        path, headers = "/v1/messages/count_tokens", self.headers(request)
        told = (await told_of(self._client, path, asked_for, headers)).get("input_tokens")
        return told if isinstance(told, int) and not isinstance(told, bool) else None

    async def _list(self) -> tuple[int, bytes]:
        """The list of models, all its pages as one."""
        status, body = await asked(self._client, self.models_path, _HEADERS)
        listed: list[Json] = []
        for _ in range(_MOST_PAGES):
            page = _page(body) if status == 200 else {}
            last = page.get("last_id")
            if not page.get("has_more") or not isinstance(last, str) or not last:
                break
            listed += page["data"]
            path = f"{self.models_path}&after_id={quote(last, safe='')}"
            status, body = await asked(self._client, path, _HEADERS)
        if not listed or status != 200:
            return status, body
        return status, orjson.dumps({"data": [*listed, *_page(body).get("data", ())]})


def _page(body: bytes) -> JsonObject:
    """A page of a list; nothing where it is none."""
    try:
        page = decode_whole(body)
    except ValueError:
        return {}
    return page if isinstance(page, dict) and isinstance(page.get("data"), list) else {}
