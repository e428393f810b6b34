from typing import Any

import orjson
import pytest

from gearshift.dialects.errors import MAX_MESSAGE_CHARACTERS, error_text, fault_of, reply_to
from gearshift.errors import (
    ConfigError,
    ExhaustedError,
    FailureKind,
    GearshiftError,
    Problem,
    RequestError,
    UpstreamError,
)


def quoted(message: str, kind: str) -> bytes:
    """An engine's error as Ollama tells it: as JSON within the text of its own."""
    error = {"error": {"code": 0, "message": message, "type": kind}}
    return orjson.dumps({"error": orjson.dumps(error).decode()})


def crashed(words: str) -> bytes:
    """Ollama quotes the last errors of an engine that is gone, which may be of other requests."""
    quoted = "error: task id = 18, error: request (9 tokens) exceeds the available context size"
    return orjson.dumps({"error": f"{words}: {quoted}"})


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (404, b'{"error":"model \'x\' not found"}', FailureKind.MISSING_MODEL),
        (
            404,
            b'{"error":"model \\"x\\" not found, try pulling it first"}',
            FailureKind.MISSING_MODEL,
        ),
        (
            404,
            b'{"error":{"message":"The model `x` does not exist.","code":"model_not_found"}}',
            FailureKind.MISSING_MODEL,
        ),
        (
            404,
            b'{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError"}',
            FailureKind.MISSING_MODEL,
        ),
        (404, b"404 page not found", FailureKind.FAILED),
        (
            404,
            b'{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}',
            FailureKind.FAILED,
        ),
        (400, b'{"error":"\\"gemma2:2b\\" does not support tools"}', FailureKind.INCAPABLE),
        (400, b'{"error":"registry/x does not support thinking"}', FailureKind.INCAPABLE),
        (
            400,
            b'{"error":{"type":"exceed_context_size_error","message":"too long","n_ctx":2048}}',
            FailureKind.INCAPABLE,
        ),
        (
            400,
            b'{"error":{"message":"This model\'s maximum context length is 4096 tokens."}}',
            FailureKind.INCAPABLE,
        ),
        (
            500,
            b'{"error":{"code":500,"message":"image input is not supported - hint"}}',
            FailureKind.INCAPABLE,
        ),
        (500, b'{"error":{"message":"System role not supported"}}', FailureKind.INCAPABLE),
        (500, b'{"error":"option \\"stop\\" must be of type array"}', FailureKind.REJECTED),
        (500, b'{"error":{"message":"Failed to parse tools: Unsupported"}}', FailureKind.REJECTED),
        (500, b'{"error":{"message":"Failed to parse messages: no"}}', FailureKind.REJECTED),
        (500, b'{"error":{"message":"Unknown reasoning format: odd"}}', FailureKind.REJECTED),
        (500, b'{"error":{"message":"[json.exception.type_error.302]"}}', FailureKind.REJECTED),
        (500, b'{"error":{"message":"it failed to parse tools"}}', FailureKind.FAILED),
        (500, b'{"error":"invalid format: \\"7\\"; expected \\"json\\" or"}', FailureKind.REJECTED),
        (500, b'{"error":"cannot load: option \\"x\\" must be there"}', FailureKind.FAILED),
        (400, quoted("too long", "exceed_context_size_error"), FailureKind.INCAPABLE),
        (500, quoted("it broke", "server_error"), FailureKind.FAILED),
        (500, crashed("an error was encountered while running the model"), FailureKind.FAILED),
        (500, crashed("model runner has unexpectedly stopped, check logs"), FailureKind.FAILED),
        (500, crashed("llama-server process has terminated: exit 1"), FailureKind.FAILED),
        (500, crashed("llama runner process no longer running: 2"), FailureKind.FAILED),
        (501, b'{"error":"This server does not support embeddings."}', FailureKind.INCAPABLE),
        (503, b'{"error":{"code":503,"message":"Loading model"}}', FailureKind.LOADING),
        (503, b'{"error":"server busy, please try again."}', FailureKind.BUSY),
        (429, b"", FailureKind.BUSY),
        (401, b"", FailureKind.AUTHENTICATION),
        (403, b"<html>", FailureKind.AUTHENTICATION),
        (
            403,
            b'{"error":{"message":"no access","code":"model_not_found"}}',
            FailureKind.MISSING_MODEL,
        ),
        (403, b'{"error":{"message":"Your input was flagged"}}', FailureKind.REJECTED),
        (
            402,
            b'{"error":{"message":"requires more credits, or fewer max_tokens"}}',
            FailureKind.INCAPABLE,
        ),
        (402, b'{"error":{"message":"Insufficient balance"}}', FailureKind.AUTHENTICATION),
        (404, b'{"error":{"message":"x","param":"tools"}}', FailureKind.REJECTED),
        (404, b'{"error":{"message":"Unknown parameter: \'top_k\'"}}', FailureKind.REJECTED),
        (404, b'{"error":{"message":"Tool \'t\' not found for model m"}}', FailureKind.REJECTED),
        (400, b'{"error":"parameter \'p\' does not exist for this model"}', FailureKind.REJECTED),
        (
            400,
            b'{"error":{"message":"Invalid model name passed in model=x"}}',
            FailureKind.MISSING_MODEL,
        ),
        (404, b"<html>this field: not found</html>", FailureKind.FAILED),
        (405, b'{"detail":"Method Not Allowed"}', FailureKind.REJECTED),
        (410, b'{"error":"Gone"}', FailureKind.REJECTED),
        (410, b'{"error":"The model m has been deprecated"}', FailureKind.MISSING_MODEL),
        (408, b"", FailureKind.TIMEOUT),
        (500, b"boom", FailureKind.FAILED),
        (502, b"", FailureKind.FAILED),
        (400, b'{"error":"invalid temperature"}', FailureKind.REJECTED),
        (422, b'{"detail":[{"msg":"field required"}]}', FailureKind.REJECTED),
        (499, b"", FailureKind.REJECTED),
        (302, b"", FailureKind.FAILED),
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
        ({"error": '{"error": {"code": 400, "message": "quoted"}}'}, "quoted"),
        ({"error": {"message": '{"error": "quoted"}'}}, "quoted"),
        ({"error": {"message": '{"error": "half'}}, '{"error": "half'),
        ({"error": '{"name": "f"} is no tool'}, '{"name": "f"} is no tool'),
        ({"error": '{"name": "f"}'}, '{"name": "f"}'),
        ("text", "text"),
        ({"error": "x" * 999}, "x" * 299 + "…"),
    ],
)
def test_the_message_is_one_bounded_line(decoded, text):
    assert error_text(decoded) == text


