"""`make mutants` as a program: exit status, and errors in words."""

import json
import subprocess
from pathlib import Path

import pytest
from mutation import __main__ as program
from mutation import run as running
from mutation import verdicts
from mutation.verdicts import Verdict


@pytest.fixture
def mutants(tmp_path, monkeypatch, capsys):
    """Runs the program in an empty repository in which mutmut would find such mutants."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.mutmut]\nonly_mutate = ['src/gearshift/planning.py']"
    )
    (tmp_path / "src" / "gearshift").mkdir(parents=True)
    (tmp_path / "src" / "gearshift" / "planning.py").touch()
    (tmp_path / "mutation").mkdir()
    (tmp_path / "mutation" / "survivors.yaml").touch()
    monkeypatch.setattr(program, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*given, found=(), is_installed=True, status=0):
        code = f"import sys; print('Running clean tests'); sys.exit({status})"
        names = [f"gearshift.planning.x_plan__mutmut_{n}" for n in range(len(found))]
        monkeypatch.setattr(running, "find_spec", lambda name: is_installed or None)
        monkeypatch.setattr(running, "_MUTMUT", ("-c", code))
        monkeypatch.setattr(
            verdicts,
            "read",
            lambda root: [
                Verdict(name, one, Path("planning.py"))
                for name, one in zip(names, found, strict=True)
            ],
        )
        monkeypatch.setattr(verdicts, "diff", lambda verdict: ("a", "b"))
        status = program.main(list(given))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def test_it_tells_whether_enough_were_killed(mutants):
    status, out, err = mutants(found=["killed"])
    assert (status, "100.0%" in out) == (0, True)
    assert "mutants/run.log" in err
    status, out, _ = mutants("--only", "planning", found=["killed", "survived"])
    assert (status, "50.0%" in out) == (1, True)


def test_standard_output_is_the_result_alone(mutants):
    _, out, _ = mutants("--json", "--only", "planner", found=["killed", "timeout"])
    assert json.loads(out)["planner"]["killed"] == 2


@pytest.mark.parametrize(
    ("given", "changes", "told"),
    [
        (["--only", "plannings"], {}, "did you mean planning"),
        ([], {"is_installed": False}, "with a Python other than 3.13"),
        ([], {"status": 1, "found": ["killed"]}, "exit status 1; it ended with:\nRunning clean"),
        (["--report-only"], {}, "nothing has been tried yet"),
    ],
)
def test_what_hinders_a_run_is_told(mutants, given, changes, told):
    status, out, err = mutants(*given, **changes)
    assert (status, out) == (2, "")
    assert told in err


def test_a_rule_that_cannot_be_used_is_told_before_the_run(mutants, tmp_path):
    (tmp_path / "mutation" / "survivors.yaml").write_text("- {}")
    status, _, err = mutants(found=["killed"])
    assert (status, "rule 1" in err, "run.log" in err) == (2, True, False)


def test_a_file_of_mutmut_s_that_is_half_written_is_told(mutants, tmp_path):
    meta = tmp_path / "mutants" / "src" / "gearshift" / "planning.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text('{"exit_code_by_key": {')
    status, _, err = mutants(found=["killed"])
    assert (status, "rm -r mutants" in err) == (2, True)


def test_who_stops_it_is_told_that_nothing_is_lost(mutants, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "run", stopped)
    status, _, err = mutants()
    assert (status, "kept" in err) == (130, True)


def test_mypy_is_found_from_the_folder_in_which_mutmut_works():
    root = Path(__file__).parents[3]
    made = subprocess.run(["make", "-n", "mutants"], cwd=root, capture_output=True, text=True)
    assert f'PATH="{root}/.venv-mutants/bin:' in made.stdout
