import json

import pytest
import yaml
from click.testing import CliRunner

from gearshift.cli.config import command
from gearshift.config.loading import Settings

SECRET = "sk-hunter2"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.yaml"

    def write(text):
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def config(*arguments):
    return CliRunner().invoke(command, arguments)


def test_no_file_is_fine():
    result = config("check")
    assert (result.exit_code, result.stdout) == (0, "ok: no file, built-in defaults\n")
    facts = json.loads(config("check", "--json").stdout)
    assert facts == {"ok": True, "errors": [], "warnings": [], "file": None}


def test_a_good_file_is_named(file):
    path = file("cache: {}")
    assert config("check", "--config", path).stdout == f"ok: {path}\n"


def test_problems_as_json_have_code_2(file):
    path = file("cahce: {}\nlimits: {max_queue: x}\n")
    result = config("check", "--config", path, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "ok": False,
        "errors": [
            {
                "key": "limits.max_queue",
                "message": "a whole number is expected, got 'x' [line 2]",
                "suggestion": "",
            },
            {
                "key": "cahce",
                "message": "unknown key [line 1]",
                "suggestion": "did you mean 'cache'?",
            },
        ],
        "warnings": [],
        "file": path,
    }


def test_a_scorer_that_cannot_be_imported_is_found(file):
    path = file("tiered_routing: {scorer: 'no_such_module:X'}")
    result = config("check", "--config", path, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["errors"][0]["key"] == "tiered_routing.scorer"


def test_what_is_not_available_is_a_warning(file):
    path = file("cache: {redis_url: 'redis://h'}")
    result = config("check", "--config", path)
    assert result.exit_code == 0
    assert result.stderr.startswith("gearshift: warning: cache.redis_url: is configured, but the")
    facts = json.loads(config("check", "--config", path, "--json").stdout)
    assert [warning["key"] for warning in facts["warnings"]] == ["cache.redis_url"]


def test_shown_settings_have_their_sources_and_can_be_read_again(file, monkeypatch):
    monkeypatch.setenv("GEARSHIFT_LIMITS__MAX_QUEUE", "7")
    path = file(
        "tiered_routing:\n  tiers:\n  - {name: simple, below: 3, deployments: ['a:1']}\n"
        "  - {name: complex, deployments: ['yes', b]}\n"
        "upstreams:\n- {name: one, provider: embedded,"
        " model_paths: {'a:1': /f, b: '# /g', 'yes': /h}}\n"
    )
    result = config("show", "--config", path)
    shown = yaml.safe_load(result.stdout)
    assert shown == json.loads(config("show", "--config", path, "--json").stdout)["settings"]
    assert Settings.model_validate(shown).tiered_routing.tiers[1].deployments == ("yes", "b")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["max_queue:", "7", "#", "env", "GEARSHIFT_LIMITS__MAX_QUEUE"] in rows
    assert ["-", "name:", "simple", "#", f"{path}:3"] in rows
    assert ["max_in_flight:", "64", "#", "default"] in rows


def test_secrets_are_masked(file):
    path = file(
        f"auth: {{api_keys: ['{SECRET}']}}\ncache: {{redis_url: 'redis://u:{SECRET}@h'}}\n"
        f"upstreams: [{{name: a, provider: ollama, api_key: '{SECRET}'}}]\n"
    )
    for arguments in (("show",), ("show", "--json")):
        out = config(*arguments, "--config", path).output
        assert SECRET not in out
        assert "***" in out


def test_sources_as_json(file):
    path = file("limits:\n  max_queue: 7\n")
    facts = json.loads(config("show", "--config", path, "--json").stdout)
    assert facts["file"] == path
    assert facts["sources"]["limits.max_queue"] == f"{path}:2"
    assert set(facts["sources"].values()) == {f"{path}:2", "default"}
    assert len(facts["config_hash"]) == 12
