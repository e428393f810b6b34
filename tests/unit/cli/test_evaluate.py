import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from gearshift.cli.evaluate import command
from gearshift.errors import GearshiftError

EASY = ["What time is it?", "Hi there", "List three colours", "Define osmosis"]
HARD = [
    "Prove that there are infinitely many primes",
    "Compare REST with gRPC for our microservices and design a migration",
    "Write a Python script that parses JSON, validates it, and stores it in Redis",
    "Derive the gradient of the softmax cross entropy step by step",
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)


@pytest.fixture
def file(tmp_path):
    rows = [
        {"prompt": f"{text} ({number})", "weak_score": score, "strong_score": 1, "split": "test"}
        for number in range(5)
        for texts, score in ((EASY, 1), (HARD, 0))
        for text in texts
    ]
    path = tmp_path / "made.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def evaluate(*arguments):
    result = CliRunner().invoke(command, [*arguments, "--rounds=50"], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_the_facts_have_the_names_that_programs_rely_on(file):
    facts = json.loads(evaluate(file, "--json"))
    (first,) = facts["files"]
    assert (first["file"], first["n"], facts["pooled"]["n"]) == ("made", 40, 40)
    names = {"rule", "learned", "random", "length", "always-small", "always-large", "oracle"}
    assert set(first["scorers"]) == names
    rule = first["scorers"]["rule"]
    assert rule["apgr"] > 0.7
    assert rule["apgr_ci"][0] <= rule["apgr"] <= rule["apgr_ci"][1]
    assert 0 < rule["share_large"] < 1
    assert {"cpt50", "cpt80", "auc", "gap_recovered"} <= set(rule)
    shares = {name: one["share_large"] for name, one in first["scorers"].items()}
    assert (shares["always-small"], shares["always-large"]) == (0, 1)
    assert shares["oracle"] == 0.5
    assert shares["length"] is None


def test_the_table_names_every_scorer(file):
    told = evaluate(file, "--split", "test")
    assert "made: 40 prompts" in told
    assert "pooled: 40 prompts" in told
    assert "always-large" in told


def test_a_function_of_the_users_can_be_measured(file):
    facts = json.loads(evaluate(file, "--json", "--scorer", "builtins:len"))
    scorers = facts["pooled"]["scorers"]
    assert scorers["builtins:len"]["apgr"] == scorers["length"]["apgr"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("nobody", "unknown"), ("no_such:thing", "cannot be loaded"), ("builtins:repr", "finite")],
)
def test_what_is_no_scorer_is_refused(file, name, said):
    with pytest.raises((GearshiftError, click.UsageError), match=said):
        evaluate(file, "--scorer", name)


def test_nothing_left_to_pool_is_bad_usage(file):
    with pytest.raises(click.UsageError, match="not-pooled"):
        evaluate(file, "--not-pooled", "made")


def test_the_gateway_does_not_import_numpy():
    code = "import sys, gearshift.cli.serve, gearshift.cli.main; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
