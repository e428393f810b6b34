"""Errors in OpenAI's shape: the same for every dialect that has it."""

import orjson
import pytest

from gearshift.dialects.errors import reply_to
from gearshift.dialects.openai_errors import fields, written
from gearshift.errors import ExhaustedError, FailureKind, RequestError, UpstreamError


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("bad", field="x"), 400, "invalid_request_error"),
        (RequestError("no key", status=401), 401, "authentication_error"),
        (RequestError("not yours", status=403), 403, "permission_error"),
        (RequestError("not found", status=404), 404, "not_found_error"),
        (RequestError("slowly", status=429), 429, "rate_limit_error"),
        (RequestError("stopping", status=503), 503, "server_error"),
        (UpstreamError("full", fault=FailureKind.BUSY), 503, "upstream_error"),
        (ExhaustedError([]), 503, "upstream_error"),
    ],
)
def test_the_status_says_of_what_type_an_error_is(error, status, kind):
    told, headers, body = written(error)
    assert told == status
    assert orjson.loads(body)["error"] == fields(reply_to(error))
    assert orjson.loads(body)["error"]["type"] == kind
    assert headers.get("x-should-retry") == ("false" if kind == "upstream_error" else None)


def test_openais_own_words_pass_unchanged():
    words = b'{"error": {"message": "bad top_p", "type": "x"}}'
    error = UpstreamError("bad", fault=FailureKind.REJECTED, status=422, body=words)
    assert written(error)[::2] == (422, words)
    error = UpstreamError("bad", fault=FailureKind.REJECTED, status=422, body=b'{"error":"bad"}')
    assert orjson.loads(written(error)[2])["error"]["message"] == "bad"
