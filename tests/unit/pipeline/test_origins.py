"""Upstreams as origins of answers."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from gearshift.cache.key import AnsweredBy
from gearshift.pipeline.origins import Digests, Origins, Server, servers_of
from gearshift.providers.base import UpstreamConfig
from gearshift.types import Deployment, ModelInfo, UpstreamState

CONFIG = UpstreamConfig("a", "ollama", "http://h", "key")
SEEDED, OTHER = SimpleNamespace(honours_seed=True), SimpleNamespace()
ONE = Deployment("a", "m")


def server(config, provider=OTHER):
    return servers_of([config], {config.name: provider})[config.name]


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": "openai"},
        {"base_url": "http://i"},
        {"api_key": "other"},
        {"headers": {"a": "b"}},
        {"query": {"a": "b"}},
        {"options": 1},
    ],
)
def test_another_server_or_account_is_another_origin(changed):
    assert server(replace(CONFIG, **changed)).identity != server(CONFIG).identity


@pytest.mark.parametrize("changed", [{"name": "b"}, {"models": ("m",)}, {"health_path": "/x"}])
def test_what_changes_no_answer_is_none(changed):
    assert server(replace(CONFIG, **changed)).identity == server(CONFIG).identity


def test_secrets_are_not_in_it():
    assert "key" not in server(CONFIG).identity


def test_some_honour_seeds():
    assert server(CONFIG, SEEDED).honours_seed
    assert not server(CONFIG).honours_seed


def state(digest=None, *, is_reachable=True):
    info = ModelInfo("m:latest", details={"digest": digest} if digest else {})
    return UpstreamState(is_reachable, models=(info,) if is_reachable else ())


def test_a_digest_is_the_one_told_last():
    states = {}
    digests = Digests(states)
    assert digests(ONE) == ""
    for now, expected in [
        (state("1"), "1"),
        (state("1"), "1"),
        (state(is_reachable=False), "1"),
        (state("2"), "2"),
        (state(), ""),
        (UpstreamState(is_reachable=True), ""),
    ]:
        states["a"] = now
        assert (digests(ONE), digests(ONE)) == (expected, expected)


def test_digests_outlive_a_reload_where_the_upstream_is_the_same():
    states = {"a": state("1")}
    before = Digests(states)
    before(ONE)
    for unchanged, expected in [({"a"}, "1"), (set(), "")]:
        after = Digests({"a": state(is_reachable=False)})
        after.carry_over(before, unchanged)
        assert after(ONE) == expected


def test_answers_are_those_of_a_server_a_model_and_its_weights():
    origins = Origins(
        {"a": Server("id", honours_seed=True)}, lambda where: f"weights of {where.model}"
    )
    assert origins.of(ONE) == AnsweredBy("id", "m", "weights of m")
    assert origins.honours_seed(ONE)


def test_an_upstream_that_is_not_known_is_no_origin():
    origins = Origins({}, lambda _: "")
    assert origins.of(ONE) is None
    assert not origins.honours_seed(ONE)
