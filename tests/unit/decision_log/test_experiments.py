"""Experiments begin and end in the log, where every gateway sees them."""

import pytest

from gearshift.decision_log.database import open_database
from gearshift.decision_log.experiments import (
    ExperimentState,
    Metric,
    experiments,
    start,
    stop,
)
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

ARMS = (Arm("low", threshold=2.0), Arm("high", threshold=5.0))
EXPERIMENT = Experiment("bounds", Dimension.THRESHOLD, ARMS, 1.0, 1_700_000_000.0)


@pytest.fixture
def engine(url):
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_one_of_a_kind_runs_and_no_name_comes_again(engine):
    start(engine, EXPERIMENT, Metric.LOSSES, 0.05)
    with pytest.raises(GearshiftError, match="compares thresholds already"):
        start(engine, Experiment("more", Dimension.THRESHOLD, ARMS), Metric.LOSSES, 0.05)
    assert experiments(engine, ExperimentState.RUNNING)[0].experiment == EXPERIMENT
    assert stop(engine, "bounds", "by hand")
    assert not stop(engine, "bounds", "by hand")
    with pytest.raises(GearshiftError, match="choose another name"):
        start(engine, EXPERIMENT, Metric.LOSSES, 0.05)
