"""The Ollama dialect as a whole: paths and errors."""

from functools import partial

import orjson
import pytest
from tests.fakes.asking import parsed_by

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import (
    Operation,
)

DIALECT = OllamaDialect()
parsed = partial(parsed_by, DIALECT)


def test_paths():
    assert DIALECT.path(parsed()) == "/api/chat"
    assert DIALECT.path(parsed(Operation.COMPLETION, prompt="x")) == "/api/generate"


def test_errors_are_a_text():
    status, headers, body = DIALECT.write_error(
        RequestError("model 'x' not found", status=404, code="model_not_found")
    )
    assert (status, headers, body) == (404, {}, b'{"error":"model \'x\' not found"}')


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (
            b'{"model":"a", "message":{"content":"x"}}\n',
            b'{"model":"m", "message":{"content":"x"}}\n',
        ),
        (b'{"message":{"content":"x"}}\n', b'{"message":{"content":"x"}}\n'),
        (b'\xef\xbb\xbf{"model":"a","response":"x"}\n', b'{"model":"m","response":"x"}\n'),
    ],
)
def test_a_line_names_the_model_that_answered_and_is_otherwise_as_it_came(line, named):
    (frame,) = DIALECT.stream_reader().feed(line)
    assert DIALECT.rewrite_model(frame, "m") == named


def test_an_error_in_a_stream_is_a_line():
    error = UpstreamError("gone", fault=FailureKind.CUT_OFF)
    line = DIALECT.write_stream_error(error)
    assert line.endswith(b"\n")
    assert "gone" in orjson.loads(line)["error"]
