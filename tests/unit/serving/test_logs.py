"""Standard error may be gone, full, or read by nobody; lines are lost and counted, that is all."""

import logging
import os
import select
import sys

import pytest

from gearshift.serving import logs


@pytest.fixture
def lost():
    counted = []
    logs.on_lost_lines(counted.append)
    logs._OUTPUT._is_behind = False
    yield counted
    logs.on_lost_lines(lambda count: None)
    logs._OUTPUT._is_behind = False


@pytest.fixture
def standard_error(monkeypatch):
    """Puts a file descriptor in its place."""
    opened = []

    def put(descriptor):
        # Unbuffered, so that nothing is left to be written at its end.
        stream = os.fdopen(descriptor, "wb", buffering=0)
        opened.append(stream)
        monkeypatch.setattr(sys, "stderr", stream)

    yield put
    for stream in opened:
        stream.close()


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)


def test_lines_arrive_whole_and_in_order(lost, standard_error, pipe):
    reader, writer = pipe
    standard_error(writer)
    lines = b"".join(b"%d %s\n" % (number, b"x" * 900) for number in range(30))
    logs.write_lines(lines)
    assert os.read(reader, 100_000) == lines
    assert lost == []


def test_a_reader_that_is_gone(lost, standard_error):
    reader, writer = os.pipe()
    os.close(reader)
    standard_error(writer)
    logs.write_lines(b"one\ntwo\n")
    logs.write_lines(b"three\n")
    assert lost == [2, 1]


def test_a_disk_that_is_full(lost, standard_error):
    standard_error(os.open("/dev/full", os.O_WRONLY))
    logs.write_lines(b"one\n")
    assert lost == [1]


@pytest.mark.parametrize("stream", [None, object()])
def test_no_standard_error_at_all(lost, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    logs.write_lines(b"one\n")
    assert lost == [1]


def test_a_reader_that_reads_nothing_is_waited_for_once(lost, standard_error, pipe, monkeypatch):
    reader, writer = pipe
    standard_error(writer)
    line = b"x" * 999 + b"\n"
    waited = []
    real = select.poll

    class Poll:
        def __init__(self):
            self._real = real()

        def register(self, *what):
            self._real.register(*what)

        def poll(self, milliseconds):
            waited.append(milliseconds)
            return self._real.poll(0)

    monkeypatch.setattr(select, "poll", Poll)
    for _ in range(200):
        logs.write_lines(line)
    assert 0 < sum(lost) < 200
    assert waited.count(0) >= sum(lost) - 1
    taken = 0
    while taken < (200 - sum(lost)) * len(line):
        taken += len(os.read(reader, 65_536))
    before = sum(lost)
    logs.write_lines(b"back\n")
    logs.write_lines(b"again\n")
    assert os.read(reader, 100) == b"back\nagain\n"
    assert sum(lost) == before
    assert waited[-1] > 0


def test_records_of_any_library_go_the_same_way(lost, standard_error, pipe, monkeypatch):
    reader, writer = pipe
    standard_error(writer)
    root, level = logging.getLogger(), logging.getLogger("gearshift").level
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.configure_logs()
    logging.getLogger("some.library").warning("odd \ud800 word")
    logging.getLogger("gearshift.x").info("said")
    said = os.read(reader, 10_000).decode()
    assert "warning some.library: odd \\ud800 word\n" in said
    assert said.endswith("info gearshift.x: said\n")
    logging.getLogger("gearshift").setLevel(level)
    assert lost == []


def test_words_that_cannot_be_written_are_said_nevertheless(monkeypatch):
    found: list[bytes] = []
    monkeypatch.setattr(logs, "write_lines", found.append)
    logs.notice("a\ud800b")
    assert found == [b"gearshift: a\\ud800b\n"]
