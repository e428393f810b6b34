"""What the arms of an experiment have had, as far as it will stay so."""

import itertools
import time

import numpy as np
import pytest
from simulations.late import CASES, at, log, simulated
from tests.fakes.finished import decision, finished

from gearshift.decision_log.arm_outcomes import Outcome, arm_in, outcomes
from gearshift.decision_log.database import open_database
from gearshift.decision_log.experiments import ExperimentState, Kept, Metric
from gearshift.decision_log.schema import JUDGEMENTS
from gearshift.quality.experiment_report import report
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

ARMS = (Arm("low", threshold=2.0), Arm("high", threshold=5.0))
NOW = time.time()
LONG_AGO = NOW - 8_000.0


def kept(metric=Metric.LOSSES):
    experiment = Experiment("bounds", Dimension.THRESHOLD, ARMS, 1.0, NOW - 10_000)
    return Kept(experiment, metric, 0.05, ExperimentState.RUNNING)


def request(tier="simple", arm="low", session=None, *, when=LONG_AGO, seconds=0.5, **changes):
    made = decision(tier, time=when, session=session, arms=f"bounds:{arm}", sample_rate=1.0)
    return finished(seconds=seconds)._replace(decision=made._replace(**changes))


@pytest.fixture
def engine(url, writers):
    writers(url).stop()
    engine = open_database(url)
    yield engine
    engine.dispose()


def fill(engine, writers, url, *rows):
    """Rows, each a request and its verdicts: judge, what it said, how long after the request."""
    writer = writers(url)
    writer.add([event for event, *_ in rows])
    writer.stop()
    said = [
        {
            "decision_id": event.decision.id,
            "time": event.decision.time + after,
            "judge": judge,
            "verdict": verdict,
            "propensity": 1.0,
        }
        for event, *verdicts in rows
        for judge, verdict, after in verdicts
    ]
    if said:
        with engine.begin() as connection:
            connection.execute(JUDGEMENTS.insert(), said)


def test_losses_of_small_answers_and_what_large_ones_cannot_be(engine, writers, url):
    fill(
        engine,
        writers,
        url,
        (request(), ("checks", "loss", 5.0)),
        (request(), ("checks", "loss", 5.0), ("model", "tie", 9.0)),
        (request(), ("checks", "malformed", 5.0)),
        (request(), ("user", "bad", 5.0)),
        (request("complex"),),
        (request(sample_rate=None),),
        (request(fallback="simple->complex"),),
    )
    had = outcomes(engine, kept(), "simple", NOW)["low"]
    assert sorted(had.settled, key=str) == [
        Outcome(False, None),
        Outcome(True, 0.5),
        Outcome(True, 1.0),
        Outcome(True, None),
        Outcome(True, None),
    ]
    assert (had.units, had.requests, had.settled_units) == (7, 7, 7)


def test_what_is_young_or_late_is_not_settled(engine, writers, url):
    fill(
        engine,
        writers,
        url,
        (request(when=NOW - 60), ("checks", "loss", 5.0)),
        (request(when=NOW - 3_000), ("checks", "loss", 5.0)),
        (request(), ("checks", "loss", 3_700.0)),
        (request(seconds=4_000.0), ("checks", "loss", 4_010.0)),
    )
    had = outcomes(engine, kept(), "simple", NOW)["low"]
    assert had.settled == (Outcome(True, None),)
    assert len(had.so_far) == 3
    facts = report(engine, kept(), "simple")
    assert facts["result"].startswith("too early: 0 outcomes")
    assert "60 minutes" in facts["result"]


def test_the_first_drawn_request_speaks_for_its_session_judged_or_not(engine, writers, url):
    fill(
        engine,
        writers,
        url,
        (request(session="one", sample_rate=None),),
        (request(session="one", when=LONG_AGO + 1),),
        (request(session="one", when=LONG_AGO + 2), ("checks", "loss", 5.0)),
    )
    had = outcomes(engine, kept(), "simple", NOW)["low"]
    assert had.settled == (Outcome(True, None),)
    assert (had.units, had.requests) == (1, 3)


def test_failures_and_feedback(engine, writers, url):
    fill(
        engine,
        writers,
        url,
        (request()._replace(status=502), ("user", "good", 5.0)),
        (request(fallback="simple->complex"),),
        (request("complex"), ("user", "bad", 5.0)),
    )
    failed = outcomes(engine, kept(Metric.FAILURES), "simple", NOW)["low"].settled
    assert sorted(one.bad or 0.0 for one in failed) == [0.0, 1.0, 1.0]
    rated = outcomes(engine, kept(Metric.FEEDBACK), "simple", NOW)["low"].settled
    assert sorted(one.bad or 0.0 for one in rated) == [0.0, 1.0]


def test_an_arm_is_found_by_its_experiment():
    assert arm_in("a:x,b:y", "b") == "y"
    assert arm_in("a:x", "b") == ""


def test_what_a_look_has_seen_stays_as_it_was():
    for arms in CASES.values():
        rows = log(arms, np.random.default_rng(5), 600)
        looks = [at(rows, now) for now in np.linspace(600.0, 12_000.0, 8)]
        for earlier, later in itertools.pairwise(looks):
            for arm, had in earlier.items():
                assert later[arm].settled[: len(had.settled)] == had.settled
        assert len(looks[-1]["first"].settled) > 100


@pytest.mark.parametrize("case", CASES)
def test_late_and_missing_verdicts_neither_alarm_nor_mislead(case):
    found = simulated(case, 12, 500)
    assert found.is_kept
    assert abs(found.bias) < 0.05
