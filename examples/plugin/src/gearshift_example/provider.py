"""DeploymentsProvider: OpenAI-compatible servers that have a path for each deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.providers.openai_settings import OpenAISettings
from gearshift.types import ChatRequest


class DeploymentsSettings(OpenAISettings):
    """The common settings of an upstream, `base_url` among them, and one more.

    Attributes:
        region: Sent as a header with every request.
    """

    region: str = "eu"

    def options(self) -> Any:
        """What the provider gets as `config.options`."""
        return self.region


class DeploymentsProvider(OpenAICompatibleProvider):
    """Asks `/deployments/MODEL/chat/completions`, with the key in `x-api-key`."""

    name = "deployments"
    settings = DeploymentsSettings

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        headers = {"x-region": str(config.options), **config.headers}
        super().__init__(replace(config, headers=headers), deadlines)

    def path(self, request: ChatRequest, model: str) -> str:
        """Where a request goes, below `base_url`."""
        return f"/deployments/{quote(model, safe='')}{super().path(request, model)}"

    def credentials(self, api_key: str) -> Mapping[str, str]:
        """The headers that carry the key."""
        return {"x-api-key": api_key}
