"""What is read of a file: its columns and rows, within bounds."""

import os

import pytest
from tests.fakes.exported import written

from gearshift.errors import GearshiftError
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import (
    MemoryLimit,
    columns_of,
    naming,
    opened,
    quoted,
    row_groups,
    rows_of,
    table,
)


@pytest.fixture
def connection():
    with opened(MemoryLimit()) as connection:
        yield connection


def setting(limits, name="memory_limit"):
    with opened(limits) as connection:
        return connection.execute("SELECT current_setting(?)", [name]).fetchone()[0]


def test_workers_share_what_may_be_used():
    assert setting(MemoryLimit("2GiB")) == "2.0 GiB"
    assert setting(MemoryLimit("2GiB", workers=4)) == "512.0 MiB"
    assert setting(MemoryLimit()) != setting(MemoryLimit(workers=2))


def test_rows_keep_their_order_and_nothing_is_fetched_or_left():
    assert setting(MemoryLimit(), "threads") == 1
    assert setting(MemoryLimit(), "autoinstall_known_extensions") is False
    assert not os.path.exists(setting(MemoryLimit(), "temp_directory"))


def test_a_part_has_its_rows_in_order(connection, tmp_path):
    file = str(written(tmp_path / "a'b.parquet", [{"a": n} for n in range(10)], row_group_size=2))
    assert row_groups(connection, file) == [2] * 5

    def rows(part):
        return connection.execute(f"SELECT a FROM {rows_of(part)}").fetchall()

    assert rows(FilePart(file, 4, 3, is_whole=False)) == [(4,), (5,), (6,)]
    assert rows(FilePart(file)) == [(n,) for n in range(10)]


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl"])
def test_columns_that_a_file_lacks_are_empty_or_missed(connection, tmp_path, name):
    file = tmp_path / name
    if name.endswith(".jsonl"):
        file.write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n')
    else:
        written(file, [{"a": 1, "b": "x"}, {"a": 2, "b": None}])
    part = FilePart(str(file))
    assert set(columns_of(connection, str(file))) == {"a", "b"}
    found = table(connection, part, {"a": "DOUBLE"}, {"b": "VARCHAR", "c": "BIGINT"})
    assert connection.execute(f"SELECT * FROM {found}").fetchall() == [
        (1.0, "x", None),
        (2.0, None, None),
    ]
    with pytest.raises(GearshiftError, match=r"needs the columns a, d, e; d, e are missing"):
        table(connection, part, {"a": "DOUBLE", "d": "DOUBLE", "e": "DOUBLE"}, {})
    with pytest.raises(GearshiftError, match=r"needs the columns d; d is missing"):
        table(connection, part, {"d": "DOUBLE"}, {})


def test_what_goes_wrong_is_said_with_its_file_and_without_the_query(connection):
    with pytest.raises(GearshiftError) as caught, naming("a.parquet"):
        connection.execute("SELECT nothing FROM nowhere")
    assert str(caught.value).startswith("a.parquet: cannot be read: ")
    assert "SELECT" not in str(caught.value)


def test_mistakes_of_duckdb_are_expected_errors():
    with pytest.raises(GearshiftError), opened(MemoryLimit()) as connection:
        connection.execute("nonsense")


def test_quotes_are_doubled():
    assert quoted("it's") == "'it''s'"
