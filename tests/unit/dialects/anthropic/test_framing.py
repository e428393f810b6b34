"""Anthropic's events as bytes."""

import orjson
import pytest

from gearshift.dialects.anthropic.answer import AnthropicReader, decode_response
from gearshift.dialects.anthropic.framing import framed, rewrite_model

START = (
    b'event: message_start\ndata: {"type": "message_start", "message": {"model" : "a", "x": 1}}\n\n'
)


@pytest.mark.parametrize(
    "raw",
    [
        b'data: {"type":"ping"}\n\n',
        b'{"type":"ping"}\n',
        b'event: other\ndata: {"type":"ping"}',
        b'event: ping\r\ndata: {"type":"ping"}\r\n\r\n',
    ],
)
def test_an_event_gets_its_name_and_its_blank_line(raw):
    assert framed(raw) == b'event: ping\ndata: {"type":"ping"}\n\n'


@pytest.mark.parametrize("raw", [b": ping\n\n", b"", b"data: {}\n\n", b"data: {{{\n\n"])
def test_what_has_no_name_stays(raw):
    assert framed(raw) == raw


def test_only_the_name_changes():
    (frame,) = AnthropicReader().feed(START)
    assert rewrite_model(frame, "b") == START.replace(b'"a"', b'"b"')
    assert rewrite_model(frame, "a") == START


def test_a_name_that_stands_elsewhere_too_is_left_there():
    more = START.replace(b'"x": 1', b'"metadata":{"model":"a"}')
    (frame,) = AnthropicReader().feed(more)
    written = orjson.loads(rewrite_model(frame, "b").partition(b"data: ")[2])
    assert written["message"] == {"model": "b", "metadata": {"model": "a"}}
    assert rewrite_model(frame, "b").startswith(b"event: message_start\ndata: ")


def test_a_whole_answer_has_it_at_its_top():
    raw = b'{"type":"message", "content":[{"type":"text","text":"\\"model\\""}], "model":"a"}'
    frame = decode_response(raw)
    assert rewrite_model(frame, 'b"') == raw.replace(b'"a"', b'"b\\""')
