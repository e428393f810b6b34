"""Keys that a header can carry, and how health is looked at."""

import pytest

from gearshift.config.loading import load_settings
from gearshift.errors import ConfigError

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
