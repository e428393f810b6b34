"""Web pages in front of a running gateway: who is refused, before anything goes upstream."""

import json
from typing import Any

import aiohttp
import pytest
from tests.e2e.test_settings_in_force import config, send
from tests.fakes.upstream import FaultUpstream

from gearshift.dialects.loading import client_dialects
from gearshift.gateway.routes import all_routes

OWN, FOREIGN = "http://localhost:3000", "https://evil.example"
CHAT = "/v1/chat/completions"
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
    "/api/chat": {"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
    "/api/generate": {"model": "auto", "prompt": "hi"},
    "/v1/completions": {"model": "auto", "prompt": "hi"},
    "/v1/route": {"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
    "/api/show": {"model": "auto"},
}
# What a form can send, or fetch() without asking first; and what real clients call their JSON.
TYPES = [
    *("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"),
    *("multipart/form-data; boundary=x", "application/octet-stream", "application/json; x=y"),
    *("application/vnd.api+json", "text/html", "*/*", "json", ";"),
]


async def ask(url, method="POST", path=CHAT, body=None, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession(skip_auto_headers=["content-type"]) as session,
        session.request(method, url + path, data=data, headers=sent) as response,
    ):
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize("kind", TYPES)
async def test_json_is_json_whatever_it_is_called(gateway, kind):
    async with FaultUpstream() as upstream, gateway(config(upstream)) as url:
        for path, body in BODIES.items():
            status, _, answer = await ask(url, path=path, body=body, content_type=kind)
            assert status == 200, (path, answer)
        feedback = {"decision_id": "dec-0", "verdict": "good"}
        status, _, answer = await ask(url, path="/v1/feedback", body=feedback, content_type=kind)
        assert (status, b"decision_log" in answer) == (404, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": FOREIGN},
        {"origin": "null"},
        {"host": "evil.example:11435"},
        {"host": "evil.example:11435", "origin": "http://evil.example:11435"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
    ],
)
async def test_no_route_answers_other_peoples_pages(gateway, headers):
    async with FaultUpstream() as upstream, gateway(config(upstream)) as url:
        for route in all_routes(client_dialects()):
            path = route.path.replace("*", "auto")
            for kind in TYPES[:3]:
                body = BODIES.get(path, {}) if route.method == "POST" else None
                status, told, answer = await ask(
                    url, route.method, path, body, content_type=kind, **headers
                )
                assert status == 403, path
                assert "access-control-allow-origin" not in told
                if route.method == "HEAD":
                    continue  # it is told nothing more
                error = json.loads(answer)["error"]
                assert "access.allowed_" in (error if isinstance(error, str) else error["message"])
        status, told, _ = await ask(
            url, "OPTIONS", access_control_request_method="POST", **{"origin": FOREIGN, **headers}
        )
        assert status == 403
        assert "access-control-allow-origin" not in told
        assert upstream.asked == []


async def test_allowed_pages_can_read_answers_streams_and_errors(gateway):
    body = BODIES[CHAT]
    auth = {"api_keys": ["everything"]}
    async with (
        FaultUpstream() as upstream,
        gateway(config(upstream, auth=auth)) as url,
    ):
        status, told, answer = await ask(
            url,
            "OPTIONS",
            origin=OWN,
            access_control_request_method="POST",
            access_control_request_headers="authorization,content-type,x-stainless-os",
        )
        assert (status, answer) == (204, b"")
        assert "content-length" not in told
        assert told["access-control-allow-headers"] == "authorization,content-type,x-stainless-os"
        key = {"authorization": "Bearer everything"}
        for sent, expected in (
            ((CHAT, body, key), 200),
            ((CHAT, {**body, "stream": True}, key), 200),
            (("/api/chat", body, key), 200),
            ((CHAT, body, {}), 401),
            ((CHAT, {**body, "model": "nobody"}, key), 404),
            (("/v1/nothing", body, key), 404),
            (("/v1/models", body, key), 405),
        ):
            path, content, headers = sent
            status, told, answer = await ask(url, path=path, body=content, origin=OWN, **headers)
            assert status == expected
            assert told["access-control-allow-origin"] == OWN
            assert told["vary"] == "Origin"
            if expected == 200:
                assert "x-gearshift-tier" in told["access-control-expose-headers"]
                assert "x-gearshift-tier" in told


async def test_a_request_that_is_refused_before_it_is_read_can_be_read(gateway):
    limits = {"max_body_bytes": 100}
    async with FaultUpstream() as upstream, gateway(config(upstream, limits=limits)) as url:
        body = {**BODIES[CHAT], "user": "x" * 200}
        status, told, _ = await ask(url, body=body, origin=OWN)
        assert (status, told["access-control-allow-origin"]) == (413, OWN)
        status, told, _ = await ask(url, body=body, origin=FOREIGN)
        assert (status, told.get("access-control-allow-origin")) == (413, None)


async def test_the_settings_allow_more(gateway):
    access = {"allowed_hosts": ["gw.corp.example"], "allowed_origins": ["https://*.corp.example"]}
    async with FaultUpstream() as upstream, gateway(config(upstream, access=access)) as url:
        page = {"host": "gw.corp.example:80", "origin": "https://chat.corp.example"}
        status, told, _ = await ask(url, body=BODIES[CHAT], **page)
        assert (status, told["access-control-allow-origin"]) == (200, "https://chat.corp.example")
        assert (await ask(url, body=BODIES[CHAT], **page | {"host": "x.example"}))[0] == 403
        assert (await ask(url, body=BODIES[CHAT], **page | {"origin": FOREIGN}))[0] == 403


async def test_credentials_of_clients_and_their_conditions_stay_here(gateway, capfd):
    names = ["api-key", "x-goog-api-key", "x-auth-token", "content-md5", "if-none-match", "range"]
    headers = {**dict.fromkeys(names, "CLIENT"), "traceparent": "00-ab-cd-01", "x-session-id": "s"}
    async with FaultUpstream() as upstream, gateway(config(upstream)) as url:
        status, _, _ = await send(url, path=f"{CHAT}?api-key=CLIENT&key=CLIENT", headers=headers)
        assert status == 200
        (asked,) = upstream.asked
        assert "CLIENT" not in f"{asked.path} {asked.headers}"
        assert asked.headers["traceparent"] == "00-ab-cd-01"
        assert asked.headers["x-session-id"] == "s"
        status, _, answer = await send(url, path="/v1/nothing?key=CLIENT", headers=headers)
        assert (status, b"CLIENT" in answer) == (404, False)
    told = capfd.readouterr()
    assert '"event":"request"' in told.err
    assert "CLIENT" not in told.out + told.err
