"""What the commands share: settings with their sources, and JSON that programs can read."""

import json
from dataclasses import dataclass

import pytest

from gearshift.cli.options import config_file, load, load_with_sources, print_json
from gearshift.errors import ConfigError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)


def test_an_option_that_was_not_given_overrides_nothing(tmp_path):
    (tmp_path / "x.yaml").write_text("tiered_routing: {scorer: learned}\n")
    assert load("x.yaml", tiered_routing__scorer=None).tiered_routing.scorer == "learned"
    loaded = load_with_sources("x.yaml", tiered_routing__scorer="rule")
    assert loaded.settings.tiered_routing.scorer == "rule"
    assert loaded.sources["tiered_routing.scorer"] == "argument"


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(ConfigError, match=r"none\.yaml: does not exist"):
        load("none.yaml")


def test_the_file_that_would_be_read(tmp_path, monkeypatch):
    assert config_file(None) is None
    assert config_file("x.yaml") == tmp_path / "x.yaml"
    monkeypatch.setenv("GEARSHIFT_CONFIG", "y.yaml")
    assert config_file(None) == tmp_path / "y.yaml"


def test_json_is_indented_and_keeps_its_letters(capsys):
    @dataclass
    class Point:
        x: int

    print_json({"a": "é", 1: [None, 0.5], "p": Point(3)})
    text = capsys.readouterr().out
    assert "é" in text
    assert text.startswith('{\n  "a"')
    assert json.loads(text) == {"a": "é", "1": [None, 0.5], "p": {"x": 3}}
