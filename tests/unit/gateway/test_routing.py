"""A request finds its route however its base URL is written, or is told what is there."""

import pytest

from gearshift.dialects.client_api import Entry
from gearshift.errors import PluginError, RequestError
from gearshift.gateway.context import OWN_DIALECT
from gearshift.gateway.routing import Route, RouteTable, normal_path
from gearshift.http.values import HttpRequest, HttpResponse


async def nothing(context, received):
    return HttpResponse(204, {})


ENTRY = Entry("Nothing", {})
CHAT = Route("POST", "/v1/chat", nothing, ENTRY)
ONE = Route("GET", "/v1/models/*", nothing, ENTRY)
LIST = Route("GET", "/v1/models", nothing, ENTRY)
TABLE = RouteTable((CHAT, ONE, LIST), {"/v1/later": "wait", "/v1/all/*": "wait"})


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
        ("GET", "/v1/all/of/it", 404, "not_available"),
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


PLAIN = Route("POST", "/plain/ask", nothing, ENTRY, "plain")
NEAR = Route("POST", "/plain/near/ask", nothing, ENTRY, "near")
CLAIMED = RouteTable((CHAT, PLAIN, NEAR), prefixes={"/plain/": "plain", "/plain/near/": "near"})


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/plain/ask", "plain"),
        ("/plain//other/", "plain"),
        ("/plain/near/ask", "near"),
        ("/plain/near/other", "near"),
        ("/plain", OWN_DIALECT),
        ("/v1/chat", OWN_DIALECT),
        ("/elsewhere", OWN_DIALECT),
        ("", OWN_DIALECT),
    ],
)
def test_a_refusal_is_told_in_the_dialect_of_its_path(path, dialect):
    assert CLAIMED.dialect_of(path) == dialect


def test_a_route_belongs_to_its_dialect_wherever_it_lies():
    root, one = (Route("GET", path, nothing, ENTRY, "plain") for path in ("/", "/x/*"))
    table = RouteTable((root, one))
    assert [table.dialect_of(path) for path in ("", "/", "//", "/x/y/z")] == ["plain"] * 4
    assert table.dialect_of("/x") == OWN_DIALECT


def test_two_routes_of_one_method_and_path_are_refused():
    other = Route("POST", "/v1/chat", nothing, ENTRY, "plain")
    with pytest.raises(PluginError, match="POST /v1/chat: of the dialects 'openai' and 'plain'"):
        RouteTable((CHAT, other))
    assert RouteTable((CHAT, Route("GET", "/v1/chat", nothing, ENTRY, "plain")))


def test_what_one_dialect_does_not_have_may_be_anothers():
    table = RouteTable((CHAT, LIST), {"/v1/chat": "talk"})
    assert table.find(HttpRequest("POST", "/v1//chat")) is CHAT


@pytest.mark.parametrize(("hints", "told"), [((), "nowhere'$"), (("/a", "/b"), "; see /a, /b$")])
def test_who_is_lost_is_shown_the_way(hints, told):
    with pytest.raises(RequestError, match=told):
        RouteTable((CHAT,), hints=hints).find(HttpRequest("GET", "/nowhere"))


def test_a_head_of_its_own_comes_before_that_of_a_get_and_files_are_told():
    exists = Route("HEAD", "/files/*", nothing, ENTRY)
    get = Route("GET", "/files/*", nothing, ENTRY)
    take = Route("POST", "/files/*", nothing, ENTRY, streams_body=True)
    table = RouteTable((CHAT, exists, get, take))
    assert table.find(HttpRequest("HEAD", "/files/a")) is exists
    assert table.find(HttpRequest("GET", "/files/a")) is get
    assert table.streamed_paths == ("/files/",)
    assert TABLE.streamed_paths == ()
    with pytest.raises(RequestError) as caught:
        RouteTable((exists,)).find(HttpRequest("GET", "/files/a"))
    assert caught.value.status == 405
