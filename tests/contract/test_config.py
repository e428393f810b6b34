"""The shipped configuration file: it holds every setting, and says what the code says."""

import re
from pathlib import Path

import pytest
import yaml

from gearshift.config.loading import Settings, load_settings
from gearshift.config.sources import leaves
from gearshift.config_file.text import read_document
from gearshift.tiered_routing.tier_config import TierConfig

FILE = Path(__file__).parents[2] / "config" / "ssot_config.yaml"
DESIGN = """\
tiered_routing:
  enabled: true
  complexity_threshold: 3
  models:
    simple: "gemma2:2b"
    complex: "mistral:7b-instruct"
  fallback_to_complex: true
  logging:
    log_scores: true
    log_routing_decisions: true
"""
SETTINGS = [key for key, _ in leaves(Settings().model_dump(mode="json"))]


def test_the_file_equals_the_defaults():
    loaded = load_settings(str(FILE), environ={})
    assert loaded.settings == Settings()
    assert loaded.settings.config_hash == Settings().config_hash
    assert TierConfig.from_yaml(FILE, environ={}) == TierConfig()


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_has_its_line(key):
    assert key in read_document(FILE).lines


def test_the_file_holds_the_designs_block_verbatim():
    assert DESIGN in FILE.read_text(encoding="utf-8")


def test_the_designs_block_alone_loads(tmp_path):
    file = tmp_path / "design.yaml"
    file.write_text(DESIGN, encoding="utf-8")
    assert TierConfig.from_yaml(file) == TierConfig()
    assert load_settings(str(file), environ={}).settings == Settings()


def test_the_commented_examples_are_valid(tmp_path):
    text = FILE.read_text(encoding="utf-8").replace("tiers: []", "tiers:")
    text = text.replace("upstreams: []", "upstreams:").replace("api_keys: []", "api_keys:")
    file = tmp_path / "examples.yaml"
    file.write_text(re.sub(r"(?m)^( *)#  (?=- |  )", r"\1  ", text), encoding="utf-8")
    settings = load_settings(str(file), environ={}).settings
    assert [tier.name for tier in settings.tiered_routing.tiers] == ["simple", "complex", "expert"]
    assert [upstream.name for upstream in settings.upstreams] == [
        "local",
        "cloud",
        "claude",
        "here",
    ]
    assert [key.name for key in settings.auth.api_keys] == ["app", "admin"]


def test_the_file_is_json_too(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(Settings().model_dump_json(), encoding="utf-8")
    assert load_settings(str(file), environ={}).settings == Settings()
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["cache"]["enabled"] is False
