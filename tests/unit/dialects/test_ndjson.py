"""Lines of JSON, cut whatever the sizes in which bytes arrive."""

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects import ndjson
from gearshift.dialects.ndjson import LineDecoder


def split(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(edges)]


@given(st.binary(max_size=60) | st.text("ab\n\r", max_size=60).map(str.encode), st.data())
def test_lines_add_up_to_the_stream(stream, data):
    cutter = LineDecoder()
    places = data.draw(st.lists(st.integers(0, 60), max_size=6))
    lines = [line for piece in split(stream, places) for line in cutter.feed(piece)]
    lines += cutter.finish()
    assert b"".join(lines) == stream
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert all(b"\n" not in line[:-1] for line in lines)


def test_one_endless_frame_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(ndjson, "MAX_FRAME_BYTES", 1000)
    reader = LineDecoder()
    pieces = [piece for _ in range(30) for piece in reader.feed(b"a" * 100)]
    assert len(pieces) == 2


def test_time_is_linear_in_the_size_of_a_frame():
    def seconds(size: int) -> float:
        reader = LineDecoder()
        start = time.process_time()
        for _ in range(size // 1000):
            reader.feed(b"a" * 1000)
        return time.process_time() - start

    assert seconds(8_000_000) < 40 * (min(seconds(1_000_000) for _ in range(3)) + 0.002)
