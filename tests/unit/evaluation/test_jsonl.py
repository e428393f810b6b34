"""Lines of JSON from a file or standard input, zipped or not, and what is said of broken ones."""

import gzip
import io

import pytest

from gearshift.errors import GearshiftError
from gearshift.evaluation.jsonl import decoded, raw_lines, read_lines, standard_input

TEXT = b'{"a": 1}\n\n  \n{"a": 2}'


class Input(io.BytesIO):
    """Standard input as Python wraps it."""

    @property
    def buffer(self):
        return self


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(data)
        return str(path)

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_objects_come_with_their_place_and_empty_lines_do_not_come(file, pack):
    path = file(pack(TEXT))
    lines = list(read_lines(path))
    assert [(line.value, line.where) for line in lines] == [
        ({"a": 1}, f"{path}:1"),
        ({"a": 2}, f"{path}:4"),
    ]
    assert 0 < lines[-1].position == len(pack(TEXT))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read_in_the_same_way(monkeypatch, pack):
    monkeypatch.setattr("sys.stdin", Input(pack(TEXT)))
    lines = list(read_lines("-"))
    assert [(line.value["a"], line.where, line.position) for line in lines] == [
        (1, "<stdin>:1", 0),
        (2, "<stdin>:4", 0),
    ]


def test_an_empty_file_has_no_lines(file):
    assert list(read_lines(file(b""))) == []


def test_a_closed_standard_input_is_said(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(GearshiftError, match="standard input is closed"):
        standard_input()
    with pytest.raises(GearshiftError, match="standard input is closed"):
        list(raw_lines("-"))


@pytest.mark.parametrize(
    ("line", "said"),
    [(b"{", "not valid JSON"), (b"[1]", "an object is expected"), (b"\xff", "not valid JSON")],
)
def test_a_line_that_is_no_object_is_named(file, line, said):
    path = file(b'{"a": 1}\n' + line + b"\n")
    with pytest.raises(GearshiftError, match=f"{path}:2: {said}"):
        list(read_lines(path))


def test_a_mark_of_byte_order_is_none_of_its_words():
    assert decoded(b'\xef\xbb\xbf{"a": 1}', "x:1") == {"a": 1}


def test_raw_lines_are_left_as_they_are(file):
    found = list(raw_lines(file(b'{"a":  1} \nnot JSON\n')))
    assert [line.text for line in found] == [b'{"a":  1} \n', b"not JSON\n"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = str(tmp_path / "none.jsonl")
    with pytest.raises(GearshiftError, match=f"{path}: cannot be read: no such file"):
        list(raw_lines(path))
    with pytest.raises(GearshiftError, match="cannot be read: is a directory"):
        list(raw_lines(str(tmp_path)))


@pytest.mark.parametrize(
    "harm", [lambda zipped: zipped[:-4], lambda zipped: zipped[:-12] + b"x" * 9]
)
def test_broken_gzip_data_are_said_after_the_lines_that_could_be_read(file, harm):
    path = file(harm(gzip.compress(b'{"a": 1}\n' * 3)))
    with pytest.raises(GearshiftError, match=r"rows\.jsonl:\d+: broken gzip data"):
        list(raw_lines(path))


def test_a_reader_of_ours_that_is_gone_is_no_trouble_of_the_file(monkeypatch):
    class Gone(Input):
        def readline(self, *_):
            raise BrokenPipeError

        read1 = readinto = read = readline

    monkeypatch.setattr("sys.stdin", Gone(b""))
    with pytest.raises(BrokenPipeError):
        list(raw_lines("-"))
