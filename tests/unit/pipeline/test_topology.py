"""Which deployments stand behind tiers and names."""

import pytest

from gearshift.pipeline.topology import canonical, is_listed, resolve
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.embedded_settings import EmbeddedOptions, embedded_upstream
from gearshift.tiered_routing.candidates import Candidate
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


# --- names


@pytest.mark.parametrize("listed", ["phi3", "phi3:latest"])
def test_a_model_is_found_by_its_name_with_latest_and_without(listed):
    topology = resolve(TierConfig(), [OLLAMA], {"ollama": up(ModelInfo(listed))}, {})
    for name in ("phi3", "phi3:latest"):
        assert deployments(topology.of_model(name)) == [f"ollama/{listed}"]
    assert topology.of_model("phi3:mini") == ()


def test_names_that_differ_only_in_case_are_those_that_they_are():
    both = up(ModelInfo("org/Phi3:mini"), ModelInfo("org/phi3:mini"))
    topology = resolve(TierConfig(), [OLLAMA], {"ollama": both}, {})
    for name in ("org/Phi3:mini", "org/phi3:mini"):
        assert deployments(topology.of_model(name)) == [f"ollama/{name}"]
    assert deployments(topology.of_model("ORG/PHI3:MINI")) == ["ollama/org/Phi3:mini"]


def test_a_tiers_model_may_be_written_in_capitals():
    config = TierConfig.from_mapping({"models": {"simple": "Gemma2:2B"}})
    state = up(ModelInfo("gemma2:2b", context_length=7))
    (target,) = resolve(config, [OLLAMA, VLLM], {"ollama": state}, {}).tiers["simple"]
    assert str(target.deployment) == "ollama/Gemma2:2B"
    assert target.context_length == 7


@pytest.mark.parametrize(
    ("name", "written_out"),
    [
        ("phi3", "phi3:latest"),
        ("phi3:mini", "phi3:mini"),
        ("org/phi3", "org/phi3:latest"),
        ("host:80/phi3", "host:80/phi3:latest"),
        ("host:80/org/phi3:mini", "host:80/org/phi3:mini"),
        ("proxy/host:80/phi3", "proxy/host:80/phi3:latest"),
        ("Phi3:Mini", "phi3:mini"),
        (" phi3:mini ", "phi3:mini"),
        ("library/phi3", "phi3:latest"),
        ("registry.ollama.ai/library/phi3:mini", "phi3:mini"),
        ("registry.ollama.ai/org/phi3:mini", "org/phi3:mini"),
    ],
)
def test_a_name_without_a_tag_means_latest(name, written_out):
    assert canonical(name) == written_out
    assert canonical(written_out) == written_out
    for model, listed in ((name, written_out), (written_out, name), (name, name)):
        assert is_listed(model, ModelInfo(listed))
    assert not is_listed(name, ModelInfo(f"{written_out}x"))


@pytest.mark.parametrize(
    ("model", "name", "aliases", "is_one"),
    [
        ("other", "m", ("other",), True),
        ("other:latest", "m", ("other",), True),
        ("oth", "m", ("other",), False),
        ("gpt-4o", "m", ("x", "gpt-*"), True),
        ("gpt", "m", ("gpt-*",), False),
        ("any/m", "any/*", (), True),
        ("an", "a?", (), False),  # only an asterisk stands for others
    ],
)
def test_other_names_of_a_model_count_and_an_asterisk_stands_for_any_letters(
    model, name, aliases, is_one
):
    assert is_listed(model, ModelInfo(name, aliases=aliases)) is is_one


def one_tier(*entries):
    """A tier of that many entries, before another that is of no interest."""
    tiers = [
        {"name": "only", "below": 5, "deployments": [*entries]},
        {"name": "rest", "deployments": ["ollama/rest"]},
    ]
    return TierConfig.from_mapping({"tiers": tiers})


# --- who is asked for what


PATHS = embedded_upstream("paths", EmbeddedOptions(model_paths={"p": "p.gguf"}))


@pytest.mark.parametrize(
    ("entry", "owners"),
    [
        ("p", ["paths/p"]),
        ("p:latest", ["paths/p:latest"]),
        ("mistral:7b-instruct", ["vllm/mistral:7b-instruct"]),
        ("other", ["ollama/other"]),  # the only one that has not said what it has
        ("ollama/", ["ollama/ollama/"]),  # no model is named
        ("ollama/p", ["ollama/p"]),
        ("ollama/org/p", ["ollama/org/p"]),
        ("paths/other", ["paths/other"]),
    ],
)
def test_who_is_asked_for_an_entry(entry, owners):
    topology = resolve(one_tier(entry), [OLLAMA, VLLM, PATHS], {}, {})
    assert deployments(topology.tiers["only"]) == owners


