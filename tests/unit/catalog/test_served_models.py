"""The names that clients may put into `model`."""

import pytest

from gearshift.catalog.served_models import ServedModel, of_name, served_models
from gearshift.pipeline.topology import Topology
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Deployment, ModelInfo, UpstreamState


def candidate(model, tier):
    return Candidate(Deployment("here", model), "openai", tier)


SMALL, LARGE, OWN = candidate("s:1", "low"), candidate("l", "high"), candidate("own", "")
TOPOLOGY = Topology(
    {"low": (SMALL,), "high": (LARGE,)}, {"s:1": (SMALL,), "l": (LARGE,), "own": (OWN,)}
)
INFO = ModelInfo("s:1", parameters=3)
STATES = {"here": UpstreamState(True, models=(INFO,))}


def test_auto_the_tiers_and_every_model_with_what_is_known_of_it():
    assert served_models(TOPOLOGY, STATES, None) == [
        ServedModel("auto", "auto"),
        ServedModel("low", "tier"),
        ServedModel("high", "tier"),
        ServedModel("s:1", "model", "here", INFO),
        ServedModel("l", "model", "here"),
        ServedModel("own", "model", "here"),
    ]


def test_a_client_sees_what_it_may_use():
    served = served_models(TOPOLOGY, STATES, frozenset({"low", "of no such name"}))
    assert [model.name for model in served] == ["auto", "low", "s:1"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("auto", "auto"),
        ("auto:latest", "auto"),
        ("own:latest", "own"),
        ("s:1", "s:1"),
        ("s", None),
        ("S:1", "s:1"),
    ],
)
def test_a_name_is_one_of_them_with_its_latest_or_without_in_any_case(name, meant):
    model = of_name(name, served_models(TOPOLOGY, STATES, None))
    assert (model.name if model else None) == meant
