"""The document of the admin plane: all of its addresses, and what they take."""

import json

import pytest

from gearshift.admin.openapi import document
from gearshift.admin.views import ACTIONS, SPANS, VIEWS

PATHS = json.loads(document())["paths"]


def test_every_address_is_in_it_and_no_other():
    beside = {"/health/live", "/health/ready", "/metrics", "/openapi.json"}
    assert set(PATHS) == {v.path for v in VIEWS} | {a.path for a in ACTIONS} | beside


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_says_what_it_may_be_asked(view):
    told = PATHS[view.path]["get"]
    assert told["summary"] == view.summary
    assert tuple(one["name"] for one in told["parameters"]) == view.asked
    required = {one["name"] for one in told["parameters"] if one["required"]}
    assert required == ({"id"} if view.name == "request" else set())
    for one in told["parameters"]:
        expected = {"type": "string", "enum": list(SPANS)} if one["name"] == "since" else None
        assert one["schema"] == (expected or {"type": "string"})


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.path)
def test_an_action_says_what_it_takes(action):
    told = PATHS[action.path]["post"]
    schema = told["requestBody"]["content"]["application/json"]["schema"]
    assert tuple(schema["properties"]) == action.takes
    assert set(told["responses"]) == {"200", "4XX", "503"}


async def test_an_error_is_as_the_document_says(planes):
    refused = await planes().ask("/admin/api/usage?since=1y")
    said = json.loads(refused.body)["error"]
    error = json.loads(document())["components"]["schemas"]["Error"]
    known = error["properties"]["error"]["properties"]
    assert set(said) <= set(known)
    assert all(value is None or isinstance(value, str) for value in said.values())
