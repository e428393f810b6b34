"""Who may use the admin plane."""

import base64

import pytest

from gearshift.admin.access import Access
from gearshift.errors import RequestError
from gearshift.http.values import HttpRequest

JSON = {"content-type": "application/json"}


def basic(password):
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


def status(access, method="GET", path="/", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        access.check(HttpRequest(method, path, sent))
    except RequestError as error:
        return error.status
    return 200


@pytest.mark.parametrize("host", ["localhost:11436", "127.0.0.1:11436", "[::1]:11436", "mine"])
def test_our_own_names_are_known(host):
    assert status(Access("mine", ""), host=host) == 200
    assert status(Access("mine", ""), host=host, origin=f"http://{host}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "["},
        {"host": "localhost:1", "origin": "http://evil.example"},
        {"host": "localhost:1", "origin": "http://localhost:2"},
        {"host": "localhost:1", "origin": "null"},
        {"origin": "http://localhost"},
    ],
)
def test_other_peoples_pages_are_refused(headers):
    assert status(Access("127.0.0.1", ""), **headers) == 403


def test_a_change_must_be_json_as_no_form_can_send_it():
    access = Access("127.0.0.1", "")
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert status(access, "POST", content_type=kind) == 415
    assert status(access, "POST", content_type="application/json; charset=utf-8") == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("", 401),
        ("Bearer wrong", 401),
        ("Bearer secret", 200),
        ("bearer secret", 200),
        (basic("secret"), 200),
        (basic("wrong"), 401),
        ("Basic !!!", 401),
        ("Basic /w==", 401),
        ("Digest secret", 401),
        ("Bearer ", 401),
    ],
)
def test_the_token_is_asked_for(sent, expected):
    assert status(Access("0.0.0.0", "secret"), host="box.lan:11436", authorization=sent) == expected


def test_health_is_open_to_whoever_asks_and_names_nothing():
    access = Access("0.0.0.0", "secret")
    assert status(access, path="/health/live", host="box.lan") == 200
    assert status(access, path="/metrics", host="box.lan") == 401


def test_whoever_guesses_has_to_wait_and_nobody_else():
    access = Access("0.0.0.0", "secret")

    def tried(token, peer="10.0.0.1"):
        try:
            access.check(HttpRequest("GET", "/", {"authorization": f"Bearer {token}"}, peer=peer))
        except RequestError as error:
            return error.status, error.headers.get("Retry-After")
        return 200, None

    assert [tried(f"wrong {index}")[0] for index in range(10)] == [401] * 10
    # The right one, too: otherwise nothing would be gained by waiting.
    assert tried("wrong") == tried("secret") == (429, "1")
    assert tried("secret", peer="10.0.0.2") == (200, None)
    assert status(access, path="/health/live") == 200
    assert status(access) == 401
