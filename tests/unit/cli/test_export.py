"""`gearshift export`: the log as Parquet, whole or not at all."""

import json
import time

import pytest
from click.testing import CliRunner
from pyarrow import parquet
from tests.fakes.finished import finished
from tests.fakes.logs import log_in

from gearshift.cli import export
from gearshift.cli.export import command
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.schema import DECISIONS
from gearshift.errors import GearshiftError

NOW = time.time()


@pytest.fixture
def run(tmp_path):
    events = [finished(time=NOW - hours * 3600) for hours in (0, 1, 30)]
    url = log_in(tmp_path, events, with_prompts=True)
    engine = open_database(url)
    with engine.begin() as connection:
        said = JudgementRow(events[0].decision.id, NOW, "checks", "tie", 0.5, 1.0, 0.25)
        insert_judgement(connection, said)
    engine.dispose()
    config = tmp_path / "x.yaml"
    config.write_text(f"decision_log: {{url: '{url}'}}\n")

    def run(*arguments):
        asked = ["--config", str(config), *arguments]
        result = CliRunner().invoke(command, asked, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def test_every_row_and_column_is_there_in_the_order_of_time(run, tmp_path):
    out = tmp_path / "deep" / "out"
    found = json.loads(run("--out", str(out), "--json").stdout)
    assert found == {"folder": str(out), "rows": {"decisions": 3, "judgements": 1}}
    table = parquet.read_table(out / "decisions.parquet")
    assert table.column_names == list(DECISIONS.columns.keys())
    rows = table.to_pylist()
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert (rows[0]["prompt"], rows[0]["streamed"], rows[0]["score"]) == (
        "my secret words",
        False,
        2.5,
    )
    (said,) = parquet.read_table(out / "judgements.parquet").to_pylist()
    assert (said["verdict"], said["propensity"], said["comment"]) == ("tie", 0.25, None)


def test_a_span_bounds_what_is_written_and_people_are_told(run, tmp_path):
    result = run("--out", str(tmp_path / "out"), "--since", "6h")
    assert f"{tmp_path / 'out' / 'decisions'}.parquet  2 rows" in result.stdout
    assert parquet.read_table(tmp_path / "out" / "decisions.parquet").num_rows == 2


def test_many_rows_come_in_parts(run, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_AT_ONCE", 2)
    run("--out", str(tmp_path / "out"))
    file = parquet.ParquetFile(tmp_path / "out" / "decisions.parquet")
    assert (file.metadata.num_rows, file.num_row_groups) == (3, 2)


def test_what_fails_leaves_the_old_file_and_nothing_else(run, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run("--out", str(out))
    before = (out / "decisions.parquet").read_bytes()

    def broken(engine, table, start):
        yield []
        raise OSError("disk full")

    monkeypatch.setattr(export, "_batches", broken)
    with pytest.raises(GearshiftError, match=r"decisions\.parquet: cannot be written: disk full"):
        run("--out", str(out))
    assert (out / "decisions.parquet").read_bytes() == before
    assert sorted(file.name for file in out.iterdir()) == [
        "decisions.parquet",
        "judgements.parquet",
    ]


def test_a_folder_that_cannot_be_made_is_said(run, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(GearshiftError, match="cannot be created"):
        run("--out", str(tmp_path / "file" / "out"))
