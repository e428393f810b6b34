"""The OpenAI dialect as a whole: bytes that pass, paths, errors, names of models."""

from functools import partial

import orjson
import pytest
from tests.fakes.asking import parsed_by

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import (
    Frame,
    Operation,
)

DIALECT = OpenAIDialect()
parsed = partial(parsed_by, DIALECT)


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


def test_the_model_is_named_where_bytes_are_no_text():
    event = b'data: {"\\ud83d\\u006d":1,"model":"m","choices":[{"delta":{"content":"\xc3"}}]}\n\n'
    (frame,) = frames_of(event)
    assert DIALECT.rewrite_model(frame, "large") == event.replace(b'"m"', b'"large"')


def test_anthropics_words_get_openais_shape():
    said = b'{"type":"error","error":{"type":"invalid_request_error","message":"bad"}}'
    error = UpstreamError("400: bad", fault=FailureKind.REJECTED, status=400, body=said)
    status, _, body = OpenAIDialect().write_error(error)
    told = {"message": "bad", "type": "invalid_request_error", "param": None, "code": None}
    assert (status, orjson.loads(body)) == (400, {"error": told})
