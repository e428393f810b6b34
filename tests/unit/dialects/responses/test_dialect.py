"""The Responses dialect towards clients: its errors, and what may be shared of its answers."""

import orjson
import pytest

from gearshift.dialects.responses.dialect import ResponsesDialect
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import Chunk, Operation

DIALECT = ResponsesDialect()
REQUEST = DIALECT.parse(Operation.CHAT, b'{"input":"hi","metadata":{"a":"b"}}')


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("bad", field="input"), 400, "invalid_request_error"),
        (RequestError("not found", status=404), 404, "not_found_error"),
        (UpstreamError("late", fault=FailureKind.TIMEOUT), 504, "upstream_error"),
    ],
)
def test_errors_have_openais_shape(error, status, kind):
    written, _, body = DIALECT.write_error(error)
    assert written == status
    assert orjson.loads(body)["error"]["type"] == kind


def test_an_error_in_a_stream_of_which_nothing_is_known_is_an_event():
    raw = DIALECT.write_stream_error(UpstreamError("broke off", fault=FailureKind.CUT_OFF))
    name, data = raw.removesuffix(b"\n\n").split(b"\n")
    told = orjson.loads(data.removeprefix(b"data: "))
    assert name == b"event: error"
    assert (told["message"], told["error"]["message"]) == ("broke off", "broke off")


def test_nothing_that_is_not_sent_on_keeps_answers_apart():
    assert DIALECT.specifics(REQUEST) == {}


def test_whole_and_streamed_answers_are_of_one_response():
    whole = orjson.loads(DIALECT.encode_response(REQUEST, Chunk("a", model="m"), "abc", 7.5))
    writer = DIALECT.stream_writer(REQUEST, "m", "abc", 7.5)
    events = (writer.write(Chunk("a")) + writer.finish()).removesuffix(b"\n\n").split(b"\n\n")
    last = orjson.loads(events[-1].split(b"data: ")[1])["response"]
    assert (whole["id"], whole["created_at"], whole["metadata"]) == ("resp_abc", 7, {"a": "b"})
    assert whole.keys() == last.keys()
    assert last["output"][0]["content"] == whole["output"][0]["content"]
