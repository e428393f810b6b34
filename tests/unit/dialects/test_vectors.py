"""Vectors are found in answers as they came, and written in either form."""

import base64
import struct

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.vectors import (
    as_base64,
    as_json,
    checked,
    decoded_answer,
    is_in_form,
    numbers_of,
    vector_in,
)
from gearshift.types import EmbeddingRequest, Operation

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def packed(*numbers):
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def asked(inputs=("a",), dimensions=None):
    operation = Operation.EMBEDDING
    return EmbeddingRequest("openai", operation, "m", (), inputs=inputs, dimensions=dimensions)


def found_in(raw, *path):
    data, lists = decoded_answer(raw)
    for step in path:
        data = data[step]
    return vector_in(data, lists)


@pytest.mark.parametrize(
    "text", [b"[1]", b"[0.50,-1e-3]", b"[ 1 , 2 ]", b"[\n1,\n2]", b"[1.0000000000000001]"]
)
def test_a_list_of_numbers_keeps_its_bytes(text):
    assert (
        found_in(b'\xef\xbb\xbf{"data":[{"embedding":' + text + b"}]}", "data", 0, "embedding")
        == text
    )


def test_what_stands_around_vectors_is_decoded():
    raw = b'{"a":[[1,2],[3]],"b":{"c":[]},"d":["x"],"e":"[1,2","usage":{"n":[4]}}'
    data, lists = decoded_answer(raw)
    assert lists[:2] == [b"[1,2]", b"[3]"]
    assert (data["b"], data["d"], data["e"]) == ({"c": []}, ["x"], "[1,2")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "not JSON"),
        (b"[1,2]", "not a JSON object"),
        (b"<html>", "not JSON"),
        (b'{"embedding":[1,2}', "not JSON"),
        (b'{"embedding":[1,,2]}', "not JSON"),
        (b'{"error":{"message":"it broke"}}', "it broke"),
        (b'{"error":"it broke","embedding":[1]}', "it broke"),
    ],
)
def test_what_is_no_answer_is_told_in_words(raw, problem):
    with pytest.raises(ValueError, match=problem):
        decoded_answer(raw)


@pytest.mark.parametrize(
    "value",
    [
        *(b"null", b"7", b'""', b"[]", b"[null,1]", b"[NaN]", b'["a"]', b"[true]", b"{}"),
        *(b'"?"', b'"AAA="', b'"\\u00000"', b'"\\u0000x"', b'"AADAfw=="'),
    ],
)
def test_what_is_no_vector_is_refused(value):
    with pytest.raises(ValueError, match="vector"):
        found_in(b'{"embedding":' + value + b"}", "embedding")


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_both_forms_say_the_same(numbers):
    text = orjson.dumps(numbers)
    assert numbers_of(as_base64(text)) == numbers_of(text) == numbers
    assert as_base64(packed(*numbers)) == packed(*numbers) == as_base64(text)
    assert orjson.loads(orjson.dumps(as_json(packed(*numbers)))) == numbers
    assert orjson.dumps(as_json(text)) == text


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reading(raw):
    for body in (raw, b'{"embedding":[' + raw + b"]}"):
        try:
            data, lists = decoded_answer(body)
            vector = vector_in(data.get("embedding"), lists)
        except ValueError:
            continue
        assert numbers_of(vector)


def test_as_many_vectors_as_inputs_or_none():
    assert checked(asked(), [b"[1]"]) == (b"[1]",)
    with pytest.raises(ValueError, match="1 vectors for 2 inputs"):
        checked(asked(("a", "b")), [b"[1]"])


def test_vectors_longer_than_asked_are_no_answer():
    assert checked(asked(dimensions=2), [b"[1,2]"])
    assert checked(asked(dimensions=3), [packed(1, 2)])  # it has no more
    with pytest.raises(ValueError, match="does not support 'dimensions'"):
        checked(asked(dimensions=1), [b"[1,2]"])


def test_the_form_is_what_the_client_wants():
    assert is_in_form([b"[1]"], "")
    assert is_in_form([b"[1]"], "float")
    assert not is_in_form([b"[1]"], "base64")
    assert is_in_form([packed(1)], "base64")
    assert not is_in_form([packed(1), b"[1]"], "")
