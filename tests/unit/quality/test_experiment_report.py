"""What is said of an experiment: the numbers of its arms, and what may be read from them."""

from typing import Any

import numpy as np
import pytest
from tests.fakes.finished import decision, finished

from gearshift.decision_log.arm_outcomes import ArmOutcomes, Outcome, outcomes
from gearshift.decision_log.experiments import ExperimentState, Kept, Metric
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.guarantees.arms import find
from gearshift.quality import experiment_report
from gearshift.quality.experiment_report import finding_of, report, values_of, words_of
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

LOST, TIED, LARGE, OPEN = (
    Outcome(True, 1.0),
    Outcome(True, 0.0),
    Outcome(False, None),
    Outcome(True, None),
)


def kept(metric=Metric.LOSSES, alpha=0.05, names=("1", "9"), **changes):
    arms = tuple(Arm(name, threshold=float(name)) for name in names)
    experiment = Experiment("bounds", Dimension.THRESHOLD, arms, 0.5, 100.0)
    return Kept(experiment, metric, alpha, ExperimentState.RUNNING, **changes)


def had(outcomes, *, units=None, so_far=None, requests=7, flops=2e9):
    count = len(outcomes) if units is None else units
    every = outcomes if so_far is None else so_far
    return ArmOutcomes(count + 1, requests, flops, count, tuple(outcomes), tuple(every))


def test_outcomes_are_made_whole_and_are_numbers():
    values = values_of([OPEN, LARGE, LOST, TIED])
    assert values.dtype == np.float64
    assert values.tolist() == [1.0, 0.0, 0.0]
    assert values_of([]).tolist() == []


def test_what_is_settled_is_tested_with_the_experiments_own_alpha():
    arms = {"1": had([TIED] * 40, so_far=[LOST] * 90), "9": had([LOST] * 25 + [TIED] * 15)}
    finding = finding_of(kept(alpha=0.01), arms)
    assert [(one.name, one.units, len(one.outcomes)) for one in finding.arms] == [
        ("1", 40, 40),
        ("9", 40, 40),
    ]
    assert finding.compared == find(finding.arms, 0.01).compared
    assert finding.compared != find(finding.arms, 0.05).compared
    assert finding.harmed_by == ("9",)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (Metric.LOSSES, "9 has more answers that are worse than the large model's than 1: "),
        (Metric.FAILURES, "9 has more failed answers than 1: "),
        (Metric.FEEDBACK, "9 has more answers that users call bad than 1: "),
    ],
)
def test_the_words_name_what_is_counted(metric, words):
    arms = {"1": had([TIED] * 60), "9": had([LOST] * 60)}
    said = words_of(kept(metric), finding_of(kept(metric), arms))
    assert said.startswith(words)
    assert "minutes" not in said


@pytest.mark.parametrize(("metric", "minutes"), [(Metric.LOSSES, 60), (Metric.FAILURES, 15)])
def test_who_asks_too_early_is_told_what_does_not_count_yet(metric, minutes):
    arms = {"1": had([TIED] * 19), "9": had([LOST] * 20)}
    assert words_of(kept(metric), finding_of(kept(metric), arms)) == (
        "too early: 19 outcomes in the smallest arm; "
        f"what is younger than {minutes} minutes does not count yet"
    )


def shown(monkeypatch, one, arms):
    log: Any = None
    monkeypatch.setattr(experiment_report, "outcomes", lambda engine, kept, lowest: arms)
    return report(log, one, "simple")


def test_a_report_has_every_fact_of_its_experiment(monkeypatch):
    one = kept(Metric.FAILURES, ended=500.0, stop_reason="enough")
    facts = shown(monkeypatch, one, {"1": had([TIED] * 60), "9": had([LOST] * 60)})
    difference = facts["difference"]
    assert facts["differences"] == [difference]
    assert difference["arm"] == "9"
    assert difference["estimate"] == 1.0
    assert 0.0 < difference["ci"][0] < difference["ci"][1] <= 1.0
    assert difference["p_value"] < 0.01
    assert (difference["is_worse"], difference["is_better"]) == (True, False)
    assert facts["sample_ratio"] == {"p_value": 1.0, "ok": True}
    assert facts["result"].startswith("9 has more failed answers than 1")
    said = {name: facts[name] for name in ("name", "state", "started", "ended", "stop_reason")}
    assert said == {
        "name": "bounds",
        "state": "running",
        "started": 100.0,
        "ended": 500.0,
        "stop_reason": "enough",
    }
    assert (facts["compares"], facts["metric"]) == ("threshold", "failures")
    assert (facts["share"], facts["alpha"]) == (0.5, 0.05)
    assert set(facts) == {*said, "compares", "metric", "share", "alpha", "arms", "differences",
                          "difference", "sample_ratio", "result"}  # fmt: skip


def test_an_arm_is_told_as_far_as_it_is_known(monkeypatch):
    first = had([TIED] * 3, so_far=[LOST, TIED, TIED, TIED], requests=9, flops=3e9)
    facts = shown(monkeypatch, kept(), {"1": first, "9": had([], so_far=[])})
    one, nine = facts["arms"]
    low, high = one.pop("ci")
    assert one == {
        "name": "1",
        "units": 4,
        "requests": 9,
        "judged": 4,
        "settled": 3,
        "losses": 1.0,
        "estimate": 0.25,
        "flops": 3e9,
    }
    assert (low, high) == pytest.approx((0.006309, 0.805881), abs=1e-5)  # Clopper and Pearson
    assert nine == {
        "name": "9",
        "units": 1,
        "requests": 7,
        "judged": 0,
        "settled": 0,
        "losses": 0.0,
        "estimate": None,
        "ci": [0.0, 1.0],
        "flops": 2e9,
    }


def test_every_arm_but_the_first_is_a_difference(monkeypatch):
    arms = {"1": had([LOST] * 60), "5": had([TIED] * 60), "9": had([LOST] * 60)}
    facts = shown(monkeypatch, kept(names=("1", "5", "9")), arms)
    assert [one["arm"] for one in facts["differences"]] == ["5", "9"]
    assert facts["difference"] == facts["differences"][0]
    assert [one["is_better"] for one in facts["differences"]] == [True, False]
    assert [one["is_worse"] for one in facts["differences"]] == [False, False]


def test_arms_with_the_wrong_parts_of_the_traffic_are_not_to_be_trusted(monkeypatch):
    arms = {"1": had([TIED] * 60, units=300), "9": had([LOST] * 60, units=60)}
    facts = shown(monkeypatch, kept(), arms)
    assert not facts["sample_ratio"]["ok"]
    assert facts["sample_ratio"]["p_value"] < 0.001
    assert "do not trust" in facts["result"]


def test_a_report_reads_the_log_it_is_given(log, write):
    one = kept()
    for number, arm in enumerate(("bounds:1", "bounds:9", "bounds:9")):
        made = decision(time=200.0 + number, arms=arm, session=f"s{number}", sample_rate=1.0)
        write([finished()._replace(decision=made)])
        with log.begin() as connection:
            row = JudgementRow(made.id, made.time + 1, "checks", "loss", 0.0, 1.0, 1.0)
            insert_judgement(connection, row)
    small = report(log, one, "simple")
    assert [arm["losses"] for arm in small["arms"]] == [1.0, 2.0]
    large = report(log, one, "complex")  # were these of the large model, they would be no losses
    assert [arm["losses"] for arm in large["arms"]] == [0.0, 0.0]
    assert (
        finding_of(one, outcomes(log, one, "simple")).ratio_p_value
        == (small["sample_ratio"]["p_value"])
    )
