"""`gearshift experiment`: begun, looked at and ended, or refused with the reason."""

import json

import click
import pytest
from click.testing import CliRunner
from tests.fakes.finished import finished
from tests.fakes.logs import log_in

from gearshift.cli.experiment import command
from gearshift.errors import GearshiftError


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "x.yaml"
    url = log_in(tmp_path, [finished()])
    file.write_text(f"decision_log: {{url: '{url}'}}\nquality: {{shadow_share: 0.1}}\n")
    return file


@pytest.fixture
def run(config):
    def run(verb, *arguments):
        asked = [verb, *arguments, "--config", str(config)]
        result = CliRunner().invoke(command, asked, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def facts(run, verb, *arguments):
    return json.loads(run(verb, *arguments, "--json"))


def test_it_is_begun_shown_and_ended(run):
    said = run("start", "try", "--thresholds", "2, 5", "--share", "0.5")
    assert said.splitlines()[0] == "running: try, arms 2, 5"
    shown = run("status", "try")
    assert shown.startswith("try: running (threshold, 50 % of sessions)")
    assert run("stop", "try") == "stopped: try\n"
    assert run("status").startswith("try: stopped, stopped by hand (threshold")


def test_facts_for_programs(run):
    assert facts(run, "status") == {"experiments": []}
    begun = facts(run, "start", "m", "--models", "simple=gemma2:2b,hf.co/x/phi3:mini")
    assert begun == {"name": "m", "state": "running", "arms": ["gemma2-2b", "phi3-mini"]}
    (shown,) = facts(run, "status", "m")["experiments"]
    assert (shown["compares"], shown["metric"], shown["alpha"]) == ("model", "losses", 0.05)
    assert facts(run, "stop", "m") == {"name": "m", "state": "stopped"}


def test_scorers_are_loaded_before_anybody_gets_them(run, tmp_path):
    assert facts(run, "start", "s", "--scorers", "rule,learned")["arms"] == ["rule", "learned"]
    with pytest.raises(click.UsageError, match="scorer 'nobody' cannot be used"):
        run("start", "t", "--scorers", "rule,nobody")
    with pytest.raises(click.UsageError, match="cannot be used"):
        run("start", "t", "--scorers", f"rule,{tmp_path / 'none.npz'}")


def test_without_experiments_it_says_how_to_begin(run):
    assert "gearshift experiment start --help" in run("status")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a b", "--thresholds", "2,5"), "NAME 'a b'"),
        (("-", "--thresholds", "2,5"), "NAME '-'"),
        (("x" * 41, "--thresholds", "2,5"), "at most 40"),
        (("a",), "give exactly one of --thresholds, --scorers and --models"),
        (("a", "--thresholds", "2,5", "--scorers", "rule,learned"), "give exactly one of"),
        (("a", "--thresholds", "2"), "at least two different ones"),
        (("a", "--thresholds", "2,2"), "at least two different ones"),
        (("a", "--thresholds", ",,"), "at least two different ones"),
        (("a", "--thresholds", "2,11"), "threshold '11': must be a number from 0 to 10"),
        (("a", "--thresholds", "2,high"), "threshold 'high'"),
        (("a", "--models", "a,b"), "write TIER=A,B with a tier of simple, complex"),
        (("a", "--models", "middle=a,b"), "write TIER=A,B"),
        (("a", "--thresholds", "2,5", "--share", "0"), "share"),
        (("a", "--thresholds", "2,5", "--alpha", "0.5"), "alpha"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(run, arguments, words):
    with pytest.raises(click.UsageError) as caught:
        run("start", *arguments)
    assert words in caught.value.format_message()
    assert facts(run, "status") == {"experiments": []}


def test_losses_need_judged_answers(run, config):
    config.write_text(config.read_text().replace("0.1", "0"))
    with pytest.raises(GearshiftError, match=r"set quality\.shadow_share"):
        run("start", "a", "--thresholds", "2,5")
    assert "running" in run("start", "a", "--thresholds", "2,5", "--metric", "failures")


@pytest.mark.parametrize(("verb", "words"), [("status", "there is no"), ("stop", "no experiment")])
def test_one_that_there_is_not(run, verb, words):
    with pytest.raises(GearshiftError, match=words):
        run(verb, "nobody")
