"""The settings as a whole: what others get of them, and what is never shown."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gearshift.config.loading import Settings
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.embedded_settings import EmbeddedOptions, embedded_upstream

SECRET = "sk-hunter2"


def listing(**models):
    return [
        {"name": name, "provider": "openai", "base_url": "http://h/v1", "models": listed}
        for name, listed in models.items()
    ]


def routed(simple, complex_):
    return {"models": {"simple": simple, "complex": complex_}}


def test_the_first_model_of_a_tier_loses_its_upstream():
    settings = Settings.model_validate(
        {"upstreams": listing(one=["m"]), "tiered_routing": routed("one/m", "hf.co/x")}
    )
    assert (settings.first_model("simple"), settings.first_model("complex")) == ("m", "hf.co/x")


def test_upstreams_become_what_providers_need(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    settings = Settings.model_validate(
        {
            "upstreams": [
                {"name": "a", "provider": "ollama"},
                {"name": "b", "provider": "openai", "base_url": " http://h/v1/ ", "api_key": "k"},
                {"name": "c", "provider": "embedded", "model_paths": {"m": "~/m.gguf"}},
            ]
        }
    )
    assert settings.upstream_configs() == (
        UpstreamConfig("a", "ollama", "http://127.0.0.1:11434"),
        UpstreamConfig("b", "openai", "http://h/v1", "k"),
        embedded_upstream("c", EmbeddedOptions(model_paths={"m": "/home/me/m.gguf"})),
    )


def test_limits_become_deadlines():
    assert Settings().deadlines == Deadlines()
    settings = Settings.model_validate({"limits": {"idle_seconds": "7"}})
    assert settings.deadlines.idle_seconds == 7


def test_secrets_are_never_shown():
    settings = Settings.model_validate(
        {
            "auth": {"api_keys": [SECRET]},
            "cache": {"redis_url": f"redis://:{SECRET}@h:1/0"},
            "decision_log": {"url": f"postgresql://u:{SECRET}@h/db"},
            "upstreams": [
                {
                    "name": "a",
                    "provider": "ollama",
                    "api_key": SECRET,
                    "base_url": f"http://u:{SECRET}@h",
                }
            ],
        }
    )
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in shown
    assert json.loads(settings.model_dump_json())["upstreams"][0]["api_key"] == "***"
    assert settings.cache.redis_url == f"redis://:{SECRET}@h:1/0"


def test_the_hash_follows_settings_but_not_secrets():
    plain = Settings().config_hash
    assert len(plain) == 12
    assert Settings.model_validate({"cache": {"enabled": True}}).config_hash != plain
    one, two = (
        Settings.model_validate({"auth": {"api_keys": [key]}}).config_hash for key in ("a", "b")
    )
    assert one == two


@given(st.floats(0, 10, exclude_max=True))
def test_the_hash_is_stable(threshold):
    document = {"tiered_routing": {"complexity_threshold": threshold}}
    first, second = (Settings.model_validate(document).config_hash for _ in range(2))
    assert first == second
