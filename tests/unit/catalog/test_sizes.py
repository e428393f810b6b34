"""Sizes: what an upstream tells of its models counts before what their names say."""

from types import SimpleNamespace

from gearshift.catalog.sizes import Sizes
from gearshift.config.loading import Settings
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Deployment, ModelInfo, UpstreamState


def interface(*models, tiers=None):
    states = {"local": UpstreamState(is_reachable=True, models=models)}
    topology = SimpleNamespace(tiers=tiers or {})
    return SimpleNamespace(
        settings=Settings(),
        upstream_states=lambda: states,
        health=SimpleNamespace(topology=topology),
        states=states,
    )


def test_nothing_is_known_before_there_is_an_interface():
    assert Sizes().parameters("local", "mystery") is None
    assert Sizes().parameters("local", "llama3:8b") == 8e9
    assert Sizes().largest() == ("", "")


def test_the_upstream_is_believed_before_the_name():
    sizes = Sizes()
    sizes.switch_to(interface(ModelInfo("gemma2:2b", parameters=123), ModelInfo("own:latest", 7)))
    assert sizes.parameters("local", "gemma2:2b") == 123.0
    assert sizes.parameters("local", "own") == 7.0
    assert sizes.parameters("local", "qwen2.5:14b") == 14e9
    assert sizes.parameters("elsewhere", "gemma2:2b") == 2.614e9


def test_a_new_probe_is_heard():
    sizes, llm = Sizes(), interface(ModelInfo("mystery"))
    sizes.switch_to(llm)
    assert sizes.parameters("local", "mystery") is None
    llm.states["local"] = UpstreamState(is_reachable=True, models=(ModelInfo("mystery", 5),))
    llm.health.topology = SimpleNamespace(tiers={})  # as a probe that finds something new does
    assert sizes.parameters("local", "mystery") == 5.0


def test_the_largest_is_the_first_deployment_of_the_last_tier():
    target = Candidate(Deployment("cloud", "big"), "openai", "complex", None, None)
    sizes = Sizes()
    sizes.switch_to(interface(tiers={"complex": (target,)}))
    assert sizes.largest() == ("cloud", "big")
    sizes.switch_to(interface())
    assert sizes.largest() == ("", "mistral:7b-instruct")


def test_the_saving_of_the_smallest_against_the_largest():
    sizes = Sizes()
    assert sizes.saving() is None
    sizes.switch_to(interface())
    assert sizes.saving() == 1 - 2.614 / 7.248
