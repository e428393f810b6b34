"""What became of the mutants, and when that is enough."""

import json
import platform
from pathlib import Path

import pytest
from mutation.document import as_json, table, write_document
from mutation.report import judged
from mutation.survivors import Reasons
from mutation.verdicts import Verdict

SOURCE = Path("src/gearshift/planning.py")
PLAN = "gearshift.planning.x_plan__mutmut_"


def verdicts(**numbers):
    """So many mutants of `planning.plan` with each status."""
    statuses = [status.replace("_", " ") for status, n in numbers.items() for _ in range(n)]
    return [Verdict(f"{PLAN}{n}", status, SOURCE) for n, status in enumerate(statuses, 1)]


@pytest.fixture
def reasons(tmp_path):
    """A reason for mutants of `plan` that change a line with `log`."""
    path = tmp_path / "survivors.yaml"
    path.write_text("[{function: planning.*plan, line: log, reason: wording}]")
    return Reasons.read(path)


def areas(found, reasons, removed="log(1)", only=()):
    return judged(found, reasons, lambda verdict: (removed, "log(2)"), only)


def test_what_never_ends_or_crashes_is_killed_and_what_mypy_refuses_is_no_mutant(reasons):
    found = verdicts(killed=5, timeout=2, segfault=1, caught_by_type_check=7, skipped=3, survived=2)
    (area,) = areas(found, reasons)
    assert (area.name, area.mutants, area.killed, area.share) == ("planner", 10, 8, 0.8)


@pytest.mark.parametrize(
    ("numbers", "removed", "is_kept"),
    [
        ({"killed": 17, "survived": 3}, "log(1)", True),
        ({"killed": 16, "survived": 3}, "log(1)", False),
        ({"killed": 17, "survived": 3}, "count(1)", False),
        ({"killed": 99, "no_tests": 1}, "count(1)", False),
        ({"killed": 99, "suspicious": 1}, "count(1)", False),
        ({"killed": 99, "not_checked": 1}, "log(1)", False),
        ({"killed": 99, "check_was_interrupted_by_user": 1}, "log(1)", False),
        ({"caught_by_type_check": 4}, "log(1)", True),
    ],
)
def test_enough_is_85_percent_with_a_reason_for_the_rest(reasons, numbers, removed, is_kept):
    (area,) = areas(verdicts(**numbers), reasons, removed)
    assert area.is_kept is is_kept


def test_a_survivor_is_told_with_its_function_and_change(reasons):
    (area,) = areas(verdicts(no_tests=1), reasons)
    (one,) = area.survivors
    assert (one.function, one.status) == ("planning.x_plan", "no tests")
    assert (one.removed, one.added, one.reason) == ("log(1)", "log(2)", "wording")


def test_only_what_is_asked_for_is_judged(reasons):
    named = (
        "planning.x_a",
        "planning.variants.x_b",
        "pipeline.x_c",
        "pipeline.hedging.x_d",
        "cli.x_e",
    )
    found = [Verdict(f"gearshift.{name}__mutmut_1", "killed", SOURCE) for name in named]
    count = {area.name: area.mutants for area in areas(found, reasons)}
    assert count == {"pipeline": 2, "planner": 2}
    count = {area.name: area.mutants for area in areas(found, reasons, only=["planning.variants"])}
    assert count == {"planner": 1}
    count = {area.name: area.mutants for area in areas(found, reasons, only=["pipeline.hedging"])}
    assert count == {"pipeline": 1}


def test_the_table_lists_what_has_no_reason_and_what_has_not_run(reasons):
    numbers = {"killed": 3, "survived": 1, "not_checked": 2}
    found = table(areas(verdicts(**numbers), reasons))
    assert "| planner | 4 | 3 | 75.0% | 1 | 0 | 2 |" in found
    assert "__mutmut_" not in found
    found = table(areas(verdicts(**numbers), reasons, "count(1)"))
    assert "| planner | 4 | 3 | 75.0% | 0 | 1 | 2 |" in found
    assert f"{PLAN}4 (survived)\n- count(1)\n+ log(2)" in found


def test_programs_get_the_same(reasons):
    found = json.loads(as_json(areas(verdicts(killed=1, survived=1, not_checked=1), reasons)))
    survivor = {"name": f"{PLAN}2", "status": "survived", "removed": "log(1)", "added": "log(2)"}
    assert found == {
        "planner": {
            "mutants": 2,
            "not_run": 1,
            "killed": 1,
            "share": 0.5,
            "survivors": [survivor | {"reason": "wording"}],
        }
    }


@pytest.fixture
def document(reasons, tmp_path, monkeypatch):
    """What is written for these verdicts."""
    monkeypatch.setattr("mutation.document.version", lambda name: "1.2.3")

    def write(found, removed="log(1)"):
        path = tmp_path / "mutants.md"
        write_document(path, areas(found, reasons, removed))
        return path.read_text()

    return write


def test_the_document_counts_each_module_and_what_each_reason_covers(document):
    other = Verdict("gearshift.planning.variants.x_f__mutmut_1", "killed", SOURCE)
    text = document([*verdicts(killed=8, survived=2), other])
    assert f"mutmut 1.2.3, Python {platform.python_version()}" in text
    assert "| planner | 11 | 9 | 81.8% | 2 | 0 | 0 |" in text
    assert "| planning | 10 | 8 | 80.0% | 2 | 0 | 0 |" in text
    assert "| planning.variants | 1 | 1 | 100.0% | 0 | 0 | 0 |" in text
    assert "| 2 | `planning.plan` | wording |" in text
    assert "All mutants were tried, and each survivor has a reason." in text


def test_the_document_says_what_is_missing(document):
    text = document(verdicts(killed=3, survived=1, not_checked=2), "count(1)")
    assert "2 mutants have not been tried yet. 1 survivors have no reason; they are" in text
    assert f"# {PLAN}4 (survived)\n- count(1)\n+ log(2)" in text
    assert "All mutants were tried" not in text


def test_the_document_names_a_method_as_python_does(document, tmp_path):
    mutant = Verdict("gearshift.planning.xǁPlanǁ_plan__mutmut_1", "survived", SOURCE)
    assert "| 1 | `planning.Plan._plan` | wording |" in document([mutant])
