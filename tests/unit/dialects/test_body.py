import orjson
import pytest

from gearshift.dialects.body import (
    MAX_STRUCTURE,
    decode_object,
    encode,
    readable_object,
)
from gearshift.errors import RequestError


def refusal(raw: bytes) -> RequestError:
    with pytest.raises(RequestError) as caught:
        decode_object(raw)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"a":', "not valid JSON"),
        (b'{"a": nope}', "line 1 column 7"),
        (b"[1]", "a list"),
        (b'"text"', "a string"),
        (b"null", "null"),
        (b"12", "a number"),
        (b"true", "true"),
        (b'{"a":"\x00"}', "control character"),
        (b'{"a":NaN}', "not valid JSON"),
        (b'{"a":"\xff"', "not valid JSON"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "depth"),
    ],
)
def test_what_is_no_object_is_refused_in_words(raw, words):
    error = refusal(raw)
    assert error.status == 400
    assert words in error.message


def test_a_refusal_does_not_repeat_the_text():
    assert "secret" not in refusal(b'{"messages": "secret" secret').message


@pytest.mark.parametrize(
    "items",
    [b"[],", b'{"a":1},', b"1,", b'"",', b'"\\\\",', b"[[[", b'"\\"",'],
)
def test_absurdly_many_values_are_refused_before_decoding(items):
    assert refusal(b'{"x":[' + items * 1_000_000 + b"1]}").status == 413


@pytest.mark.parametrize(
    "text",
    [
        b"one, two, three [four] {five} ",
        b"1,2,3,4,5\\n",
        b'{\\"a\\":[1,2]},',
        b'a backslash \\\\, and a quote \\", and ',
        b"QUJD",
    ],
)
def test_what_strings_hold_is_not_counted(text):
    content = text * (3_000_000 // len(text))
    assert decode_object(b'{"content":"' + content + b'"}')["content"]


def test_long_lists_of_tools_pass():
    tool = {
        "type": "function",
        "function": {
            "name": "look_up",
            "parameters": {
                "type": "object",
                "properties": {f"p{i}": {"type": "string", "enum": ["a", "b"]} for i in range(10)},
            },
        },
    }
    raw = orjson.dumps({"tools": [tool] * 1_000})
    assert len(raw) > MAX_STRUCTURE
    assert len(decode_object(raw)["tools"]) == 1_000


def test_a_body_too_deep_to_write_is_the_clients_fault():
    deep: object = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(RequestError):
        encode({"x": deep})


def test_a_byte_order_mark_is_left_out():
    assert readable_object(b'\xef\xbb\xbf{"a": 1.0}') == (b'{"a": 1.0}', {"a": 1.0})


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"good \\ud83d", "good \ufffd"),
        (b"\\ude00\\ud83d", "\ufffd\ufffd"),
        (b"\\ud83d\\ude00 \\ud83d", "😀 \ufffd"),
        (b"caf\xc3", "caf\ufffd"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),  # half of a pair, written as if it were one
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_halves_of_characters_are_replaced_and_all_else_is_kept(mark, written, text):
    raw = mark + b'{"a": "' + written + b'", "' + written + b'": [1.0, 18446744073709551616, null]}'
    repaired, body = readable_object(raw)
    assert body == {"a": text, text: [1.0, 2**64, None]}
    assert orjson.loads(repaired) == body


def test_bytes_that_every_server_can_read_are_kept():
    raw = b'{ "a": "\\ud83d\\ude00", "b":1e2 }'
    assert readable_object(raw)[0] is raw


def test_twenty_megabytes_of_halves_hold_nobody_up():
    raw = b'{"a":"' + b"a\xc3" * 5_000_000 + b"\\ud83d" * 1_500_000 + b'"}'
    assert readable_object(raw)[1]["a"].count("\ufffd") == 6_500_000
