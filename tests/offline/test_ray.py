"""A real Ray cluster on this machine says the same as this process, to the last digit.

`make offline` has an environment with Ray; elsewhere this is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.exported import divided, exported, written

pytestmark = [pytest.mark.elsewhere, pytest.mark.timeout(280)]
COUNT = 300


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log's configuration, its export, and the same rows in many files."""
    pytest.importorskip("ray", reason="needs Ray: `make offline`", exc_type=ImportError)
    config, out = exported(tmp_path_factory.mktemp("log"), COUNT)
    many = tmp_path_factory.mktemp("many")
    order = [row * 7 % COUNT for row in range(COUNT)]
    divided(out / "decisions.parquet", many / "decisions", order, range(50, COUNT, 50))
    (many / "judgements.parquet").symlink_to(out / "judgements.parquet")
    return config, out, many


def gearshift(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "gearshift", *map(str, arguments)],
        env={**os.environ, "RAY_ADDRESS": ""},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def test_replays_are_equal(log):
    config, out, many = log
    asked = ("replay", "--threshold", 4, "--config", config, "--json")
    expected = gearshift(*asked).stdout
    assert gearshift(*asked, "--from", out).stdout == expected
    done = gearshift(*asked, "--from", many, "--engine", "ray", "--workers", 2)
    assert done.stdout == expected
    progress = "gearshift: replaying: "  # on a slow machine
    assert all(line.startswith(progress) for line in done.stderr.splitlines()), done.stderr


def test_scores_and_models_are_equal(log, tmp_path):
    config, _, many = log
    facts = []
    for engine in ("duckdb", "ray"):
        more = ("--config", config, "--from", many, "--engine", engine, "--json")
        out = tmp_path / engine
        facts.append(json.loads(gearshift("score", "--out", out / "scored", *more).stdout))
        model = out / "own.npz"
        gearshift("train", "--out", model, "--force", "--rounds", 20, *more)
    here, there = (one | {"folder": ""} for one in facts)
    assert here == there
    files = [contents(tmp_path / engine) for engine in ("duckdb", "ray")]
    assert files[0] == files[1]
    assert len(files[0]) == 7


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_a_part_that_fails_is_named(log, tmp_path):
    written(tmp_path / "in" / "a.parquet", [{"text": "x"}])
    written(tmp_path / "in" / "b.parquet", [{"prompt": "x"}])
    asked = ("score", "--from", tmp_path / "in", "--out", tmp_path / "out", "--engine", "ray")
    said = gearshift(*asked, code=1).stderr
    assert said.startswith(f"gearshift: {tmp_path}/in/a.parquet: needs a column `prompt` or")
    assert len(said.splitlines()) == 1
    assert not list((tmp_path / "out").rglob(".*"))
