"""Which deployments stand behind tiers and names."""

from gearshift.pipeline.topology import resolve
from gearshift.providers.base import UpstreamConfig
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import Capability, Deployment, ModelInfo, UpstreamState

OLLAMA = UpstreamConfig("ollama", "ollama", "http://o")
VLLM = UpstreamConfig("vllm", "openai", "http://v/v1", models=("mistral:7b-instruct",))


def up(*models: ModelInfo) -> UpstreamState:
    return UpstreamState(is_reachable=True, models=models)


def deployments(chain):
    return [str(target.deployment) for target in chain]


def test_before_any_probe_the_only_upstream_is_asked_for_everything():
    topology = resolve(TierConfig(), [OLLAMA], {}, {})
    assert deployments(topology.tiers["simple"]) == ["ollama/gemma2:2b"]
    assert deployments(topology.tiers["complex"]) == ["ollama/mistral:7b-instruct"]


def test_a_declared_model_wins_over_an_upstream_that_might_have_it():
    topology = resolve(TierConfig(), [OLLAMA, VLLM], {}, {})
    assert deployments(topology.tiers["complex"]) == ["vllm/mistral:7b-instruct"]
    assert deployments(topology.tiers["simple"]) == ["ollama/gemma2:2b"]


def test_every_upstream_that_lists_the_model_is_in_the_chain():
    states = {"ollama": up(ModelInfo("gemma2:2b"), ModelInfo("mistral:7b-instruct"))}
    topology = resolve(TierConfig(), [OLLAMA, VLLM], states, {})
    assert deployments(topology.tiers["complex"]) == [
        "ollama/mistral:7b-instruct",
        "vllm/mistral:7b-instruct",
    ]


def test_an_entry_may_name_its_upstream():
    config = TierConfig.from_mapping(
        {
            "tiers": [
                {"name": "a", "below": 5, "deployments": ["vllm/m", "org/model"]},
                {"name": "b", "deployments": ["ollama/big"]},
            ]
        }
    )
    topology = resolve(config, [OLLAMA, VLLM], {}, {})
    assert deployments(topology.tiers["a"]) == ["vllm/m", "ollama/org/model"]
    assert deployments(topology.tiers["b"]) == ["ollama/big"]


def test_models_outside_the_tiers_can_be_named_and_bare_names_mean_latest():
    topology = resolve(TierConfig(), [OLLAMA], {"ollama": up(ModelInfo("phi3:latest"))}, {})
    assert deployments(topology.of_model("phi3")) == ["ollama/phi3:latest"]
    assert topology.of_model("phi3")[0].tier == ""
    assert topology.of_model("gemma2:2b")[0].tier == "simple"
    assert topology.of_model("nobody") == ()


def test_what_a_deployment_was_found_unable_to_do_is_subtracted():
    deployment = Deployment("ollama", "gemma2:2b")
    topology = resolve(TierConfig(), [OLLAMA], {}, {deployment: frozenset({Capability.TOOLS})})
    simple = topology.tiers["simple"][0]
    assert not simple.can_answer(frozenset({Capability.TOOLS}), 0)
    assert simple.can_answer(frozenset({Capability.VISION}), 0)
