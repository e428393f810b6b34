"""An admin plane before upstreams that echo, with a decision log of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.fakes import provider as fake
from tests.fakes.logs import log_in

from gearshift import registry
from gearshift.admin.app import AdminPlane
from gearshift.admin.context import AdminContext
from gearshift.config.loading import Settings
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics

MODELS = ["gemma2:2b", "mistral:7b-instruct"]


class Plane(AdminPlane):
    """Asked without a network."""

    async def ask(
        self, path: str, body: object = None, method: str | None = None, **headers: str
    ) -> HttpResponse:
        """What an operator's browser is answered."""
        path, _, query = path.partition("?")
        sent = b"" if body is None else json.dumps(body).encode()
        given = {"host": "localhost", "content-type": "application/json", **headers}
        method = method or ("GET" if body is None else "POST")
        return await self.handle(HttpRequest(method, path, given, sent, query=query))

    async def json(self, path: str, body: object = None) -> Any:
        """The same, where it is fine."""
        response = await self.ask(path, body)
        assert isinstance(response.body, bytes)
        assert response.status == 200, response.body
        return json.loads(response.body)

    async def text(self, path: str) -> str:
        """A page, where it is fine."""
        response = await self.ask(path)
        assert isinstance(response.body, bytes)
        assert response.status == 200, response.body
        return response.body.decode()


@pytest.fixture
def planes(tmp_path, monkeypatch) -> Iterator[Any]:
    """Makes planes: requests of the log, and settings."""
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)
    made: list[Plane] = []

    def make(events=(), *, with_prompts=False, token="", **settings):
        base = "http://127.0.0.1:9/v1"
        upstream = {"name": "here", "provider": "openai", "base_url": base, "models": MODELS}
        log = {"url": log_in(tmp_path, events, with_prompts=with_prompts)}
        given = {"upstreams": [upstream], "decision_log": log, **settings}
        llm = LLMInterface(Settings.model_validate(given))
        made.append(Plane(llm, Metrics(), "127.0.0.1", token))
        return made[-1]

    yield make
    for plane in made:
        plane.context.close()


@pytest.fixture
def desks(planes) -> Any:
    """Makes the desks of such planes."""

    def make(*args: Any, **options: Any) -> AdminContext:
        context: AdminContext = planes(*args, **options).context
        return context

    return make
