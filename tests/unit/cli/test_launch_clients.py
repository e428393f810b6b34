"""Each client's settings are what that client reads."""

import pytest
import yaml

from gearshift.cli.launch_clients import CLIENTS, KEY, Target


def target(**changed):
    named = {"url": "http://127.0.0.1:11435", "model": "auto", "needs_key": False, "folder": "f"}
    return Target(**{**named, **changed})


@pytest.mark.parametrize("needs_key", [False, True])
@pytest.mark.parametrize("name", CLIENTS)
def test_the_key_is_a_whole_value_and_nowhere_else(name, needs_key):
    pointed = CLIENTS[name].point(target(needs_key=needs_key))
    assert (KEY in pointed.variables.values()) == needs_key
    others = [v for v in pointed.variables.values() if v != KEY]
    assert KEY not in str((others, pointed.arguments, pointed.files))


def test_codex_reads_values_of_toml():
    import tomllib

    arguments = CLIENTS["codex"].point(target(model='a"\\b', needs_key=True)).arguments
    assert arguments[::2] == ("-c",) * (len(arguments) // 2)
    config = tomllib.loads("\n".join(arguments[1::2]))
    assert config["model"] == 'a"\\b'
    assert config["model_providers"]["gearshift"] == {
        "name": "gearshift",
        "base_url": "http://127.0.0.1:11435/v1",
        "wire_api": "responses",
        "env_key": "GEARSHIFT_API_KEY",
    }


def test_llm_reads_its_models_from_yaml():
    (file,) = CLIENTS["llm"].point(target(needs_key=True)).files.values()
    (model,) = yaml.safe_load(file)
    assert model["api_base"] == "http://127.0.0.1:11435/v1"
    assert model["api_key_name"] == "gearshift"
