"""The one entrance of the data plane: what is checked before any endpoint is asked."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.echo_dialect import EchoDialect

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.dialects.loading import client_dialects
from gearshift.errors import GearshiftError
from gearshift.gateway.app import Gateway
from gearshift.gateway.routes import all_routes
from gearshift.http.values import HttpRequest
from gearshift.telemetry.metrics import Metrics

PAGE = {"host": "localhost:11435", "origin": "https://chat.example.com"}


def llm(**settings) -> Any:
    return SimpleNamespace(settings=Settings.model_validate(settings), shared_state=None)


async def status(gateway, method="GET", path="/", **headers):
    return (await gateway.handle(HttpRequest(method, path, headers or PAGE))).status


async def test_pages_and_names_are_checked_by_the_settings_in_force():
    gateway = Gateway(llm(), Metrics())
    assert await status(gateway) == 403
    gateway.switch_to(llm(access={"allowed_origins": ["https://*.example.com"]}))
    assert await status(gateway) == 200
    assert await status(gateway, host="gw.example.com") == 403
    gateway.switch_to(llm(access={"allowed_hosts": ["gw.example.com"]}))
    assert await status(gateway) == 403
    assert await status(gateway, host="gw.example.com") == 200
    gateway.switch_to(llm(auth={"api_keys": ["a-key-of-some-length"]}))
    assert await status(gateway, host="anything.example") == 200


async def test_beyond_this_machine_any_name_will_do_but_not_any_page():
    gateway = Gateway(llm(), Metrics(), is_local=False)
    assert await status(gateway, host="gearshift.default.svc.cluster.local:11435") == 200
    assert await status(gateway) == 403


@pytest.mark.parametrize(
    "route", all_routes(client_dialects()), ids=lambda route: f"{route.method} {route.path}"
)
async def test_no_endpoint_is_asked_for_a_foreign_page(route):
    gateway = Gateway(llm(auth={"api_keys": ["a-key-of-some-length"]}), Metrics())
    path = route.path.replace("*", "x")
    for headers in (PAGE, {**PAGE, "authorization": "Bearer a-key-of-some-length"}):
        assert await status(gateway, route.method, path, **headers) == 403


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat", "/nowhere", "/metrics"])
async def test_a_preflight_needs_no_key_and_no_route(path):
    gateway = Gateway(llm(auth={"api_keys": ["a-key-of-some-length"]}), Metrics())
    asked = {"host": "gw", "origin": "http://localhost", "access-control-request-method": "POST"}
    assert await status(gateway, "OPTIONS", path, **asked) == 204
    assert await status(gateway, "OPTIONS", path, **asked | {"origin": "null"}) == 403
    assert await status(gateway, "OPTIONS", path, host="gw") in (404, 405)


@pytest.mark.parametrize(("path", "is_text"), [("/api/chat", True), ("/v1/models", False)])
async def test_an_error_has_the_shape_of_its_path_and_can_be_read_by_its_page(path, is_text):
    gateway = Gateway(llm(auth={"api_keys": ["a-key-of-some-length"]}), Metrics())
    own = {"host": "localhost", "origin": "http://localhost:3000"}
    for response in (
        await gateway.handle(HttpRequest("POST", path, own)),
        gateway.refusal(HttpRequest("POST", path, own), GearshiftError("broken")),
    ):
        assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert isinstance(response.body, bytes)
        assert isinstance(json.loads(response.body)["error"], str) is is_text


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/x", "/nowhere", "/v1/messages"])
async def test_a_client_that_says_who_it_is_is_told_errors_in_its_own_shape(path):
    gateway = Gateway(llm(auth={"api_keys": ["a-key-of-some-length"]}), Metrics())
    asked = HttpRequest("GET", path, {"host": "localhost", "anthropic-version": "2023-06-01"})
    response = await gateway.handle(asked)
    assert isinstance(response.body, bytes)
    told = json.loads(response.body)
    assert told["type"] == "error"
    assert told["error"]["type"] in (
        "authentication_error",
        "not_found_error",
        "invalid_request_error",
    )


class Clumsy(EchoDialect):
    """A guest that fails just where it should tell what has failed."""

    content_type = "text/x-clumsy"

    def write_error(self, error):
        raise ZeroDivisionError("my secret words")


async def test_a_dialect_that_cannot_tell_an_error_keeps_nobody_waiting(monkeypatch):
    monkeypatch.setitem(registry.CLIENT_DIALECTS, "echo", f"{__name__}:Clumsy")
    gateway = Gateway(llm(), Metrics())
    own = {"host": "localhost"}
    for response in (
        await gateway.handle(HttpRequest("POST", "/echo/v0/ask", own, b"{")),
        gateway.refusal(HttpRequest("POST", "/echo/v0/ask", own), GearshiftError("broken")),
    ):
        assert (response.status, response.headers["content-type"]) == (500, "application/json")
        assert isinstance(response.body, bytes)
        assert b"secret" not in response.body
        assert "the log has the details" in json.loads(response.body)["error"]["message"]
