"""A data plane before upstreams that echo."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.fakes import provider as fake

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.gateway.app import Gateway
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics

MODELS = ["gemma2:2b", "mistral:7b-instruct"]


class Plane(Gateway):
    """Asked without a network."""

    @property
    def llm(self) -> LLMInterface:
        """What answers."""
        return self._context.llm

    @property
    def metrics(self) -> Metrics:
        """What counts."""
        return self._context.metrics

    async def ask(
        self, path: str, body: object = None, method: str | None = None, **more: Any
    ) -> HttpResponse:
        """What a client is answered."""
        sent = b"" if body is None else json.dumps(body).encode()
        method = method or ("GET" if body is None else "POST")
        return await self.handle(HttpRequest(method, path, {"host": "localhost"}, sent, **more))

    async def json(self, path: str, body: object = None, **more: Any) -> Any:
        """The same, where it is fine."""
        response = await self.ask(path, body, **more)
        assert isinstance(response.body, bytes)
        assert response.status == 200, response.body
        return json.loads(response.body)


@pytest.fixture
async def planes(monkeypatch) -> AsyncIterator[Any]:
    """Makes planes by settings; their upstreams have been probed."""
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)
    made: list[LLMInterface] = []

    async def make(models=MODELS, **settings):
        base = "http://127.0.0.1:9/v1"
        upstream = {"name": "here", "provider": "openai", "base_url": base, "models": models}
        given = Settings.model_validate({"upstreams": [upstream], **settings})
        made.append(await LLMInterface(given).start())
        return Plane(made[-1], Metrics())

    yield make
    for llm in made:
        await llm.aclose()
