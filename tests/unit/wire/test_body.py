import orjson
import pytest

from gearshift.errors import RequestError
from gearshift.wire.body import (
    MAX_STRUCTURE,
    arguments_object,
    arguments_text,
    decode_object,
    encode,
)


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
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\x00"}', "control character"),
        (b'{"a":"\xff"}', "not valid JSON"),
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
    assert arguments_text({"x": deep}) == "{}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a":1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ("", {}),
        (None, {}),
        ("no json", {"arguments": "no json"}),
        ("[1]", {"arguments": [1]}),
    ],
)
def test_arguments_as_an_object(arguments, expected):
    assert arguments_object(arguments) == expected


def test_arguments_as_text():
    assert arguments_text('{"a": 1}') == '{"a": 1}'
    assert arguments_text({"a": 1}) == '{"a":1}'
    assert arguments_text(None) == "{}"
