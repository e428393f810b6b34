"""Running experiments come into the routing of this process, and leave it again."""

import asyncio

import pytest
from tests.fakes.logs import log_in

from gearshift.config.loading import Settings
from gearshift.decision_log.database import open_database
from gearshift.decision_log.experiments import Metric, start, stop
from gearshift.gateway import experiment_sync as experimenting
from gearshift.gateway.experiment_sync import ExperimentSync
from gearshift.interface import LLMInterface
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment

ARMS = (Arm("low", threshold=2.0), Arm("high", threshold=5.0))


@pytest.fixture
def engine(tmp_path):
    made = open_database(log_in(tmp_path))
    yield made
    made.dispose()


@pytest.fixture
async def looking(engine):
    made = ExperimentSync(str(engine.url))
    yield made
    await made.aclose()


def running(engine, name="try", arms=ARMS, dimension=Dimension.THRESHOLD):
    experiment = Experiment(name, dimension, arms, 1.0, 10.0)
    start(engine, experiment, Metric.LOSSES, 0.05)
    return experiment


def names(llm):
    routers = llm.planner.experiment_routers
    return [one.name for one in routers.experiments] if routers else []


async def test_what_runs_is_put_into_routing_and_taken_out_when_it_ends(engine, looking, caplog):
    caplog.set_level("INFO")
    llm = LLMInterface()
    looking.switch_to(llm)
    await looking._look()
    assert llm.planner.experiment_routers is None
    running(engine)
    await looking._look()
    assert names(llm) == ["try"]
    known = llm.planner.experiment_routers
    await looking._look()
    assert llm.planner.experiment_routers is known  # nothing is made anew while nothing changes
    stop(engine, "try", "enough")
    await looking._look()
    assert llm.planner.experiment_routers is None
    told = [one.message for one in caplog.records if one.message.startswith("experiments:")]
    assert told == ["experiments: try", "experiments: none"]


async def test_a_change_of_settings_keeps_what_runs(engine, looking):
    first, second = LLMInterface(), LLMInterface()
    running(engine)
    looking.switch_to(first)
    await looking._look()
    looking.switch_to(second)
    assert names(second) == ["try"]
    assert second.planner.experiment_routers is not first.planner.experiment_routers


async def test_experiments_that_do_not_fit_new_settings_are_said_and_routing_goes_on(
    engine, looking, caplog, tmp_path
):
    first = LLMInterface()
    arms = (Arm("rule", scorer="rule"), Arm("own", scorer="learned"))
    running(engine, arms=arms, dimension=Dimension.SCORER)
    looking.switch_to(first)
    await looking._look()
    assert names(first) == ["try"]
    assert first.planner.experiment_routers is not None
    (broken,) = first.planner.experiment_routers.experiments
    missing = Arm("own", scorer=str(tmp_path / "gone.npz"))
    object.__setattr__(broken, "arms", (broken.arms[0], missing))
    second = LLMInterface(Settings())
    looking.switch_to(second)
    assert second.planner.experiment_routers is None
    assert "experiments do not fit the new configuration" in caplog.text


async def test_a_database_in_trouble_is_said_once_and_asked_again(engine, caplog, monkeypatch):
    monkeypatch.setattr(experimenting, "_EVERY_SECONDS", 0.0)
    looked = asyncio.Event()
    tries = []
    looking = ExperimentSync("sqlite:////proc/nowhere/x.db")
    looking.switch_to(LLMInterface())
    real = looking._look

    async def look():
        tries.append(1)
        if len(tries) == 3:
            looked.set()
        await real()

    monkeypatch.setattr(looking, "_look", look)
    looking.start()
    await asyncio.wait_for(looked.wait(), 60)
    await looking.aclose()
    said = [one for one in caplog.records if "experiments cannot be read" in one.message]
    assert len(said) == 1


async def test_one_that_was_never_started_can_be_closed():
    await ExperimentSync("sqlite://").aclose()
