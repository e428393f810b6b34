import json
import random

import click
import pytest
from click.testing import CliRunner

from gearshift.cli.tune import command
from gearshift.errors import GearshiftError

EASY = "What is the capital of country number {}?"
HARD = "Prove step by step that theorem {} holds, compare two proofs, and design a third one."
CONFIG = "tiered_routing:\n  complexity_threshold: 2  # ours\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def judged(count):
    chance = random.Random(1)
    rows = []
    for number in range(count):
        is_hard = number % 2
        weak = float(chance.random() < (0.3 if is_hard else 0.99))
        prompt = (HARD if is_hard else EASY).format(number)
        rows.append({"prompt": prompt, "weak_score": weak, "strong_score": 1.0})
    with open("judged.jsonl", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return "judged.jsonl"


def tune(*arguments):
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_the_facts_have_the_names_that_programs_rely_on():
    facts = json.loads(tune(judged(400), "--alpha=0.1", "--json").stdout)
    assert {"threshold", "alpha", "confidence", "bound", "n", "share_simple"} <= set(facts)
    assert facts["n"] == 400
    assert facts["share_simple"] == pytest.approx(0.5)
    assert facts["bound"] <= facts["alpha"] == 0.1
    assert facts["confidence"] == 0.95
    assert 0 < facts["compute_saved"] < 0.5
    assert "always-complex" in facts["compute_baseline"]
    assert facts["applied"] is False


def test_it_can_be_applied_and_undone(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(CONFIG)
    result = tune(judged(400), "--alpha=0.1", "--apply", "--config=mine.yaml")
    assert "saved against always-complex" in result.stdout
    assert "tune --undo" in result.stdout
    text = file.read_text()
    assert text.endswith("# ours\n")
    assert "threshold: 2 " not in text
    assert "restored" in tune("--undo", "--config=mine.yaml").stdout
    assert file.read_text() == CONFIG


def test_a_threshold_of_the_environment_is_not_written_over_in_the_file(tmp_path, monkeypatch):
    file = tmp_path / "mine.yaml"
    file.write_text(CONFIG)
    monkeypatch.setenv("GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD", "3")
    with pytest.raises(GearshiftError, match=r"env GEARSHIFT_TIERED.*nothing is written"):
        tune(judged(400), "--alpha=0.1", "--apply", "--config=mine.yaml")
    assert file.read_text() == CONFIG
    assert tune(judged(400), "--alpha=0.1", "--config=mine.yaml").exit_code == 0


def test_too_few_judgements_are_refused_with_exit_code_1():
    result = CliRunner().invoke(command, [judged(20), "--json"])
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    assert set(facts) == {"refused", "n", "needed"}
    assert facts["n"] == 20
    assert facts["needed"] > 20
    result = CliRunner().invoke(command, ["judged.jsonl"])
    assert result.exit_code == 1
    assert "are needed" in result.stderr


def test_what_it_cannot_do_it_says_at_once():
    with pytest.raises(GearshiftError, match="give FILEs"):
        tune()
    with pytest.raises(GearshiftError, match="no configuration file"):
        tune(judged(50), "--apply")
    with pytest.raises(click.BadParameter):
        tune(judged(50), "--alpha=0")
    with pytest.raises(GearshiftError, match="no judged answers"):
        tune(judged(50), "--split=test")
