"""What client dialects bring is put onto the plane, beside gearshift's own endpoints."""

from dataclasses import replace
from typing import Any

import pytest

from gearshift.dialects.client_api import ClientRoute, Entry
from gearshift.dialects.loading import client_dialects
from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.errors import PluginError, RequestError
from gearshift.gateway.endpoints import models
from gearshift.gateway.routes import all_routes, route_table
from gearshift.http.values import HttpRequest
from gearshift.types import Operation

ENTRY = Entry("Ask", {})


class Guest:
    """A dialect that has routes, and nothing else that matters here."""

    name = "guest"
    embeddings: Any

    def __init__(self, *routes, **api):
        openai = client_dialects()["openai"].api
        nothing = {"unavailable": {}, "prefixes": (), "models_path": "", "load": ""}
        self.api = replace(openai, routes=routes, **{**nothing, **api})


def with_guest(*routes, **api):
    return {**client_dialects(), "guest": Guest(*routes, **api)}


def found(table, path, method="POST"):
    return table.find(HttpRequest(method, path))


def refused(table, path):
    with pytest.raises(RequestError) as caught:
        found(table, path)
    return caught.value


def test_operations_are_routed_and_need_a_key_unless_they_say_so():
    ask = ClientRoute("POST", "/guest/ask", Operation.CHAT, ENTRY)
    names = ClientRoute(
        "GET", "/guest/names", "gearshift.gateway.endpoints.models:listing", ENTRY, is_open=True
    )
    table = route_table(with_guest(ask, names))
    route = found(table, "/guest/ask")
    assert (route.dialect, route.is_routed, route.is_open) == ("guest", True, False)
    route = found(table, "/guest/names", "GET")
    assert route.endpoint is models.listing
    assert (route.dialect, route.is_routed, route.is_open) == ("guest", False, True)


def test_what_a_guest_says_of_unknown_paths_counts():
    api = {"prefixes": ("/guest/",), "unavailable": {"/guest/later": "wait"}}
    table = route_table(with_guest(**api, models_path="/guest/names"))
    assert table.dialect_of("/guest/nothing") == "guest"
    assert refused(table, "/guest/later").code == "not_available"
    assert refused(table, "/nothing").message.endswith("see /v1/models, /api/tags, /guest/names")


@pytest.mark.parametrize("path", ["/v1/responses/resp_1", "/v1/messages/batches"])
def test_what_other_servers_have_is_told_not_to_be_here(path):
    assert refused(route_table(client_dialects()), path).code == "not_available"


@pytest.mark.parametrize(
    "target", ["gearshift.nowhere:listing", "gearshift.gateway.endpoints.models:nothing"]
)
def test_an_endpoint_that_is_not_there_is_told_with_dialect_and_path(target):
    with pytest.raises(PluginError, match=r"'guest': what should answer GET /guest/x is not"):
        all_routes(with_guest(ClientRoute("GET", "/guest/x", target, ENTRY)))
    ask = ClientRoute("POST", "/guest/ask", Operation.CHAT, ENTRY)
    with pytest.raises(PluginError, match=r"'guest': what should answer POST /guest/ask"):
        all_routes(with_guest(ask, load=target))


def test_no_guest_can_take_a_path_from_another():
    theirs = ClientRoute("POST", "/v1/route", Operation.CHAT, ENTRY)
    with pytest.raises(PluginError, match="POST /v1/route"):
        route_table(with_guest(theirs))


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "guest/x"), ("POST", "/guest/x/"), ("POST", "/guest//x"), ("post", "/guest/x")],
)
def test_a_route_that_no_request_can_take_is_refused(method, path):
    with pytest.raises(PluginError, match="'guest': no request can match the route"):
        all_routes(with_guest(ClientRoute(method, path, Operation.CHAT, ENTRY)))


def test_no_two_dialects_claim_the_same_paths():
    with pytest.raises(PluginError, match=r"'ollama' and 'guest' both claim the paths below /api/"):
        route_table(with_guest(prefixes=("/api/",)))
    assert route_table(with_guest(prefixes=("/api/guest/",))).dialect_of("/api/guest/x") == "guest"


def test_a_dialect_that_asks_for_embeddings_has_to_have_them():
    ask = ClientRoute("POST", "/guest/embed", Operation.EMBEDDING, ENTRY)
    with pytest.raises(PluginError, match="no attribute 'embeddings'"):
        route_table(with_guest(ask))
    able: Any = Guest(ask)
    able.embeddings = OpenAIEmbeddings()
    assert found(route_table({**client_dialects(), "guest": able}), "/guest/embed").is_routed
