"""Which files a folder has for us, and how they are divided."""

import pytest
from pyarrow import parquet
from tests.fakes.exported import written

from gearshift.errors import GearshiftError
from gearshift.offline.files import all_files, nothing_in, parts_of, table_files
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import MemoryLimit


@pytest.fixture
def folder(tmp_path):
    def fill(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
        return tmp_path

    return fill


def names(files, folder):
    return [file.removeprefix(f"{folder}/") for file in files]


def test_a_table_is_one_file_or_a_folder_of_them(folder):
    one = folder("decisions.parquet", "judgements.jsonl.gz", "other.parquet")
    assert names(table_files(str(one), "decisions"), one) == ["decisions.parquet"]
    assert names(table_files(str(one), "judgements"), one) == ["judgements.jsonl.gz"]
    (one / "decisions.parquet").unlink()
    several = folder("decisions/b.parquet", "decisions/x/a.parquet", "decisions/a.jsonl")
    assert names(table_files(str(several), "decisions"), several) == [
        "decisions/a.jsonl",
        "decisions/b.parquet",
        "decisions/x/a.parquet",
    ]


def test_half_written_files_and_marks_of_others_are_left_out(folder):
    place = folder(".a.parquet.new", ".a.parquet", "_temporary/a.parquet", "_SUCCESS", "a.parquet")
    assert names(all_files(str(place)), place) == ["a.parquet"]


def test_one_file_can_be_given(folder):
    file = str(folder("a.parquet") / "a.parquet")
    assert all_files(file) == [file]
    assert table_files(file, "decisions") == [file]
    assert table_files(file, "judgements") == []


def test_what_would_count_twice_is_refused(folder):
    place = folder("decisions.parquet", "decisions/a.parquet")
    with pytest.raises(GearshiftError, match=r"decisions/: both have decisions; remove one"):
        table_files(str(place), "decisions")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    for find in (all_files, lambda name: table_files(name, "decisions")):
        with pytest.raises(GearshiftError, match="nowhere: there is no such file or folder"):
            find(str(tmp_path / "nowhere"))
    assert str(nothing_in("here", "decisions")) == (
        "here: there are no decisions: *.parquet, *.jsonl, *.jsonl.gz are read"
    )


def test_a_large_file_is_divided_between_its_row_groups(tmp_path):
    rows = [{"a": number} for number in range(10)]
    large = str(written(tmp_path / "large.parquet", rows, row_group_size=2))
    small = str(written(tmp_path / "small.parquet", rows))
    assert parts_of([large, small, "x.jsonl"], 5, MemoryLimit()) == [
        FilePart(large, 0, 4, is_whole=False),
        FilePart(large, 4, 4, is_whole=False),
        FilePart(large, 8, 2, is_whole=False),
        FilePart(small, 0, 10),
        FilePart("x.jsonl"),
    ]


def test_an_empty_file_has_no_parts(tmp_path):
    full = parquet.read_table(written(tmp_path / "a.parquet", [{"a": 1}]))
    parquet.write_table(full.slice(0, 0), file := str(tmp_path / "empty.parquet"))
    assert parts_of([file], 5, MemoryLimit()) == []


def test_a_damaged_file_is_named(folder):
    file = str(folder("a.parquet") / "a.parquet")
    with pytest.raises(GearshiftError, match=rf"^{file}: cannot be read: "):
        parts_of([file], 5, MemoryLimit())
