"""Server-sent events, cut and read whatever the sizes in which bytes arrive."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects import ndjson, sse
from gearshift.dialects.sse import SSEDecoder


def events_of(*pieces: bytes) -> list[sse.Event]:
    cutter = SSEDecoder()
    return [event for piece in pieces for event in cutter.feed(piece)] + cutter.finish()


def data_of(*pieces: bytes) -> list[bytes]:
    return [event.data for event in events_of(*pieces) if event.data is not None]


def split(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: 1\n\ndata: 2\n\n", [b"1", b"2"]),
        (b"data:1\r\n\r\ndata: 2\r\n\r\n", [b"1", b"2"]),
        (b"data: 1\r\rdata: 2\r\r", [b"1", b"2"]),
        (b"data: 1\r\n\ndata: 2\n\r\n", [b"1", b"2"]),
        (b"data: 1\ndata: 2\n\n", [b"1\n2"]),
        (b"\xef\xbb\xbfdata: 1\n\n", [b"1"]),
        (b": keep-alive\n\ndata: 1\n\n", [b"1"]),
        (b": note\ndata: 1\nid: 7\nretry: 5\n\n", [b"1"]),
        (b"data: 1\n\ndata: 2", [b"1", b"2"]),
        (b"data: 1\n\n\n\n\ndata: 2\n\n", [b"1", b"2"]),
        (b"data\n\n", [b""]),
        (b"data:  two spaces\n\n", [b" two spaces"]),
        (b"data: \nx", [b""]),
        (b"data: 1\nx\n", [b"1"]),
        (b"\n\n\r\n", []),
        (b"", []),
    ],
)
def test_events_at_every_split(stream, expected):
    assert data_of(stream) == expected
    for place in range(len(stream) + 1):
        assert data_of(stream[:place], stream[place:]) == expected
    assert data_of(*(bytes([byte]) for byte in stream)) == expected


def test_an_event_may_have_a_name():
    assert events_of(b"event: error\ndata: {}\n\n")[0].name == b"error"


@given(
    st.lists(st.sampled_from([b"data: 1", b"data:", b": c", b"\n", b"\r", b"\r\n", b"x", b"\xff"])),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_events_add_up_to_the_stream(tokens, places):
    stream = b"".join(tokens)
    events = events_of(*split(stream, places))
    assert b"".join(event.raw for event in events) == stream
    assert [e.data for e in events if e.data is not None] == data_of(stream)


def test_an_event_comes_as_soon_as_it_is_complete():
    cutter = SSEDecoder()
    assert cutter.feed(b"data: 1\r\n") == []
    assert [event.data for event in cutter.feed(b"\r\n")] == [b"1"]


def test_a_huge_event_is_an_error():
    event = events_of(b"data: " + b"a" * (ndjson.MAX_FRAME_BYTES + 1) + b"\n\n")[0]
    assert event.error
    assert "larger" in event.error


def test_one_endless_frame_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(sse, "MAX_FRAME_BYTES", 1000)
    reader = SSEDecoder()
    pieces = [piece for _ in range(30) for piece in reader.feed(b"a" * 100)]
    assert len(pieces) == 2


def test_time_is_linear_in_the_size_of_a_frame():
    def seconds(size: int) -> float:
        reader = SSEDecoder()
        start = time.process_time()
        for _ in range(size // 1000):
            reader.feed(b"a" * 1000)
        return time.process_time() - start

    assert seconds(8_000_000) < 40 * (min(seconds(1_000_000) for _ in range(3)) + 0.002)