def test_who_may_have_a_model_is_asked_before_those_that_have_said_that_they_have_others():
    silent = UpstreamState(is_reachable=True, lists_models=False)
    others = [UpstreamConfig("a", "openai", "http://a"), UpstreamConfig("b", "openai", "http://b")]
    topology = resolve(TierConfig(), others, {"a": up(ModelInfo("x")), "b": silent}, {})
    assert deployments(topology.tiers["simple"]) == ["b/gemma2:2b", "a/gemma2:2b"]


def test_where_all_have_said_what_they_have_and_nobody_has_it_all_are_asked():
    topology = resolve(one_tier("other"), [VLLM, PATHS], {}, {})
    assert deployments(topology.tiers["only"]) == ["vllm/other", "paths/other"]


def test_what_is_declared_counts_more_than_what_is_listed():
    states = {"vllm": up(ModelInfo("listed"))}
    topology = resolve(one_tier("listed"), [OLLAMA, VLLM], states, {})
    assert deployments(topology.tiers["only"]) == ["ollama/listed"]
    assert deployments(topology.of_model("mistral:7b-instruct")) == ["vllm/mistral:7b-instruct"]


def test_a_target_has_all_that_its_upstream_tells_of_the_model():
    can = frozenset({Capability.TOOLS, Capability.VISION})
    known = ModelInfo("m:latest", context_length=4096, capabilities=can)
    states = {"ollama": up(ModelInfo("x", context_length=1), known)}
    deployment = Deployment("ollama", "m")
    lacking = {deployment: frozenset({Capability.TOOLS})}
    for found, capabilities in (({}, can), (lacking, frozenset({Capability.VISION}))):
        topology = resolve(one_tier("m"), [OLLAMA], states, found)
        (target,) = topology.tiers["only"]
        assert target == Candidate(deployment, "ollama", "only", capabilities, 4096)
    (unknown,) = resolve(one_tier("m"), [OLLAMA], {}, {}).tiers["only"]
    assert unknown == Candidate(deployment, "ollama", "only", None, None)
    (lacks,) = resolve(one_tier("m"), [OLLAMA], {}, lacking).tiers["only"]
    assert lacks.capabilities == frozenset(Capability) - {Capability.TOOLS}


def test_a_model_is_found_once_with_its_tier_however_often_it_is_named():
    states = {"ollama": up(ModelInfo("m"), ModelInfo("free"))}
    other = UpstreamConfig("other", "ollama", "http://o2")
    states["other"] = up(ModelInfo("m"))
    topology = resolve(one_tier("ollama/m"), [OLLAMA, other], states, {})
    assert [(str(t.deployment), t.tier) for t in topology.of_model("m")] == [
        ("ollama/m", "only"),
        ("other/m", ""),
    ]
    assert topology.of_model("free")[0].tier == ""
    assert set(topology.models) == {"m", "free", "rest"}


def test_who_shares_an_upstream():
    config = TierConfig.from_mapping(
        {
            "tiers": [
                {"name": "a", "below": 5, "deployments": ["vllm/m"]},
                {"name": "b", "deployments": ["vllm/n", "ollama/big"]},
            ]
        }
    )
    states = {"ollama": up(ModelInfo("free"))}
    topology = resolve(config, [OLLAMA, UpstreamConfig("vllm", "openai", "http://v")], states, {})
    assert topology.tiers_at("vllm") == {"a", "b"}
    assert topology.tiers_at("ollama") == {"b", ""}
    assert topology.tiers_at("nobody") == frozenset()


def test_tiers_are_in_the_order_of_their_limits():
    topology = resolve(TierConfig(), [OLLAMA], {}, {})
    assert list(topology.tiers) == ["simple", "complex"]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (None, []),
        ("nomic-embed-text", ["ollama/nomic-embed-text"]),
        ("vllm/e5", ["vllm/e5"]),
        ("mistral:7b-instruct", ["vllm/mistral:7b-instruct"]),
    ],
)
def test_the_model_for_embeddings_is_found_as_those_of_tiers_are(model, found):
    topology = resolve(TierConfig(), [OLLAMA, VLLM], {}, {}, model)
    assert deployments(topology.embeddings) == found
    assert {target.tier for target in topology.embeddings} <= {"embeddings"}
