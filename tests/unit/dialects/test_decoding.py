import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.decoding import BOM, decode, decode_whole, repaired


@pytest.mark.parametrize(
    ("raw", "value", "is_clean"),
    [
        (b'{"a":1}', {"a": 1}, True),
        (BOM + b'{"a":1}', {"a": 1}, False),
        (b'"\\ud83d"', "\ud83d", False),
        (b'"caf\xc3"', "caf\udcc3", False),
        (b'"a\tb"', "a\tb", False),
        (b'"\\ud83d\\ude00"', "😀", True),
    ],
)
def test_what_servers_send_is_read(raw, value, is_clean):
    assert decode(raw) == (value, is_clean)


def test_numbers_that_are_none_are_read_but_not_from_clients():
    assert decode_whole(b'{"logprob":NaN,"top":[-Infinity]}') == {"logprob": None, "top": [None]}
    with pytest.raises(ValueError, match="NaN"):
        repaired(b'{"a":NaN}')


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", BOM, b"[" * 100_000, b'{"a":' * 5_000])
def test_what_is_no_json_is_a_value_error(raw):
    for read in (decode, decode_whole, repaired):
        with pytest.raises(ValueError, match=r"."):
            read(raw)


@given(st.binary(max_size=40))
def test_a_text_of_any_bytes_is_read(data):
    raw = b'"' + data.replace(b"\\", b"").replace(b'"', b"") + b'"'
    assert decode_whole(raw).encode() is not None
    assert isinstance(decode(raw)[0], str)


@given(st.lists(st.sampled_from([b"\\ud83d", b"\\ude00", b"\\\\", b"\\n", b"\xc3", b"\xa9", b"a"])))
def test_repaired_bytes_say_the_same_in_whole_characters(pieces):
    raw = b'{"a":"' + b"".join(pieces) + b'"}'
    assert orjson.loads(repaired(raw)) == decode_whole(raw)
