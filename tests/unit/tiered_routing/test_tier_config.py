import pytest
from pydantic import ValidationError

from gearshift.errors import ConfigError
from gearshift.tiered_routing.tier_config import TierConfig


def problems(block):
    with pytest.raises(ConfigError) as caught:
        TierConfig.from_mapping(block)
    return [str(problem) for problem in caught.value.problems]


def from_text(tmp_path, text, **environ):
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return TierConfig.from_yaml(file, environ=environ)


def two(**changes):
    low = {"name": "simple", "below": 3, "deployments": ["small"]}
    return [{**low, **changes}, {"name": "complex", "deployments": ["large", "other"]}]


def test_defaults_are_the_designs():
    config = TierConfig()
    assert config.complexity_threshold == 3
    assert [tier.deployments for tier in config.ordered_tiers] == [
        ("gemma2:2b",),
        ("mistral:7b-instruct",),
    ]


@pytest.mark.parametrize(
    ("score", "tier"), [(0, "simple"), (2.9999, "simple"), (3, "complex"), (10, "complex")]
)
def test_a_score_belongs_to_one_tier(score, tier):
    assert TierConfig().tier_of(score).name == tier


def test_thresholds_at_the_ends_are_allowed():
    assert TierConfig(complexity_threshold=0).tier_of(0).name == "complex"
    assert TierConfig(complexity_threshold=10).tier_of(9.99).name == "simple"


def test_three_tiers_ascend():
    tiers = [*two()[:1], {"name": "mid", "below": 7, "deployments": ["m"]}, *two()[1:]]
    config = TierConfig.from_mapping({"tiers": tiers})
    assert [config.tier_of(score).name for score in (1, 3, 7)] == ["simple", "mid", "complex"]


@pytest.mark.parametrize("threshold", [-0.1, 10.5, "11", float("nan"), float("inf"), True, "x", []])
def test_thresholds_outside_the_scale_are_refused(threshold):
    (line,) = problems({"complexity_threshold": threshold})
    assert line.startswith("tiered_routing.complexity_threshold: ")


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ({"complexity_treshold": 3}, "did you mean 'complexity_threshold'?"),
        ({"models": {"complx": "x"}}, "tiered_routing.models.complx: unknown key"),
        ({"logging": {"log_score": True}}, "did you mean 'log_scores'?"),
        ({"models": {"simple": ""}}, "tiered_routing.models.simple: must not be empty"),
        ({"models": {"simple": "a\nb"}}, "tiered_routing.models.simple: "),
        ({"models": {"simple": 7}}, "put it in quotes"),
        ({"models": "gemma2:2b"}, "a mapping of settings is expected"),
        ({"enabled": "maybe"}, "true or false is expected, got 'maybe'"),
        ({"tiers": two()[:1]}, "tiered_routing.tiers: at least two tiers are needed"),
        (
            {"tiers": two(name="complex")},
            "tiered_routing.tiers.1.name: duplicate tier name 'complex'",
        ),
        ({"tiers": two(name="auto")}, "tiered_routing.tiers.0.name: 'auto' means"),
        ({"tiers": two(name="embeddings")}, "tiered_routing.tiers.0.name: 'embeddings' stands"),
        ({"tiers": two(name="Big One")}, "tiered_routing.tiers.0.name: does not match"),
        ({"tiers": two(below=None)}, "tiered_routing.tiers.0.below: is required"),
        (
            {"tiers": two(deployments=[])},
            "tiered_routing.tiers.0.deployments: must have at least 1",
        ),
        ({"tiers": two(deployments="small")}, "a list is expected, got 'small'"),
        ({"tiers": two(bellow=3)}, "tiered_routing.tiers.0.bellow: unknown key (did you mean"),
        ({"tiers": [*two(), *two(name="x")[:1]]}, "tiered_routing.tiers.1.below: is required"),
        ({"scorer": "rules"}, "did you mean 'rule'?"),
        ({"scorer": "model.json"}, "a trained model's file (.npz)"),
    ],
)
def test_mistakes_are_named(block, line):
    assert any(line in found for found in problems(block)), problems(block)


def test_bounds_must_ascend_and_end_open():
    tiers = [*two(), {"name": "top", "deployments": ["t"]}]
    tiers[1] = {**tiers[1], "below": 3}
    assert problems({"tiers": tiers}) == ["tiered_routing.tiers.1.below: must be above 3, got 3"]
    closed = two()
    closed[1] = {**closed[1], "below": 9}
    assert "no meaning in the last tier" in problems({"tiers": closed})[0]


def test_every_mistake_is_reported():
    assert len(problems({"enabled": "x", "complexity_threshold": 11, "foo": 1})) == 3


def test_configurations_cannot_be_changed():
    with pytest.raises(ValidationError):
        TierConfig().enabled = False


def test_empty_blocks_are_defaults():
    assert TierConfig.from_mapping({"models": None, "tiers": None}) == TierConfig()


def test_other_blocks_of_the_file_are_ignored(tmp_path):
    text = "other: ${UNSET}\ntiered_routing: {complexity_threshold: 4}\n"
    assert from_text(tmp_path, text).complexity_threshold == 4


def test_a_file_without_the_block_holds_the_defaults(tmp_path):
    assert from_text(tmp_path, "upstreams: []\n") == TierConfig()


def test_variables_are_expanded_and_typed(tmp_path):
    text = "tiered_routing: {complexity_threshold: '${T:-5}', enabled: '${E}'}"
    config = from_text(tmp_path, text, E="off")
    assert (config.complexity_threshold, config.enabled) == (5, False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "is empty"),
        ("tiered_ruoting: {}", "tiered_ruoting: unknown key (did you mean 'tiered_routing'?)"),
        ("tiered_routing: 3", "tiered_routing: a mapping of settings is expected"),
        ("tiered_routing: {scorer: '${NOPE}'}", "environment variable NOPE is not set"),
        ("[1]", "a mapping of settings is expected"),
        ("a: [", "is not valid YAML: line 1"),
    ],
)
def test_files_that_cannot_be_used_say_why(tmp_path, text, line):
    with pytest.raises(ConfigError) as caught:
        from_text(tmp_path, text)
    assert line in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        TierConfig.from_yaml(tmp_path / "none.yaml")
