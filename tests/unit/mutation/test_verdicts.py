"""What is read from mutmut's files, and what a new run is told to forget."""

import json

import pytest
from mutation.verdicts import UnreadableError, forget_survivors, forget_tests


@pytest.fixture
def verdicts(tmp_path):
    """Writes mutmut's file for `planning.py`, and tells what has become of it."""
    (tmp_path / "src").mkdir()
    (tmp_path / "mutants" / "src").mkdir(parents=True)
    meta = tmp_path / "mutants" / "src" / "planning.py.meta"

    def forgotten(codes, *only, exists=True):
        if exists:
            (tmp_path / "src" / "planning.py").touch()
        meta.write_text(json.dumps({"exit_code_by_key": codes, "hash": "kept"}))
        forget_survivors(tmp_path, only)
        found = json.loads(meta.read_text())
        assert found["hash"] == "kept"
        return found["exit_code_by_key"]

    return forgotten


def test_survivors_are_tried_again_for_a_test_may_be_new(verdicts):
    codes = {"killed": 1, "survived": 0, "without tests": 33, "slow": -24, "types": 37, "new": None}
    assert verdicts(codes) == codes | {"survived": None, "without tests": None}


def test_those_that_are_not_to_be_tried_keep_their_verdict(verdicts):
    codes = {"gearshift.planning.f": 0, "gearshift.plan.f": 0, "gearshift.pipeline.call.f": 0}
    assert verdicts(codes, "planning", "pipeline.call") == {
        "gearshift.planning.f": None,
        "gearshift.plan.f": 0,
        "gearshift.pipeline.call.f": None,
    }


def test_what_is_left_of_a_file_that_is_gone_does_not_count(verdicts):
    assert verdicts({"survived": 0}, exists=False) == {"survived": 0}


def test_before_the_first_run_there_is_nothing_to_forget(tmp_path):
    forget_survivors(tmp_path)
    forget_tests(tmp_path)


def test_which_tests_run_which_function_is_found_out_anew(tmp_path):
    (tmp_path / "mutants").mkdir()
    stats = tmp_path / "mutants" / "mutmut-stats.json"
    known = {"tests_by_mangled_function_name": {"f": ["t"]}, "duration_by_test": {"t": 1.0}}
    stats.write_text(json.dumps(known | {"config_fingerprint": {"a": "b"}}))
    forget_tests(tmp_path)
    found = json.loads(stats.read_text())
    assert found == {key: {} for key in known} | {"config_fingerprint": {"a": "b"}}
    stats.write_text("{")
    with pytest.raises(UnreadableError, match="half written"):
        forget_tests(tmp_path)
