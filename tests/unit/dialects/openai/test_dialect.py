"""The OpenAI dialect as a whole: bytes that pass, paths, errors, names of models."""

import orjson
import pytest

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import (
    ChatRequest,
    Frame,
    Operation,
)

DIALECT = OpenAIDialect()
USER = {"role": "user", "content": "hi"}


def parsed(operation: Operation = Operation.CHAT, **body: object) -> ChatRequest:
    if operation is Operation.CHAT:
        body = {"messages": [USER], **body}
    return DIALECT.parse(operation, orjson.dumps(body))


def test_the_clients_own_bytes_are_sent_but_for_the_model():
    raw = b'{ "model":"auto" ,"messages":[{"role":"user","content":"\\u00e4"}],"temperature":1.0 }'
    sent = DIALECT.upstream_body(DIALECT.parse(Operation.CHAT, raw), "gemma2:2b")
    assert sent == raw.replace(b'"auto"', b'"gemma2:2b"')


def test_paths():
    assert DIALECT.path(parsed()) == "/chat/completions"
    assert DIALECT.path(parsed(Operation.COMPLETION, prompt="x")) == "/completions"


def frames_of(stream: bytes) -> list[Frame]:
    reader = DIALECT.stream_reader()
    return reader.feed(stream) + reader.finish()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
    ],
)
def test_types_of_errors(status, kind):
    error = RequestError("no", status=status, field="a", code="c", headers={"Allow": "GET"})
    written, headers, body = DIALECT.write_error(error)
    assert written == status
    assert headers == {"Allow": "GET"}
    assert orjson.loads(body)["error"] == {
        "message": "no",
        "type": kind,
        "param": "a",
        "code": "c",
    }


def test_what_was_tried_already_is_not_to_be_repeated():
    status, headers, body = DIALECT.write_error(UpstreamError("down", fault=FailureKind.BUSY))
    assert status == 503
    assert headers == {"Retry-After": "1", "x-should-retry": "false"}
    assert orjson.loads(body)["error"]["type"] == "upstream_error"


def test_a_rejection_in_openais_shape_is_passed_on_unchanged():
    said = b'{ "error": {"code":400, "message":"bad top_p","type":"invalid_request_error"} }'
    error = UpstreamError("400", fault=FailureKind.REJECTED, status=400, body=said)
    assert DIALECT.write_error(error) == (400, {}, said)


def test_a_rejection_in_another_shape_is_translated():
    error = UpstreamError(
        "400", fault=FailureKind.REJECTED, status=400, body=b'{"error":"bad top_p"}'
    )
    assert orjson.loads(DIALECT.write_error(error)[2])["error"]["message"] == "bad top_p"


def test_the_model_is_named_where_bytes_are_no_text():
    event = b'data: {"\\ud83d\\u006d":1,"model":"m","choices":[{"delta":{"content":"\xc3"}}]}\n\n'
    (frame,) = frames_of(event)
    assert DIALECT.rewrite_model(frame, "large") == event.replace(b'"m"', b'"large"')
