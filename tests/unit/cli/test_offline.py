"""What commands that read exported files have in common."""

import click
import pytest
from click.testing import CliRunner

from gearshift.cli import offline as module
from gearshift.cli.offline import Offline, offline_options, progress
from gearshift.offline.parts import FilePart
from gearshift.offline.processes import Processes
from gearshift.offline.reading import MemoryLimit

PARTS = [FilePart("a", 0, 1_000), FilePart("b", 0, 3_000)]


@click.command()
@offline_options
@click.option("--other")
def command(offline, other):
    click.echo(f"{offline} {other}")


def run(*arguments):
    return CliRunner().invoke(command, arguments)


def test_without_files_a_command_is_told_so():
    assert run("--other", "x").output == "None x\n"


def test_options_are_one_value():
    asked = ("--from", "there", "--engine", "ray", "--workers", "3", "--memory-limit", "1.5 gib")
    assert run(*asked).output == f"{Offline('there', 'ray', 3, '1.5 gib')} None\n"


def test_there_are_as_many_workers_as_processors(monkeypatch):
    monkeypatch.setattr(module, "_cpus", lambda: 7)
    assert run("--from", "there").output == f"{Offline('there', 'duckdb', 7, '')} None\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--engine", "duckdb"), "--engine is for the files of --from"),
        (("--workers", "2"), "--workers is for the files of --from"),
        (("--memory-limit", "2GB"), "--memory-limit is for the files of --from"),
        (("--from", "x", "--memory-limit", "2"), "a size such as 500MB or 2GB is expected"),
        (("--from", "x", "--memory-limit", "2GB'"), "a size such as 500MB or 2GB is expected"),
        (("--from", "x", "--workers", "0"), "0 is not in the range"),
        (("--from", "x", "--engine", "spark"), "'spark' is not one of 'duckdb', 'ray'"),
    ],
)
def test_mistakes_are_explained(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_an_engine_and_limits_are_made_of_them():
    offline = Offline("there", "duckdb", 3, "2GB")
    assert offline.limits == MemoryLimit("2GB", 3)
    assert isinstance(offline.engine(), Processes)


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_line_is_printed_now_and_then(clock, capsys):
    with progress("scoring", [*PARTS, FilePart("c", 0, 1_000), FilePart("d", 0, 5_000)]) as advance:
        for part, now in zip([*PARTS, FilePart("c", 0, 1_000)], (4.0, 5.0, 6.0), strict=True):
            clock.now = now
            advance(part)
    assert capsys.readouterr().err == (
        "gearshift: scoring: 4,000 of 10,000 rows (40 %), 800 a second\n"
    )


def test_files_are_counted_where_rows_are_not_known(clock, capsys):
    with progress("scoring", [FilePart("a.jsonl"), *PARTS]) as advance:
        clock.now = 10.0
        advance(PARTS[0])
    assert "1 of 3 files (33 %)" in capsys.readouterr().err


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("scoring", PARTS) as advance:
        for part in PARTS:
            advance(part)
    said = capsys.readouterr()
    assert "scoring" in said.err
    assert "100%" in said.err
    assert said.out == ""
