"""The Ollama dialect as a whole: paths and errors."""

import orjson

from gearshift.errors import Fault, RequestError, UpstreamError
from gearshift.types import (
    ChatRequest,
    Operation,
)
from gearshift.wire.ollama import OllamaDialect

DIALECT = OllamaDialect()
USER = {"role": "user", "content": "hi"}


def parsed(operation: Operation = Operation.CHAT, **body: object) -> ChatRequest:
    if operation is Operation.CHAT:
        body = {"messages": [USER], **body}
    return DIALECT.parse(operation, orjson.dumps(body))


def test_paths():
    assert DIALECT.path(parsed()) == "/api/chat"
    assert DIALECT.path(parsed(Operation.COMPLETION, prompt="x")) == "/api/generate"


def test_errors_are_a_text():
    status, headers, body = DIALECT.write_error(
        RequestError("model 'x' not found", status=404, code="model_not_found")
    )
    assert (status, headers, body) == (404, {}, b'{"error":"model \'x\' not found"}')


def test_a_rejection_in_ollamas_shape_is_passed_on_unchanged():
    error = UpstreamError("400", fault=Fault.REJECTED, status=400, body=b'{ "error":"bad" }')
    assert DIALECT.write_error(error) == (400, {}, b'{ "error":"bad" }')


def test_a_rejection_in_another_shape_is_translated():
    said = b'{"error":{"message":"bad"}}'
    error = UpstreamError("400", fault=Fault.REJECTED, status=422, body=said)
    assert DIALECT.write_error(error) == (422, {}, b'{"error":"bad"}')
