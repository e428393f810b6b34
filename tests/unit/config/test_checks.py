"""Tiers are checked against what upstreams list, keys against tiers, wishes against today."""

import pytest

from gearshift.config.checks import (
    deployment_problems,
    embeddings_problems,
    key_problems,
    require_extras,
    unavailable,
    weak_keys,
)
from gearshift.config.loading import Settings
from gearshift.errors import MissingExtraError


def settings(*upstreams, **blocks):
    return Settings.model_validate({"upstreams": list(upstreams), **blocks})


def listing(*models, name="o"):
    url = "http://127.0.0.1:1/v1"
    return {"name": name, "provider": "openai", "base_url": url, "models": list(models)}


def found(*upstreams, **models):
    made = settings(*upstreams, tiered_routing={"models": models})
    return deployment_problems(made.tiered_routing, made.upstream_configs())


@pytest.mark.parametrize(
    ("upstreams", "models"),
    [
        ([], {}),
        ([listing("a", "b")], {"simple": "a", "complex": "b"}),
        ([listing("a:latest", "b")], {"simple": "a", "complex": "b:latest"}),
        ([listing("a"), listing("b", name="p")], {"simple": "a", "complex": "p/b"}),
        ([listing("org/a", "b")], {"simple": "org/a", "complex": "b"}),
        ([listing("a"), listing(name="p")], {"simple": "a", "complex": "who knows"}),
        ([listing("a"), {"name": "q", "provider": "ollama"}], {"simple": "a", "complex": "zzz"}),
    ],
)
def test_what_some_upstream_lists_or_may_have_is_fine(upstreams, models):
    assert found(*upstreams, **models) == []


@pytest.mark.parametrize(
    ("models", "message", "advice"),
    [
        ({"simple": "mistrol", "complex": "mistral"}, "no upstream lists", "'mistral'"),
        ({"simple": "zebra", "complex": "mistral"}, "no upstream lists", "they list: mistral"),
        ({"simple": "o/mistrol", "complex": "mistral"}, "'o' does not list", "'mistral'"),
        ({"simple": "o/zebra", "complex": "mistral"}, "'o' does not list", "it lists: mistral"),
    ],
)
def test_what_nobody_lists_is_named_with_the_nearest(models, message, advice):
    (problem,) = found(listing("mistral"), **models)
    assert problem.key == "tiered_routing.models.simple"
    assert message in problem.message
    assert advice in problem.suggestion


def test_a_tier_of_a_list_is_named_by_its_place():
    tiers = [
        {"name": "a", "below": 2, "deployments": ["m", "zebra"]},
        {"name": "b", "deployments": ["m"]},
    ]
    made = settings(listing("m"), tiered_routing={"tiers": tiers})
    (problem,) = deployment_problems(made.tiered_routing, made.upstream_configs())
    assert problem.key == "tiered_routing.tiers.0.deployments.1"


@pytest.mark.parametrize(
    ("blocks", "keys"),
    [
        ({}, []),
        ({"cache": {"enabled": True}}, []),
        ({"cache": {"redis_url": "redis://x"}}, ["cache.redis_url"]),
        ({"cache": {"redis_url": "redis://x", "enabled": True}}, []),
        ({"shared_state": {"redis_url": "redis://x"}}, []),
        ({"tiered_routing": {"escalate": True}}, ["tiered_routing.escalate"]),
    ],
)
def test_wishes_without_effect_are_said(blocks, keys):
    assert [problem.key for problem in unavailable(settings(**blocks))] == keys


@pytest.mark.parametrize(
    ("blocks", "keys"),
    [
        ({"admin": {"token": ""}}, []),
        ({"admin": {"token": "x" * 15}}, ["admin.token"]),
        ({"admin": {"token": "x" * 16}}, []),
        ({"auth": {"api_keys": ["x" * 16, "x" * 15]}}, ["auth.api_keys.1"]),
    ],
)
def test_short_keys_are_said_without_telling_them(blocks, keys):
    problems = weak_keys(settings(**blocks))
    assert [problem.key for problem in problems] == keys
    assert not any("xxx" in str(problem) for problem in problems)


def test_a_key_for_a_tier_that_there_is_not_is_said():
    one = {"key": "x" * 20, "tiers": ["simple"]}
    keys = [one, {"key": "y" * 20, "tiers": ["simple", "compex"]}]
    (problem,) = key_problems(settings(auth={"api_keys": keys}))
    assert problem.key == "auth.api_keys.1.tiers.1"
    assert "'complex'" in problem.suggestion


@pytest.mark.parametrize(
    ("blocks", "package", "extra"),
    [
        ({"decision_log": {"url": "postgresql://x/y"}}, "psycopg", "postgres"),
        ({"quality": {"shadow_share": 0.1}}, "jsonschema", "quality"),
        ({"quality": {"auto_tune": {"enabled": True}}}, "scipy", "quality"),
    ],
)
def test_what_the_background_needs_is_asked_for_before_the_start(
    monkeypatch, blocks, package, extra
):
    asked = []

    def require(extra, purpose, *packages):
        asked.append((extra, packages))
        raise MissingExtraError(extra, purpose, "it is not there")

    monkeypatch.setattr("gearshift.config.checks.require", require)
    with pytest.raises(MissingExtraError):
        require_extras(settings(**blocks))
    assert asked[0][0] == extra
    assert package in asked[0][1]


@pytest.mark.parametrize(
    "blocks",
    [
        {},
        {"decision_log": {"enabled": False, "url": "postgresql://x/y"}},
        {"quality": {"shadow_share": 0.1, "judge": "model"}},
    ],
)
def test_and_nothing_else_is(monkeypatch, blocks):
    monkeypatch.setattr("gearshift.config.checks.require", lambda *_: pytest.fail("asked"))
    require_extras(settings(**blocks))


def test_embeddings_stand_among_the_tiers_of_a_key():
    keys = [{"key": "x" * 20, "tiers": ["simple", "embeddings"]}]
    assert key_problems(settings(auth={"api_keys": keys})) == []


@pytest.mark.parametrize(
    ("model", "names"),
    [(None, []), ("gemma2:2b", []), ("o/gemma2:2b", []), ("gemma2:2c", ["gemma2:2b"])],
)
def test_a_model_for_embeddings_that_nobody_lists_is_said(model, names):
    problems = embeddings_problems(settings(listing("gemma2:2b"), embeddings={"model": model}))
    assert [problem.key for problem in problems] == ["embeddings.model"] * len(names)
    assert all(name in problems[0].suggestion for name in names)
    assert not embeddings_problems(settings(embeddings={"model": model}))
