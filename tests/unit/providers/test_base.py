"""What every provider shares: the configuration it is made from, and what it may be able to do."""

import dataclasses

import pytest
from tests.fakes.provider import EchoProvider

from gearshift import registry
from gearshift.providers.base import (
    Deadlines,
    EnginesProvider,
    NativeProvider,
    PullingProvider,
    ReusableProvider,
    UpstreamConfig,
)
from gearshift.providers.embedded_settings import EmbeddedOptions


def test_a_key_is_never_shown():
    secret = {"x": "hunter2"}
    config = UpstreamConfig(
        "u", "openai", "http://u:hunter2@h", api_key="sk-hunter2", headers=secret, query=secret
    )
    for shown in (repr(config), str(config), f"{[config]}", f"{(config, Deadlines())}"):
        assert "hunter2" not in shown
    assert repr(config) == "UpstreamConfig(name='u', provider='openai')"


def test_configurations_are_compared_by_all_that_they_say():
    config = UpstreamConfig("u", "openai", "http://h", api_key="a")
    assert config == UpstreamConfig("u", "openai", "http://h", api_key="a")
    for change in ({"api_key": "b"}, {"headers": {"x": "1"}}, {"options": EmbeddedOptions()}):
        assert dataclasses.replace(config, **change) != config


def test_no_two_share_what_can_be_changed():
    one, two = (UpstreamConfig(name, "ollama", "") for name in "ab")
    assert one.headers is not two.headers


@pytest.mark.parametrize(
    ("provider", "abilities"),
    [
        ("ollama", {NativeProvider, PullingProvider}),
        ("openai", set()),
        ("embedded", {EnginesProvider, ReusableProvider}),
    ],
)
def test_what_a_kind_of_upstream_can_do(provider, abilities):
    kind = registry.load(registry.PROVIDERS[provider])
    config = UpstreamConfig("u", provider, "http://127.0.0.1:9")
    made = kind(config, Deadlines())
    every = {EnginesProvider, ReusableProvider, NativeProvider, PullingProvider}
    assert {ability for ability in every if isinstance(made, ability)} == abilities
    assert made.upstream == "u"
    assert made.dialect in registry.UPSTREAM_DIALECTS


def test_the_fake_is_one():
    assert isinstance(EchoProvider(UpstreamConfig("u", "x", ""), Deadlines()), ReusableProvider)