def failed(fault: FailureKind, **more: Any) -> UpstreamError:
    return UpstreamError(f"it {fault.value}", fault=fault, **more)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("no", status=413), 413),
        (failed(FailureKind.TIMEOUT), 504),
        (failed(FailureKind.BUSY), 503),
        (failed(FailureKind.LOADING), 503),
        (failed(FailureKind.INCAPABLE), 400),
        (failed(FailureKind.MISSING_MODEL), 502),
        (failed(FailureKind.AUTHENTICATION, status=401), 502),
        (failed(FailureKind.REJECTED, status=422), 422),
        (failed(FailureKind.REJECTED), 400),
        (ExhaustedError([]), 503),
        (
            ExhaustedError(
                [("a/b", failed(FailureKind.TIMEOUT)), ("c/d", failed(FailureKind.TIMEOUT))]
            ),
            504,
        ),
        (
            ExhaustedError(
                [("a/b", failed(FailureKind.BUSY)), ("c/d", failed(FailureKind.LOADING))]
            ),
            503,
        ),
        (
            ExhaustedError(
                [("a/b", failed(FailureKind.BUSY)), ("c/d", failed(FailureKind.TIMEOUT))]
            ),
            502,
        ),
        (ExhaustedError([("a/b", failed(FailureKind.INCAPABLE))]), 400),
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
    error = ExhaustedError(
        [("a/b", failed(FailureKind.BUSY)), ("c/d", failed(FailureKind.CUT_OFF))]
    )
    assert "a/b: it busy" in reply_to(error).message
    assert "c/d: it cut_off" in reply_to(error).message


@pytest.mark.parametrize(("wanted", "told"), [(2.2, "3"), (None, "1"), (-1.0, "1"), (1e9, "1")])
def test_the_wait_is_what_the_upstream_asked_for(wanted, told):
    reply = reply_to(failed(FailureKind.BUSY, retry_after_seconds=wanted))
    assert reply.headers == {"Retry-After": told}


def test_a_rejection_is_told_in_the_upstreams_words():
    error = failed(
        FailureKind.REJECTED, status=400, body=orjson.dumps({"error": {"message": "hm"}})
    )
    assert reply_to(error).message == "hm"
