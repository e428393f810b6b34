"""What every dialect can do, whichever it is."""

import inspect

import pytest

from gearshift.dialects.base import (
    NOTHING,
    ClientDialect,
    StreamReader,
    StreamWriter,
    UpstreamDialect,
    unknown_time,
)
from gearshift.registry import CLIENT_DIALECTS, UPSTREAM_DIALECTS, load
from gearshift.types import ChatRequest, Chunk, Operation

USER = {"role": "user", "content": "hi"}


def members(protocol):
    return [name for name in vars(protocol) if not name.startswith("_")]


EVERY = [
    *((ClientDialect, target) for target in CLIENT_DIALECTS.values()),
    *((UpstreamDialect, target) for target in UPSTREAM_DIALECTS.values()),
]


@pytest.fixture(params=sorted(CLIENT_DIALECTS.keys() & UPSTREAM_DIALECTS.keys()))
def dialect(request):
    return load(CLIENT_DIALECTS[request.param])()


@pytest.mark.parametrize(("protocol", "target"), EVERY)
def test_every_dialect_has_all_that_others_rely_on(protocol, target):
    dialect = load(target)()
    for name in members(protocol):
        wanted, given = getattr(protocol, name), getattr(type(dialect), name)
        names = list(inspect.signature(wanted).parameters)
        assert list(inspect.signature(given).parameters) == names, name
    for name in protocol.__annotations__:
        assert hasattr(dialect, name)


def test_every_reader_has_all_that_others_rely_on(dialect):
    for name in members(StreamReader):
        assert callable(getattr(dialect.stream_reader(), name))


def test_what_a_dialect_has_written_it_reads(dialect):
    request = ChatRequest(dialect.name, Operation.CHAT, "m", [USER])
    writer = dialect.stream_writer(request, "m", "id", 0.0)
    for name in members(StreamWriter):
        assert callable(getattr(writer, name))
    raw = writer.write(Chunk("a")) + writer.write(Chunk("b")) + writer.finish()
    reader = dialect.stream_reader()
    frames = reader.feed(raw) + reader.finish()
    assert "".join(frame.chunk.content for frame in frames if frame.chunk) == "ab"
    assert b"".join(frame.raw for frame in frames) == raw
    assert frames[-1].is_end
    whole = dialect.decode_response(
        dialect.encode_response(request, Chunk("c", model="m"), "id", 0.0)
    )
    assert (whole.error, whole.chunk.content, whole.is_end) == (None, "c", True)


def test_its_own_end_mark_is_an_end(dialect):
    if dialect.end_mark:
        (frame,) = dialect.stream_reader().feed(dialect.end_mark)
        assert frame.is_end


def test_without_a_clock_no_time_has_passed_and_nothing_is_left_out():
    assert unknown_time() == 0.0
    assert frozenset() == NOTHING
