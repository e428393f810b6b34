"""Tables of scorers beside each other."""

import math

import numpy as np
import pytest

from gearshift.cli.comparison import compared, highest_bound, interval, print_table, progress
from gearshift.config.loading import Settings
from gearshift.evaluation.outcomes import Outcomes
from gearshift.evaluation.scoring import Scored

COUNT = 200
WEAK = np.array([float(number % 2) for number in range(COUNT)])
OUTCOMES = Outcomes(
    "made", tuple(f"p{n}" for n in range(COUNT)), WEAK, np.ones(COUNT), ("",) * COUNT
)
SCORES = {
    "rule": Scored(np.arange(COUNT) / COUNT, None),
    "oracle": Scored(OUTCOMES.gap, 0.5),
}


def settings(*tiers):
    listed = [{"name": f"t{n}", "below": b, "deployments": ["m"]} for n, b in enumerate(tiers)]
    listed[-1].pop("below")
    return Settings.model_validate({"tiered_routing": {"tiers": listed}})


@pytest.mark.parametrize(("tiers", "bound"), [((3, 0), 3.0), ((3, 6, 0), 6.0)])
def test_the_highest_tier_begins_where_the_one_below_ends(tiers, bound):
    assert highest_bound(settings(*tiers)) == bound


def test_every_scorer_is_measured_and_compared_with_the_rule():
    facts = compared(OUTCOMES, SCORES, rounds=50, seed=1)
    assert (facts["file"], facts["n"]) == ("made", COUNT)
    rule, oracle = facts["scorers"]["rule"], facts["scorers"]["oracle"]
    assert oracle["apgr"] > rule["apgr"] == pytest.approx(0.5, abs=0.05)
    assert rule["apgr_above_rule_ci"] is None
    low, high = oracle["apgr_above_rule_ci"]
    assert 0 < low <= oracle["apgr_above_rule"] <= high
    assert (oracle["share_large"], oracle["gap_recovered"]) == (0.5, 1.0)
    assert (rule["share_large"], rule["gap_recovered"]) == (None, None)
    assert {"routellm_apgr", "routellm_cpt50", "routellm_cpt80"} <= set(rule)


def test_the_table_has_a_line_for_each_and_dashes_for_what_is_not_known(capsys):
    facts = compared(OUTCOMES, SCORES, rounds=50, seed=1)
    facts["scorers"]["rule"]["auc"] = math.nan
    print_table(facts)
    empty, title, head, rule, oracle = capsys.readouterr().out.split("\n")[:5]
    assert (empty, title) == ("", "made: 200 prompts")
    assert head.split()[:2] == ["scorer", "APGR"]
    assert rule.split()[-3:] == ["-", "-", "-"]
    assert "50 %" in oracle
    assert "100 %" in oracle
    assert "[+0." in oracle


def test_both_ends_have_three_digits_and_a_sign_where_asked():
    assert interval((0.12345, 0.5)) == "[0.123, 0.500]"
    assert interval((-0.1, 0.25), "+") == "[-0.100, +0.250]"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_shown_on_a_terminal_and_changes_nothing(monkeypatch, capsys, is_terminal):
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    assert list(progress("reading")([1, 2, 3])) == [1, 2, 3]
    assert ("reading" in capsys.readouterr().err) is is_terminal
