"""Which requests of browsers are let through, and what they are told."""

import re
import socket

import pytest

from gearshift.config.sections.browsers import AccessSettings
from gearshift.errors import RequestError
from gearshift.gateway.cors import CorsPolicy
from gearshift.gateway.headers import EXPOSED
from gearshift.http.values import HttpRequest

HOST = "127.0.0.1:11435"


def policy(hosts=(), origins=(), *, has_keys=False, is_local=True):
    access = AccessSettings.model_validate({"allowed_hosts": hosts, "allowed_origins": origins})
    return CorsPolicy(access, has_keys=has_keys, is_local=is_local)


def outcome(of, method="POST", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        of.check(HttpRequest(method, "/api/chat", {"host": HOST, **sent}))
    except RequestError as error:
        return error.status, error.code
    return "passed"


def allows(of, origin, host=HOST):
    return outcome(of, origin=origin, host=host) == "passed"


HOSTS = [
    *("", "localhost", "localhost:11435", "LOCALHOST:1", "localhost.", "app.localhost:80"),
    *("127.0.0.1:11435", "127.9.9.9", "0.0.0.0:11435", "[::1]:11435", "[::1]", "10.1.2.3:80"),
    *("192.168.1.5", "172.16.0.1", "169.254.1.1", "100.64.0.7:11435", "[fd00::1]", "[fe80::1]"),
    *("box.local", "host.docker.internal:11435", socket.gethostname(), f"{socket.gethostname()}:1"),
]
FOREIGN_HOSTS = [
    *("evil.example", "evil.example:11435", "8.8.8.8", "8.8.8.8:11435", "[2606:4700::1111]:80"),
    *("localhost.evil.example", "evil-localhost", "local", "internal", "127.0.0.1.evil.example"),
    *("127.1", "2130706433", "0x7f.1", "evil.example.", "192.168.1.5.nip.io", "xn--lcalhost-n1a"),
]


@pytest.mark.parametrize("host", HOSTS)
def test_this_machines_names_and_addresses_are_known(host):
    assert outcome(policy(), host=host) == "passed"


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_name_that_was_bound_to_this_machine_is_refused(host):
    for headers in ({}, {"origin": f"http://{host}"}, {"origin": "http://localhost"}):
        assert outcome(policy(), host=host, **headers) == (403, "host_not_allowed")
    assert outcome(policy(), "GET", host=host) == (403, "host_not_allowed")


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_any_host_will_do_with_keys_or_where_everybody_may_connect(host):
    assert outcome(policy(has_keys=True), host=host) == "passed"
    assert outcome(policy(is_local=False), host=host) == "passed"
    assert outcome(policy(hosts=["x"], has_keys=True), host=host) == "passed"


def test_hosts_that_are_listed_are_checked_wherever_it_listens():
    of = policy(hosts=["Gateway.Example.com", "*.corp.example", "93.184.216.34"], is_local=False)
    for host in ("gateway.example.com:80", "a.corp.example", "a.b.corp.example", "93.184.216.34:1"):
        assert outcome(of, host=host) == "passed"
    for host in ("corp.example", "xcorp.example", "other.example.com", "93.184.216.35"):
        assert outcome(of, host=host) == (403, "host_not_allowed")
    assert outcome(policy(hosts=["*"]), host="evil.example") == "passed"


ORIGINS = [
    *("http://localhost", "http://localhost:3000", "https://localhost:8443", "http://127.0.0.1"),
    *("https://127.0.0.1:1", "http://0.0.0.0:8080", "http://[::1]:3000", "http://tauri.localhost"),
    *("app://obsidian.md", "file://", "tauri://localhost", "vscode-webview://0a1b2c"),
    *("vscode-file://vscode-app", f"http://{HOST}", f"https://{HOST}"),
]
FOREIGN_ORIGINS = [
    *("https://evil.example", "http://evil.example:11435", "null", "", "http://", "*"),
    *(
        "http://localhost.evil.example",
        "http://evil-localhost",
        "http://localhost:3000.evil.example",
    ),
    *(
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://evil.example/localhost",
    ),
    *("ftp://localhost", "chrome-extension://abc", "http://192.168.1.5", "http://localhost, null"),
    *("http://localhost:3000/x", "app:/evil", "https://evil.example?app://x", "http://localhost:"),
    *(f"ws://{HOST}", "capacitor://localhost", "http://8.8.8.8:3000"),
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("has_keys", [False, True])
def test_pages_of_this_machine_and_its_programs_are_allowed(origin, has_keys):
    assert allows(policy(has_keys=has_keys), origin)


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("more", [{}, {"has_keys": True}, {"is_local": False}])
def test_other_pages_are_not(origin, more):
    assert outcome(policy(**more), origin=origin) == (403, "origin_not_allowed")
    assert outcome(policy(**more), "GET", origin=origin) == (403, "origin_not_allowed")


def test_a_page_from_the_same_address_is_allowed_where_any_host_is():
    of = policy(is_local=False)
    assert allows(of, "https://chat.example.com", host="chat.example.com")
    assert not allows(of, "https://chat.example.com", host="chat.example.com:8080")
    assert not allows(policy(), "https://chat.example.com", host="chat.example.com")


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        (
            "https://chat.example.com",
            ["https://chat.example.com", "HTTPS://Chat.Example.com"],
            ["http://chat.example.com", "https://chat.example.com:8443", "https://example.com"],
        ),
        (
            "https://*.example.com",
            ["https://a.example.com", "https://a.b.example.com"],
            [
                *("https://example.com", "https://.example.com.evil", "https://evil.com"),
                *("https://evil.com/.example.com", "https://evil.com:443.example.com"),
                *("https://a.example.com:8443", "http://a.example.com", "https://aXexample.com"),
            ],
        ),
        ("http://lan:*", ["http://lan", "http://lan:3000"], ["https://lan", "http://lan:x"]),
        ("http://lan:80/", ["http://lan"], ["http://lan:8080"]),
        ("chrome-extension://*", ["chrome-extension://abc"], ["moz-extension://abc"]),
        ("https://*", ["https://x.example", "https://x.example:1"], ["http://x.example"]),
        ("null", ["null"], ["https://null", "nullx"]),
        ("*", ["https://evil.example", "null", "x://y"], []),
        ("http://[fd00::1]:3000", ["http://[fd00::1]:3000"], ["http://[fd00::1]"]),
    ],
)
def test_origins_that_are_listed(pattern, matching, others):
    of = policy(origins=[pattern])
    assert all(allows(of, origin) for origin in matching)
    assert not any(allows(of, origin) for origin in others)
    assert allows(of, "http://localhost:3000")


