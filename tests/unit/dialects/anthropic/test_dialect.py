"""The Anthropic dialect towards clients: errors in its shape, with its statuses."""

import orjson
import pytest
from tests.fakes.asking import parsed_by

from gearshift.dialects.anthropic.dialect import AnthropicDialect
from gearshift.errors import ExhaustedError, FailureKind, RequestError, UpstreamError
from gearshift.types import Chunk

DIALECT = AnthropicDialect()


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("bad", field="messages"), 400, "invalid_request_error"),
        (RequestError("no key", status=401), 401, "authentication_error"),
        (RequestError("not yours", status=403), 403, "permission_error"),
        (RequestError("not found", status=404), 404, "not_found_error"),
        (RequestError("too large", status=413), 413, "request_too_large"),
        (RequestError("slowly", status=429), 429, "rate_limit_error"),
        (UpstreamError("late", fault=FailureKind.TIMEOUT), 504, "timeout_error"),
        (UpstreamError("full", fault=FailureKind.BUSY), 529, "overloaded_error"),
        (UpstreamError("odd", fault=FailureKind.FAILED), 502, "api_error"),
        (ExhaustedError([]), 529, "overloaded_error"),
    ],
)
def test_errors_have_anthropics_shape(error, status, kind):
    written, headers, body = DIALECT.write_error(error)
    assert written == status
    told = orjson.loads(body)
    assert told["type"] == "error"
    assert told["error"]["type"] == kind
    assert str(error) == told["error"]["message"]
    assert headers.get("x-should-retry") == ("false" if status > 500 else None)


def test_who_is_busy_says_when_to_come_again():
    error = UpstreamError("full", fault=FailureKind.BUSY, retry_after_seconds=2)
    assert DIALECT.write_error(error)[1]["Retry-After"] == "2"


def test_anthropics_own_words_pass_unchanged():
    words = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "bad"}}'
    own = UpstreamError("bad", fault=FailureKind.REJECTED, status=400, body=words)
    assert DIALECT.write_error(own)[2] == words
    other = UpstreamError(
        "bad", fault=FailureKind.REJECTED, status=422, body=b'{"error":{"message":"bad top_p"}}'
    )
    status, _, body = DIALECT.write_error(other)
    assert status == 422
    assert orjson.loads(body)["error"] == {"type": "invalid_request_error", "message": "bad top_p"}


def test_an_error_amid_a_stream_is_its_last_event():
    error = UpstreamError("broke off", fault=FailureKind.CUT_OFF)
    name, data = DIALECT.write_stream_error(error).removesuffix(b"\n\n").split(b"\n")
    assert name == b"event: error"
    assert orjson.loads(data.removeprefix(b"data: "))["error"]["message"] == "broke off"


def test_whole_and_streamed_answers_have_the_same_id():
    request = parsed_by(DIALECT, max_tokens=9)
    whole = DIALECT.encode_response(request, Chunk("x", model="m"), "abc", 0.0)
    assert orjson.loads(whole)["id"] == "msg_abc"
    assert b'"msg_abc"' in DIALECT.stream_writer(request, "m", "abc", 0.0).write(Chunk("x"))
    assert DIALECT.stream_writer(request, "m", "msg_a", 0.0).write(Chunk("x")).count(b"msg_") == 1
