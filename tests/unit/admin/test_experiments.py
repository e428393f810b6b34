"""Experiments as the dashboard shows them."""

from gearshift.admin import experiments
from gearshift.decision_log.database import open_database
from gearshift.decision_log.experiments import Metric, start, stop
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

ARMS = (Arm("low", threshold=2.0), Arm("high", threshold=5.0))


async def test_none_is_an_empty_list(desks):
    assert await experiments.facts(desks(), {}) == {"experiments": []}


async def test_each_is_told_with_its_report_the_newest_first(desks):
    context = desks()
    engine = open_database(context.llm.settings.decision_log.url)
    for name, started in (("first", 10.0), ("second", 20.0)):
        experiment = Experiment(name, Dimension.THRESHOLD, ARMS, 0.5, started)
        start(engine, experiment, Metric.LOSSES, 0.05)
        if name == "first":
            stop(engine, name, "enough")
    engine.dispose()
    second, first = (await experiments.facts(context, {}))["experiments"]
    assert (second["name"], second["state"], second["share"]) == ("second", "running", 0.5)
    assert (first["name"], first["stop_reason"]) == ("first", "enough")
    assert [arm["name"] for arm in first["arms"]] == ["low", "high"]
