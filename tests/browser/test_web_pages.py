"""Pages of this machine and of elsewhere, in a real browser, in front of a real gateway."""

from __future__ import annotations

import http.server
import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.conftest import serving

CHAT = {"model": "auto", "max_tokens": 2, "messages": [{"role": "user", "content": "hi"}]}
PATHS = ("/v1/models", "/api/tags", "/metrics", "/openapi.json", "/health/ready")
# `text/plain` goes out without a preflight; `no-cors` whatever the answer may be.
FETCH = """async ([url, sent]) => {
  try {
    const answer = await fetch(url, sent);
    return [answer.type === "opaque" ? 0 : answer.status, await answer.text(),
            answer.headers.get("x-gearshift-tier")];
  } catch (error) {
    return [0, "", null];
  }
}"""
# As old as the web: what a form sends needs no permission, and looks like JSON.
FORM = """([url, before, after]) => {
  const form = document.createElement("form"), field = document.createElement("input");
  [form.method, form.enctype, form.action] = ["post", "text/plain", url];
  [field.name, field.value] = [before, after];
  form.append(field);
  document.body.append(form);
  form.submit();
}"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a server that shows an empty page under every name."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>x</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    config = folder / "config.yaml"
    config.write_text('access: {allowed_origins: ["http://*.friend.example:*"]}')
    with serving(folder, "--demo", "--config", str(config)) as served:
        yield served


@contextmanager
def page_of(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(site)
    yield page
    context.close()


def fetched(page, url, body=None, kind="application/json", **more):
    sent = dict(more)
    if body is not None:
        sent |= {"method": "POST", "body": json.dumps(body), "headers": {"content-type": kind}}
    return page.evaluate(FETCH, [url, sent])


def routed(served) -> float:
    """How many requests were decided since the start."""
    with urllib.request.urlopen(f"{served.admin}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(map(float, re.findall(r"^gearshift_score_count (\S+)$", text, re.MULTILINE)))


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "chat.friend.example"])
def test_an_allowed_page_reads_answers_streams_and_errors(browser, port, gateway, name):
    with page_of(browser, f"http://{name}:{port}/") as page:
        chat = f"{gateway.url}/v1/chat/completions"
        headers = {"content-type": "application/json", "x-session-id": "s", "x-stainless-os": "x"}
        sent = {"method": "POST", "headers": headers, "body": json.dumps(CHAT | {"stream": True})}
        status, text, tier = page.evaluate(FETCH, [chat, sent])
        assert (status, tier) == (200, "simple")
        assert text.rstrip().endswith("data: [DONE]")
        assert fetched(page, f"{gateway.url}/api/chat", CHAT, "text/plain")[0] == 200
        assert fetched(page, f"{gateway.url}/api/tags")[0] == 200
        status, text, _ = fetched(page, chat, CHAT | {"model": "nobody"})
        assert (status, "nobody" in text) == (404, True)


@pytest.mark.parametrize("name", ["evil.example", "friend.example", "xfriend.example"])
def test_another_page_reads_nothing_and_causes_nothing(browser, port, gateway, name):
    before = routed(gateway)
    with page_of(browser, f"http://{name}:{port}/") as page:
        for path in PATHS:
            assert fetched(page, gateway.url + path) == [0, "", None]
        for path in ("/v1/chat/completions", "/api/chat", "/v1/route"):
            for kind in ("text/plain", "application/json"):
                assert fetched(page, gateway.url + path, CHAT, kind) == [0, "", None]
            assert fetched(page, gateway.url + path, CHAT, "text/plain", mode="no-cors")[0] == 0
        body = json.dumps(CHAT | {"x": "="})
        with page.expect_navigation():
            parts = [f"{gateway.url}/v1/chat/completions", *body.split("=", 1)]
            page.evaluate(FORM, parts)
        assert "access.allowed_origins" in page.content()
    assert routed(gateway) == before


def test_a_page_that_binds_its_name_to_this_machine_reads_nothing(browser, gateway):
    own = f"http://evil.example:{gateway.url.rpartition(':')[2]}"
    before = routed(gateway)
    with page_of(browser, f"{own}/") as page:
        assert "access.allowed_hosts" in page.content()
        for path in PATHS:
            status, text, _ = fetched(page, own + path)
            assert (status, "models" in json.loads(text)) == (403, False)
        assert fetched(page, f"{own}/v1/chat/completions", CHAT)[0] == 403
    assert routed(gateway) == before
