import orjson
import pytest

from gearshift.dialects.errors import MAX_MESSAGE_CHARACTERS, error_text, fault_of, reply_to
from gearshift.errors import (
    ConfigError,
    ExhaustedError,
    Fault,
    GearshiftError,
    Problem,
    RequestError,
    UpstreamError,
)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (404, b'{"error":"model \'x\' not found"}', Fault.MISSING_MODEL),
        (404, b'{"error":"model \\"x\\" not found, try pulling it first"}', Fault.MISSING_MODEL),
        (
            404,
            b'{"error":{"message":"The model `x` does not exist.","code":"model_not_found"}}',
            Fault.MISSING_MODEL,
        ),
        (
            404,
            b'{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError"}',
            Fault.MISSING_MODEL,
        ),
        (404, b"404 page not found", Fault.FAILED),
        (
            404,
            b'{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}',
            Fault.FAILED,
        ),
        (400, b'{"error":"\\"gemma2:2b\\" does not support tools"}', Fault.INCAPABLE),
        (400, b'{"error":"registry/x does not support thinking"}', Fault.INCAPABLE),
        (
            400,
            b'{"error":{"type":"exceed_context_size_error","message":"too long","n_ctx":2048}}',
            Fault.INCAPABLE,
        ),
        (
            400,
            b'{"error":{"message":"This model\'s maximum context length is 4096 tokens."}}',
            Fault.INCAPABLE,
        ),
        (
            500,
            b'{"error":{"code":500,"message":"image input is not supported - hint"}}',
            Fault.INCAPABLE,
        ),
        (500, b'{"error":{"message":"System role not supported"}}', Fault.INCAPABLE),
        (503, b'{"error":{"code":503,"message":"Loading model"}}', Fault.LOADING),
        (503, b'{"error":"server busy, please try again."}', Fault.BUSY),
        (429, b"", Fault.BUSY),
        (401, b"", Fault.AUTHENTICATION),
        (403, b"<html>", Fault.AUTHENTICATION),
        (403, b'{"error":{"message":"no access","code":"model_not_found"}}', Fault.MISSING_MODEL),
        (403, b'{"error":{"message":"Your input was flagged"}}', Fault.REJECTED),
        (
            402,
            b'{"error":{"message":"requires more credits, or fewer max_tokens"}}',
            Fault.INCAPABLE,
        ),
        (402, b'{"error":{"message":"Insufficient balance"}}', Fault.AUTHENTICATION),
        (404, b'{"error":{"message":"x","param":"tools"}}', Fault.REJECTED),
        (404, b'{"error":{"message":"Unknown parameter: \'top_k\'"}}', Fault.REJECTED),
        (404, b'{"error":{"message":"Tool \'t\' not found for model m"}}', Fault.REJECTED),
        (400, b'{"error":"parameter \'p\' does not exist for this model"}', Fault.REJECTED),
        (400, b'{"error":{"message":"Invalid model name passed in model=x"}}', Fault.MISSING_MODEL),
        (404, b"<html>this field: not found</html>", Fault.FAILED),
        (405, b'{"detail":"Method Not Allowed"}', Fault.REJECTED),
        (410, b'{"error":"Gone"}', Fault.REJECTED),
        (410, b'{"error":"The model m has been deprecated"}', Fault.MISSING_MODEL),
        (408, b"", Fault.TIMEOUT),
        (500, b"boom", Fault.FAILED),
        (502, b"", Fault.FAILED),
        (400, b'{"error":"invalid temperature"}', Fault.REJECTED),
        (422, b'{"detail":[{"msg":"field required"}]}', Fault.REJECTED),
        (499, b"", Fault.REJECTED),
        (302, b"", Fault.FAILED),
    ],
)
def test_what_a_response_means(status, body, fault):
    found, message = fault_of(status, body)
    assert found is fault
    assert message
    assert len(message) <= MAX_MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    ("decoded", "text"),
    [
        ({"error": "plain"}, "plain"),
        ({"error": {"message": "nested"}}, "nested"),
        ({"message": "flat", "object": "error"}, "flat"),
        ({"detail": "fastapi"}, "fastapi"),
        ({"error": "two\n lines\x00"}, "two lines"),
        ({"error": {"code": 7}}, "{'code': 7}"),
        ("text", "text"),
        ({"error": "x" * 999}, "x" * 299 + "…"),
    ],
)
def test_the_message_is_one_bounded_line(decoded, text):
    assert error_text(decoded) == text


def failed(fault: Fault, **more: object) -> UpstreamError:
    return UpstreamError(f"it {fault.value}", fault=fault, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("no", status=413), 413),
        (failed(Fault.TIMEOUT), 504),
        (failed(Fault.BUSY), 503),
        (failed(Fault.LOADING), 503),
        (failed(Fault.INCAPABLE), 400),
        (failed(Fault.MISSING_MODEL), 502),
        (failed(Fault.AUTHENTICATION, status=401), 502),
        (failed(Fault.REJECTED, status=422), 422),
        (failed(Fault.REJECTED), 400),
        (ExhaustedError([]), 503),
        (ExhaustedError([("a/b", failed(Fault.TIMEOUT)), ("c/d", failed(Fault.TIMEOUT))]), 504),
        (ExhaustedError([("a/b", failed(Fault.BUSY)), ("c/d", failed(Fault.LOADING))]), 503),
        (ExhaustedError([("a/b", failed(Fault.BUSY)), ("c/d", failed(Fault.TIMEOUT))]), 502),
        (ExhaustedError([("a/b", failed(Fault.INCAPABLE))]), 400),
        (ConfigError([Problem("a", "b")]), 500),
        (GearshiftError(), 500),
    ],
)
def test_the_status_that_a_client_sees(error, status):
    reply = reply_to(error)
    assert reply.status == status
    assert reply.message
    assert ("Retry-After" in reply.headers) is (status == 503)


def test_exhaustion_says_what_each_deployment_said():
    error = ExhaustedError([("a/b", failed(Fault.BUSY)), ("c/d", failed(Fault.CUT_OFF))])
    assert "a/b: it busy" in reply_to(error).message
    assert "c/d: it cut_off" in reply_to(error).message


@pytest.mark.parametrize(("wanted", "told"), [(2.2, "3"), (None, "1"), (-1.0, "1"), (1e9, "1")])
def test_the_wait_is_what_the_upstream_asked_for(wanted, told):
    reply = reply_to(failed(Fault.BUSY, retry_after_seconds=wanted))
    assert reply.headers == {"Retry-After": told}


def test_a_rejection_is_told_in_the_upstreams_words():
    error = failed(Fault.REJECTED, status=400, body=orjson.dumps({"error": {"message": "hm"}}))
    assert reply_to(error).message == "hm"
