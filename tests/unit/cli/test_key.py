"""`gearshift key`: what it prints is what the gateway lets in."""

import json
import re

import pytest
import yaml
from click.testing import CliRunner

from gearshift.cli.key import command
from gearshift.cli.main import run
from gearshift.config.loading import Settings
from gearshift.gateway.auth import KeyRing

KEY = "a-key-that-was-there-before"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "GEARSHIFT_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def key(*arguments, stdin=""):
    return CliRunner().invoke(command, arguments, input=stdin)


def lets_in(text, given):
    settings = Settings.model_validate(yaml.safe_load(text))
    return KeyRing(settings.auth).find({"authorization": f"Bearer {given}"})


@pytest.mark.parametrize("name", [None, "app", "123", "null"])
def test_the_printed_entry_lets_the_printed_key_in(name):
    result = key(*(("--name", name) if name else ()))
    first, _, entry = result.stdout.partition("\n\n")
    made = first.partition(": ")[2]
    assert re.fullmatch(r"gs-[A-Za-z0-9_-]{43}", made)
    assert made not in entry
    assert lets_in(entry, made).name == name
    assert key().stdout != result.stdout


def test_as_json():
    facts = json.loads(key("--json", "--name", "app").stdout)
    assert facts["entry"] == {"name": "app", "hash": facts["hash"]}
    assert lets_in(json.dumps({"auth": {"api_keys": [facts["entry"]]}}), facts["key"])


def test_a_key_of_ones_own_is_hashed_and_not_shown():
    for arguments in ((), ("--json",)):
        result = key("--hash", "-", *arguments, stdin=f"{KEY}\n")
        assert result.exit_code == 0
        assert KEY not in result.output
        assert result.stderr == ""
    assert lets_in(key("--hash", "-", stdin=KEY).stdout, KEY)
    hashed = json.loads(key("--hash", "-", "--json", stdin=KEY).stdout)["hash"]
    assert json.loads(key("--hash", "-", "--json", stdin=hashed).stdout)["hash"] == hashed


def test_a_short_key_is_worth_a_word():
    result = key("--hash", "-", stdin="short")
    assert result.exit_code == 0
    assert "fewer than 16 characters" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("--hash", KEY), "", "standard input"),
        (("--hash", "-"), "", "key: is empty"),
        (("--hash", "-"), "two\nlines", "characters that a header cannot contain"),
        (("--hash", "-"), "sha256:12", "is not the hash of a key"),
        (("--name", "a b"), "", "name: does not match"),
    ],
)
def test_mistakes_are_usage_errors_that_do_not_repeat_a_key(arguments, stdin, said):
    result = key(*arguments, stdin=stdin)
    assert result.exit_code == 2
    assert said in result.stderr
    assert KEY not in result.stderr


def test_a_name_that_is_taken_is_refused(tmp_path, capsys):
    file = tmp_path / "x.yaml"
    file.write_text(f"auth: {{api_keys: [{{name: app, key: {KEY}}}]}}", encoding="utf-8")
    assert run(["key", "--name", "app", "--config", str(file)]) == 2
    assert "duplicate key name 'app'" in capsys.readouterr().err
    assert run(["key", "--name", "other", "--config", str(file)]) == 0
