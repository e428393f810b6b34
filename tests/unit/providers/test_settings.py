"""Keys that a header can carry, how health is looked at, and what each provider reads itself."""

import subprocess
import sys

import pytest
from pydantic import SecretStr, model_validator
from tests.fakes.provider import EchoProvider

from gearshift import registry
from gearshift.config.loading import load_settings
from gearshift.config.model import Settings
from gearshift.config_file.model import Secret
from gearshift.errors import ConfigError
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.settings import UpstreamSettings

FILE = """
upstreams:
  - {name: v, provider: openai, base_url: "http://h/v1", api_key: "${KEY}"}
"""


def loaded(tmp_path, text=FILE, **environ):
    file = tmp_path / "gearshift.yaml"
    file.write_text(text)
    return load_settings(str(file), environ=environ).settings.upstream_configs()[0]


@pytest.mark.parametrize("key", ["sk-abc\n", "sk-abc\r\n", "  sk-abc\t", "sk-abc"])
def test_white_space_around_a_key_is_not_part_of_it(tmp_path, key):
    assert loaded(tmp_path, KEY=key).api_key == "sk-abc"


@pytest.mark.parametrize(
    "key",
    [
        *('"sk-abc"', "'sk-abc'\n", "Bearer sk-abc", " bearer  sk-abc", '"Bearer sk-abc"'),
        *("Authorization: Bearer sk-abc", "\ufeffsk-abc", "\xa0sk-abc\u200b", "\u200esk-abc"),
    ],
)
def test_what_comes_along_with_a_key_is_not_part_of_it(tmp_path, key):
    assert loaded(tmp_path, KEY=key).api_key == "sk-abc"


@pytest.mark.parametrize("key", ['sk-"abc', '"', "bearer", "sk abc"])
def test_a_key_stays_as_it_is_inside(tmp_path, key):
    assert loaded(tmp_path, KEY=key).api_key == key


@pytest.mark.parametrize("key", ["sk-abc\nx-injected: 1", "sk\0abc", "‘sk-abc’", "sk\x7f", "sk-ä"])
def test_a_key_that_no_header_can_carry_is_refused_by_name(tmp_path, key):
    with pytest.raises(ConfigError, match=r"upstreams\.0\.api_key: .*header") as caught:
        loaded(tmp_path, KEY=key)
    assert "abc" not in str(caught.value)


def health(text):
    return FILE.replace("${KEY}", "k").replace("}\n", f", health: {text}}}\n")


def test_the_path_and_pace_of_health_can_be_set(tmp_path):
    upstream = loaded(tmp_path, health("{path: /health/readiness, every_seconds: 60}"))
    assert (upstream.health_path, upstream.health_every_seconds) == ("/health/readiness", 60)
    upstream = loaded(tmp_path, health("{path: null}"))
    assert (upstream.health_path, upstream.health_every_seconds) == (None, 5)


@pytest.mark.parametrize(
    "text", ["{path: health}", "{path: '/a b'}", "{path: '/ä'}", "{every_seconds: 0}", "{every: 5}"]
)
def test_what_cannot_be_asked_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match=r"upstreams\.0\.health\."):
        loaded(tmp_path, health(text))


def test_engines_have_no_path(tmp_path):
    text = (
        "upstreams: [{name: e, provider: embedded, model_paths: {m: f}, health: {path: /health}}]"
    )
    with pytest.raises(ConfigError, match="no meaning for 'embedded'"):
        loaded(tmp_path, text)


# --- each provider reads its own


def problems(tmp_path, entry):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"upstreams: [{entry}]")
    return [str(problem) for problem in caught.value.problems]


class OwnSettings(UpstreamSettings):
    """A kind that gearshift does not have."""

    region: str
    token: Secret = SecretStr("")

    @model_validator(mode="after")
    def _has_an_address(self):
        if self.base_url is not None:
            raise self.meaningless("base_url")
        return self

    def options(self):
        return {"region": self.region}


class OwnProvider(EchoProvider):
    settings = OwnSettings


@pytest.fixture
def own(monkeypatch):
    """`own` as a provider, as if it had always been one."""
    monkeypatch.setitem(registry.PROVIDERS, "own", f"{__name__}:OwnProvider")


def test_a_provider_owns_its_settings(tmp_path, own):
    upstream = loaded(tmp_path, "upstreams: [{name: a, provider: own, region: eu}]")
    assert (upstream.provider, upstream.options) == ("own", {"region": "eu"})


def test_what_a_provider_says_of_its_settings_stands_at_their_keys(tmp_path, own):
    assert problems(tmp_path, "{name: a, provider: own, regoin: eu, models: x}") == [
        "upstreams.0.models: a list is expected, got 'x' [line 1]",
        "upstreams.0.region: is required [line 1]",
        "upstreams.0.regoin: unknown key [line 1] (did you mean 'region'?)",
    ]
    entry = '{name: a, provider: own, region: eu, base_url: "http://h"}'
    assert problems(tmp_path, entry) == [
        "upstreams.0.base_url: has no meaning for 'own' [line 1] (remove it)"
    ]
    # A secret of its own is as safe as ours.
    assert "hunter2" not in str(problems(tmp_path, "{name: a, provider: own, token: [hunter2]}"))


def test_keys_of_another_provider_are_told_as_such(tmp_path, own):
    assert problems(tmp_path, "{name: a, provider: ollama, region: eu, zone: x}") == [
        "upstreams.0.region: has no meaning for 'ollama' [line 1] (remove it)",
        "upstreams.0.zone: unknown key [line 1] (valid keys: name, provider, base_url, api_key,"
        " models, headers, query, health)",
    ]


def test_of_an_unknown_provider_only_that_and_the_common_keys_are_told(tmp_path):
    assert problems(tmp_path, "{name: a b, provider: emebdded, model_paths: {m: f}}") == [
        "upstreams.0.name: does not match ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$, got 'a b' [line 1]",
        "upstreams.0.provider: no provider 'emebdded' [line 1] (did you mean 'embedded'?)",
    ]


def test_settings_that_are_made_are_dumped_and_read_again_as_they_are(own):
    given = {"upstreams": [{"name": "a", "provider": "own", "region": "eu"}]}
    made = Settings.model_validate(given)
    assert isinstance(made.upstreams[0], OwnSettings)
    assert made.model_dump(mode="json")["upstreams"][0]["region"] == "eu"
    assert Settings.model_validate(made.model_dump()) == made


def test_a_provider_without_settings_of_its_own_has_the_common_ones(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "echo", "tests.fakes.provider:EchoProvider")
    given = {"upstreams": [{"name": "a", "provider": "echo"}]}
    assert Settings.model_validate(given).upstream_configs() == (UpstreamConfig("a", "echo", ""),)


@pytest.mark.parametrize("code", ["import json", "import gearshift"])
def test_no_provider_is_loaded_before_settings_name_it(code):
    """Starting and every small command would pay for it."""
    asked = "print([m for m in sys.modules if m in ('gearshift.providers.ollama', 'ssl')])"
    run = [sys.executable, "-c", f"import sys; import gearshift.config.loading; {code}; {asked}"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "[]\n"
