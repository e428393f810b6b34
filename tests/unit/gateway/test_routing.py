"""A request finds its route however its base URL is written, or is told what is there."""

import pytest

from gearshift.errors import RequestError
from gearshift.gateway.routing import Route, RouteTable, normal_path
from gearshift.http.values import HttpRequest, HttpResponse


async def nothing(context, received):
    return HttpResponse(204, {})


CHAT = Route("POST", "/v1/chat", nothing)
ONE = Route("GET", "/v1/models/*", nothing)
LIST = Route("GET", "/v1/models", nothing)
TABLE = RouteTable((CHAT, ONE, LIST), frozenset({"/v1/later"}))


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/v1/chat", CHAT),
        ("POST", "/v1//chat/", CHAT),
        ("GET", "/v1/models", LIST),
        ("GET", "/v1/models/", LIST),
        ("GET", "/v1/models/a/b:c", ONE),
        ("HEAD", "/v1/models", LIST),
    ],
)
def test_found(method, path, route):
    assert TABLE.find(HttpRequest(method, path)) is route


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/later", 404, "not_available"),
        ("GET", "/elsewhere", 404, "unknown_route"),
        ("GET", "/v1/chat", 405, "method_not_allowed"),
        ("DELETE", "/v1/models/x", 405, "method_not_allowed"),
    ],
)
def test_not_found(method, path, status, code):
    with pytest.raises(RequestError) as caught:
        TABLE.find(HttpRequest(method, path))
    assert (caught.value.status, caught.value.code) == (status, code)
    if status == 405:
        assert caught.value.headers == {"Allow": "POST" if "chat" in path else "GET"}


@pytest.mark.parametrize(
    ("path", "normal"), [("/", "/"), ("", "/"), ("//a///b/", "/a/b"), ("/a", "/a")]
)
def test_paths_are_compared_without_doubled_slashes(path, normal):
    assert normal_path(path) == normal
