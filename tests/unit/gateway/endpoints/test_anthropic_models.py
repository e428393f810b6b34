"""The list of models as Anthropic has it, page by page."""

import json

import pytest

from gearshift.catalog.served_models import ServedModel
from gearshift.errors import RequestError
from gearshift.gateway.endpoints.anthropic_models import page_of
from gearshift.http.values import HttpRequest

MODELS = [ServedModel(name, "model") for name in "abcde"]


def ids(query):
    page = page_of(MODELS, query)
    names = [one["id"] for one in page["data"]]
    assert page["first_id"] == (names[0] if names else None)
    assert page["last_id"] == (names[-1] if names else None)
    return "".join(names), page["has_more"]


@pytest.mark.parametrize(
    ("query", "names", "has_more"),
    [
        ("", "abcde", False),
        ("limit=2", "ab", True),
        ("limit=5", "abcde", False),
        ("limit=2&after_id=b", "cd", True),
        ("limit=2&after_id=c", "de", False),
        ("after_id=e", "", False),
        ("limit=2&before_id=d", "bc", True),
        ("limit=2&before_id=c", "ab", False),
        ("before_id=a", "", False),
        ("after_id=a&before_id=d&limit=1", "b", True),
        ("beta=true", "abcde", False),
    ],
)
def test_pages(query, names, has_more):
    assert ids(query) == (names, has_more)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=²", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("after_id=z", "after_id"),
        ("before_id=z", "before_id"),
    ],
)
def test_what_is_wrong_is_named(query, field):
    with pytest.raises(RequestError) as caught:
        page_of(MODELS, query)
    assert caught.value.field == field


async def told(planes, path, query=""):
    headers = {"host": "localhost", "anthropic-version": "2023-06-01"}
    response = await (await planes()).handle(HttpRequest("GET", path, headers, query=query))
    return response.status, json.loads(response.body)


async def test_clients_of_anthropics_get_its_shape(planes):
    status, page = await told(planes, "/v1/models")
    assert status == 200
    assert [one["id"] for one in page["data"]][:2] == ["auto", "simple"]
    assert page["data"][0].keys() == {"type", "id", "display_name", "created_at"}
    status, one = await told(planes, "/v1/models/gemma2:2b")
    assert (status, one["id"], one["type"]) == (200, "gemma2:2b", "model")


async def test_and_its_errors(planes):
    status, error = await told(planes, "/v1/models/nobody")
    assert (status, error["type"], error["error"]["type"]) == (404, "error", "not_found_error")
    status, error = await told(planes, "/v1/models", "limit=0")
    assert (status, error["error"]["type"]) == (400, "invalid_request_error")