CROSS = {"sec_fetch_site": "cross-site"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"}),
        ("GET", {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}),
        ("GET", {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}),
        ("POST", {"sec_fetch_mode": "no-cors"}),
        ("POST", {"sec_fetch_mode": "cors"}),
        ("POST", {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}),
    ],
)
def test_another_sites_page_that_names_no_origin_is_refused(method, headers):
    assert outcome(policy(), method, **CROSS, **headers) == (403, "origin_not_allowed")
    assert outcome(policy(origins=["*"]), method, **CROSS, **headers) == "passed"


@pytest.mark.parametrize(
    "headers",
    [
        {**CROSS, "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {**CROSS, "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "same-site"},
        {},
    ],
)
def test_a_link_that_is_followed_and_what_no_page_sends_pass(headers):
    assert outcome(policy(), "GET", **headers) == "passed"


def asked(method="OPTIONS", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method, "/v1/chat/completions", {"host": HOST, **sent})


PREFLIGHT = {"origin": "http://localhost:3000", "access_control_request_method": "POST"}


def test_a_preflight_is_answered():
    names = "authorization,content-type,x-gearshift-tier,x-session-id,x-stainless-os"
    answer = policy().preflight(asked(**PREFLIGHT, access_control_request_headers=names))
    assert answer is not None
    assert (answer.status, answer.body) == (204, b"")
    told = answer.headers
    assert told["access-control-allow-origin"] == "http://localhost:3000"
    assert told["access-control-allow-headers"] == names
    assert {"GET", "POST", "HEAD"} <= set(told["access-control-allow-methods"].split(", "))
    assert int(told["access-control-max-age"]) > 600
    assert "Origin" in told["vary"]
    assert "access-control-allow-credentials" not in told
    assert "access-control-allow-private-network" not in told


def test_a_preflight_that_asks_for_nothing_is_answered_too():
    answer = policy().preflight(asked(origin="http://localhost"))
    assert answer is not None
    assert answer.status == 204
    assert "access-control-allow-headers" not in answer.headers


def test_a_preflight_into_the_private_network_is_told_so():
    answer = policy().preflight(asked(**PREFLIGHT, access_control_request_private_network="true"))
    assert answer is not None
    assert answer.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize(
    "request_",
    [
        asked("POST", **PREFLIGHT),
        asked(access_control_request_method="POST"),
    ],
)
def test_anything_else_is_no_preflight(request_):
    assert policy().preflight(request_) is None


def test_only_pages_that_may_read_are_told_so():
    of = policy()
    told = of.headers(asked("GET", origin="app://obsidian.md"))
    assert told["access-control-allow-origin"] == "app://obsidian.md"
    assert told["vary"] == "Origin"
    assert re.fullmatch(r"[a-z-]+(, [a-z-]+)*", told["access-control-expose-headers"])
    assert told["access-control-expose-headers"] == EXPOSED
    assert of.headers(asked("GET", origin="https://evil.example")) == {}
    assert of.headers(asked("GET")) == {}


@pytest.mark.parametrize(
    ("origins", "headers", "expected"),
    [
        (["*"], {"origin": "https://evil.example"}, True),
        (["*"], {"origin": "null"}, True),
        (["*"], {"sec-fetch-site": "cross-site"}, True),
        (["*"], {"origin": "http://localhost:3000"}, False),
        (["*"], {"origin": "app://x"}, False),
        (["*", "https://ui.example"], {"origin": "https://ui.example"}, False),
        (["*"], {}, False),
        (["https://ui.example"], {"origin": "https://ui.example"}, False),
        ([], {"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_page_that_is_allowed_only_because_every_page_is(origins, headers, expected):
    access = AccessSettings.model_validate({"allowed_origins": origins})
    policy = CorsPolicy(access, has_keys=False, is_local=True)
    request = HttpRequest("DELETE", "/api/delete", {"host": "localhost", **headers})
    assert policy.is_any_page(request) is expected
