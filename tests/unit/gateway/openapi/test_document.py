"""The description of the data plane: complete, and true to the code beside it."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.dialects.loading import client_dialects
from gearshift.dialects.ollama import request as ollama_request
from gearshift.dialects.openai import request as openai_request
from gearshift.dialects.schema import ref
from gearshift.dialects.tool_fields import TOOL_FIELDS
from gearshift.errors import PluginError
from gearshift.gateway import headers
from gearshift.gateway.openapi import document as openapi
from gearshift.gateway.openapi.responses import decision_headers
from gearshift.gateway.routes import all_routes
from gearshift.types import Cause, Decision

DIALECTS = client_dialects()
ROUTES = all_routes(DIALECTS)
DOCUMENT = openapi.describe(ROUTES, DIALECTS)
SCHEMAS = DOCUMENT["components"]["schemas"]
DECISION = Decision(
    id="dec-" + "0" * 24, time=1.0, tier="simple", model="small", upstream="u", provider="openai",
    score=1.5, factors={}, contributions={}, reason="why", cause=Cause.SCORED, scorer="rule",
    scorer_version="1", threshold=3.0, config_hash="h", fallback="simple->complex",
)  # fmt: skip


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_route_is_described():
    described = {(method.upper(), path) for method, path, _ in operations()}
    parameters = {"/api/blobs/*": "{digest}", "/v1/models/*": "{model}", "/models/*": "{model}"}
    assert described == {
        (route.method, route.path.replace("*", parameters.get(route.path, "?"))) for route in ROUTES
    }
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)


def test_two_dialects_can_share_a_schema_but_not_a_name():
    api = DIALECTS["openai"].api
    theirs: Any = SimpleNamespace(name="x", api=replace(api, schemas={"Message": {}}))
    assert openapi.schemas({**DIALECTS, "x": DIALECTS["openai"]}) == SCHEMAS
    with pytest.raises(
        PluginError, match="dialect 'x': another schema is already called 'Message'"
    ):
        openapi.schemas({**DIALECTS, "x": theirs})


def test_a_gateway_that_is_not_ready_says_so_in_the_body_of_one_that_is():
    answer = DOCUMENT["paths"]["/health/ready"]["get"]["responses"]["503"]
    assert answer["description"] == "Some tier cannot answer"
    schema = answer["content"]["application/json"]["schema"]
    assert schema == {"anyOf": [ref("Readiness"), ref("OpenAIError")]}


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        part = DOCUMENT
        for word in reference.removeprefix("#/").split("/"):
            part = part[word]
        assert part


def test_every_schema_is_used():
    used = {reference.rpartition("/")[2] for reference in references(DOCUMENT)}
    assert set(SCHEMAS) <= used


UNASKED = (
    *("/v1/route", "/v1/feedback", "/v1/messages/count_tokens"),
    *("/v1/responses/input_tokens", "/responses/input_tokens"),
)
"""What is answered without an upstream."""


def test_every_operation_tells_its_errors():
    wire = {"400", "403", "408", "413", "414", "415", "417", "431", "500", "501", "503", "505"}
    for method, path, operation in operations():
        responses = set(operation["responses"])
        assert responses >= wire | {"202" if path == "/v1/feedback" else "200"}
        assert responses >= {str(s) for s in DIALECTS[operation["tags"][0]].api.statuses}
        if "security" in operation:
            assert responses >= {"401", "429"}
        if method == "post" and path not in UNASKED:
            assert responses >= {"404", "422", "429", "502", "503", "504", "4XX"}


def test_every_field_that_is_checked_is_described():
    for name in ("ChatCompletionRequest", "CompletionRequest"):
        assert set(SCHEMAS[name]["properties"]) >= set(openai_request._RULES)
    chat = SCHEMAS["OllamaChatRequest"]["properties"]
    generate = SCHEMAS["OllamaGenerateRequest"]["properties"]
    assert set(chat) | set(generate) >= set(ollama_request._RULES)
    assert set(chat["options"]["properties"]) == set(ollama_request._OPTION_RULES)
    for message in SCHEMAS["Message"]["anyOf"]:
        assert set(message["properties"]) >= set(TOOL_FIELDS)


def test_every_header_of_a_decision_is_described():
    written = set(headers.decision_headers(DECISION, 0.001))
    assert written == set(decision_headers(are_certain=True))


def test_the_decision_has_every_field_that_is_promised():
    assert set(SCHEMAS["Decision"]["required"]) == set(DECISION.to_json())
    assert set(SCHEMAS["Decision"]["properties"]) == set(DECISION.to_json())


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/{model}"])
def test_the_models_are_described_in_both_of_their_shapes(path):
    operation = DOCUMENT["paths"][path]["get"]
    names = {reference.rpartition("/")[2] for reference in references(operation)}
    assert names >= {"OpenAIError", "AnthropicError"}
    assert len([name for name in names if name.startswith("AnthropicModel")]) == 1
    assert "anthropic-version" in [parameter["name"] for parameter in operation["parameters"]]


def test_a_status_of_one_dialect_is_told_of_its_routes():
    answers = DOCUMENT["paths"]["/v1/messages"]["post"]["responses"]
    assert answers["529"] == {"$ref": "#/components/responses/anthropic_529"}
    assert "529" not in DOCUMENT["paths"]["/v1/chat/completions"]["post"]["responses"]
