"""Errors and headers as the document tells them."""

import re

import pytest
from tests.fakes.finished import decision

from gearshift.dialects.client_api import UPSTREAM_STATUSES
from gearshift.dialects.loading import client_dialects
from gearshift.gateway import headers
from gearshift.gateway.openapi.responses import (
    WIRE_STATUSES,
    decision_headers,
    error_responses,
    errors_of,
)

ERRORS = errors_of(client_dialects())


@pytest.mark.parametrize("dialect", ["openai", "ollama"])
@pytest.mark.parametrize("status", [*WIRE_STATUSES, *UPSTREAM_STATUSES, 401, 405])
def test_every_status_has_its_error_in_both_dialects(dialect, status):
    found = ERRORS[f"{dialect}_{status}"]
    assert found["description"]
    assert "application/json" in found["content"]


@pytest.mark.parametrize(
    ("status", "header"),
    [(401, "WWW-Authenticate"), (405, "Allow"), (429, "Retry-After"), (503, "Retry-After")],
)
def test_what_a_client_can_do_is_in_a_header(status, header):
    for dialect in ("openai", "ollama"):
        assert header in ERRORS[f"{dialect}_{status}"]["headers"]


def test_what_is_refused_before_the_path_is_known_may_have_openais_shape():
    def shapes(name):
        schema = ERRORS[name]["content"]["application/json"]["schema"]
        found = schema.get("anyOf", [schema])
        return [one["$ref"].rpartition("/")[2] for one in found]

    assert shapes("ollama_408") == ["OllamaError", "OpenAIError"]
    assert shapes("ollama_429") == ["OllamaError"]
    assert shapes("openai_408") == ["OpenAIError"]
    assert shapes("openai_4XX") == ["OpenAIError", "UpstreamRefusal"]


def test_a_path_refers_to_its_errors_in_order():
    found = error_responses("openai", [503, 400, 413], may_be_forwarded=False)
    assert list(found) == ["400", "413", "503"]
    assert found["413"] == {"$ref": "#/components/responses/openai_413"}


def test_what_an_upstream_says_may_be_any_refusal():
    found = error_responses("ollama", [400, 413], may_be_forwarded=True)
    passed = {"$ref": "#/components/responses/ollama_4XX"}
    assert {status for status, one in found.items() if one == passed} == {
        "400",
        "404",
        "422",
        "4XX",
    }
    assert found["413"] == {"$ref": "#/components/responses/ollama_413"}


@pytest.mark.parametrize("are_certain", [True, False])
def test_headers_that_every_routed_answer_has_are_promised_where_that_is_so(are_certain):
    found = decision_headers(are_certain=are_certain)
    required = {name for name, one in found.items() if one["required"]}
    always = {"x-gearshift-tier", "x-gearshift-decision-id", "x-gearshift-threshold"}
    assert (always <= required) is are_certain
    assert "x-gearshift-score" not in required


def test_what_is_sent_fits_the_patterns():
    made = decision(model="m模", reason="weil – é", score=None)
    sent = headers.decision_headers(made)
    described = decision_headers(are_certain=True)
    for name, value in sent.items():
        pattern = described[name]["schema"].get("pattern")
        assert pattern is None or re.search(pattern, value), name
