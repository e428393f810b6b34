"""`gearshift launch`: what a client is started with, and what is said when it cannot be."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.fakes.upstream import FaultUpstream

from gearshift.cli import launch
from gearshift.cli.launch_clients import CLIENTS, Target
from gearshift.cli.main import run
from gearshift.errors import GearshiftError

PAGES = Path(__file__).parents[3] / "docs" / "clients"
KEY = "gs-a-key-that-must-not-be-shown"
TELLS = """\
#!/bin/sh
env > "$TOLD/env"
for each; do echo "$each"; done > "$TOLD/argv"
exit 7
"""
"""A client that writes down how it was started."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in [*os.environ]:
        if name.lower().endswith("_proxy") or name.startswith(("GEARSHIFT_", "ANTHROPIC_")):
            monkeypatch.delenv(name)


def launched(*arguments, code=0):
    result = CliRunner().invoke(launch.command, arguments)
    assert result.exit_code == code, result.output
    return result.stdout


def printed(*arguments):
    return json.loads(launched(*arguments, "--json"))


@pytest.fixture
def installed(tmp_path):
    """Every client, which writes down how it was started."""
    (tmp_path / "bin").mkdir()
    for client in CLIENTS.values():
        file = tmp_path / "bin" / client.executable
        file.write_text(TELLS)
        file.chmod(0o755)


@pytest.fixture
def started(monkeypatch, installed):
    """What this process would become: path, arguments, environment, and how it takes SIGPIPE."""
    started = []

    def become(path, argv, environment):
        started[:] = path, argv, environment, signal.getsignal(signal.SIGPIPE)

    before = {number: signal.getsignal(number) for number in launch._IGNORED}
    monkeypatch.setattr(os, "execve", become)
    yield started
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def answering(monkeypatch):
    """No gateway is asked."""

    async def answers(at):
        return None

    monkeypatch.setattr(launch, "_check", answers)


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_gets_the_address_and_the_model(name):
    facts = printed(name, "--url", "http://127.0.0.1:9", "--model", "a-model")
    said = json.dumps([facts["command"], facts["variables"], facts["files"]])
    assert "http://127.0.0.1:9" in said
    assert "a-model" in said
    assert facts["command"][0] == CLIENTS[name].executable
    assert "GEARSHIFT_API_KEY" not in said


@pytest.mark.parametrize("name", CLIENTS)
def test_a_key_reaches_the_client_by_its_environment_alone(name, monkeypatch, started, answering):
    monkeypatch.setenv("GEARSHIFT_API_KEY", f" {KEY}\n")
    for output in (launched(name, "--print"), json.dumps(printed(name))):
        assert KEY not in output
        assert "GEARSHIFT_API_KEY" in output
    launched(name)
    _, argv, environment, _ = started
    assert KEY not in str(argv)
    assert KEY in environment.values()
    assert [f for f in Path("state").rglob("*") if f.is_file() and KEY in f.read_text()] == []


@pytest.mark.parametrize("name", CLIENTS)
def test_the_printed_lines_do_what_launching_does(name, monkeypatch, tmp_path, started, answering):
    monkeypatch.setenv("GEARSHIFT_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another")
    monkeypatch.setenv("TOLD", str(tmp_path))
    own = ("--", "-p", "it's $HOME", "")
    launched(name, *own)
    path, argv, environment, _ = started
    assert path == str(tmp_path / "bin" / argv[0])
    assert ("ANTHROPIC_API_KEY" in environment) == (name != "claude")
    files = {file: file.read_text() for file in Path("state").rglob("*") if file.is_file()}
    shutil.rmtree("state", ignore_errors=True)

    script = launched(name, "--print", *own)
    assert not Path("state").exists()
    tools = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    done = subprocess.run(["/bin/sh", "-c", script], env={**os.environ, "PATH": tools})
    assert done.returncode == 7
    assert (tmp_path / "argv").read_text() == "".join(f"{each}\n" for each in argv[1:])
    told = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    of_the_shell = {"PATH", "PWD", "OLDPWD", "SHLVL", "_", "PYTEST_CURRENT_TEST"}
    assert {k: v for k, v in told.items() if k not in of_the_shell} == {
        k: v for k, v in environment.items() if k not in of_the_shell
    }
    written = {file: file.read_text() for file in Path("state").rglob("*") if file.is_file()}
    assert {k: v.strip() for k, v in written.items()} == {k: v.strip() for k, v in files.items()}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_has_a_page_with_what_launching_prints(name):
    page = (PAGES / f"{name}.md").read_text("utf-8")
    lines = launched(name, "--print").replace(f"{Path.cwd()}/state", "~/.local/state")
    assert f"```sh\ngearshift launch {name}" in page
    assert f"```sh\n{lines}```\n" in page


def test_a_pipe_that_closes_ends_the_client_as_it_would_without_us(started, answering):
    launched("claude")
    assert started[-1] is signal.SIG_DFL


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("http://127.0.0.1:9/v1/", "http://127.0.0.1:9"),
        ("https://host/base", "https://host/base"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_an_address_may_end_as_clients_want_it(given, url):
    assert printed("claude", "--url", given)["url"] == url


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:9", "ftp://h", "http://", "http://u:p@h", "http://h:x"]
)
def test_what_is_not_an_address_is_refused(url, capsys):
    assert run(["launch", "claude", "--print", "--url", url]) == 2
    assert "--url: a URL such as http://127.0.0.1:11435" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "a\nb", "a\x7f", "a\u2028b", "a\udcff"])
def test_what_no_client_could_read_as_a_name_is_refused(name, capsys):
    assert run(["launch", "codex", "--print", "--model", name]) == 2
    assert "the name of a model is expected" in capsys.readouterr().err


def test_with_tls_the_address_is_https(tmp_path):
    (tmp_path / "c.yaml").write_text("tls: {certificate: c.pem, key: k.pem}")
    assert printed("claude", "--config", "c.yaml")["url"] == "https://127.0.0.1:11435"


def test_a_gateway_with_keys_makes_the_printed_lines_name_the_variable(tmp_path):
    (tmp_path / "c.yaml").write_text(f"auth: {{api_keys: ['{KEY}']}}")
    token = printed("claude", "--config", "c.yaml")["variables"]["ANTHROPIC_AUTH_TOKEN"]
    assert token == "${GEARSHIFT_API_KEY}"


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch):
    assert "NO_PROXY" not in printed("goose")["variables"]
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", "a.example, 127.0.0.1")
    monkeypatch.setenv("no_proxy", "b.example")
    variables = printed("goose")["variables"]
    assert variables["NO_PROXY"] == variables["no_proxy"] == "a.example,127.0.0.1,b.example"
    assert "NO_PROXY" not in printed("goose", "--url", "http://elsewhere")["variables"]


def test_without_a_client_the_known_ones_are_listed(tmp_path, installed):
    (tmp_path / "bin" / "codex").unlink()
    listed = printed()["clients"]
    assert [*listed] == [*CLIENTS]
    assert listed["claude"]["executable"] == str(tmp_path / "bin" / "claude")
    assert listed["codex"]["executable"] is None
    assert "not installed (npm install -g @openai/codex)" in launched()


def test_an_unknown_client_is_told_the_known_ones(capsys):
    assert run(["launch", "cladue"]) == 2
    error = capsys.readouterr().err
    assert "did you mean 'claude'?" in error
    assert all(name in error for name in CLIENTS)


def test_an_option_of_the_client_is_told_where_to_stand(capsys):
    assert run(["launch", "claude", "-p", "hello"]) == 2
    assert "'-p'; write `--` before the client's own arguments" in capsys.readouterr().err


def test_a_client_that_is_not_installed_is_told_how(capsys):
    assert run(["launch", "claude"]) == 1
    assert "npm install -g @anthropic-ai/claude-code" in capsys.readouterr().err


def at(url, model="auto"):
    return Target(url, model, needs_key=False, folder="")


async def test_a_gateway_that_answers_is_found(gateway):
    async with FaultUpstream() as upstream:
        here = {"name": "here", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        async with gateway({"upstreams": [here]}) as url:
            for model in ("auto", "simple", "gemma2:2b"):
                await launch._check(at(url, model))
            with pytest.raises(GearshiftError, match="no model 'nobody'; it has auto, simple"):
                await launch._check(at(url, "nobody"))


async def test_a_key_is_wanted_and_checked(gateway, monkeypatch):
    async with gateway({"auth": {"api_keys": [KEY]}}, upstreams=()) as url:
        with pytest.raises(GearshiftError, match="requires an API key; set GEARSHIFT_API_KEY"):
            await launch._check(at(url))
        monkeypatch.setenv("GEARSHIFT_API_KEY", "wrong")
        with pytest.raises(GearshiftError, match="rejects the API key in GEARSHIFT_API_KEY"):
            await launch._check(at(url))
        monkeypatch.setenv("GEARSHIFT_API_KEY", KEY)
        await launch._check(at(url))


async def test_where_nobody_answers_serve_is_named():
    with pytest.raises(GearshiftError, match=r"no gateway answers at .*`gearshift serve`"):
        await launch._check(at("http://127.0.0.1:9"))


async def test_another_server_is_not_taken_for_a_gateway():
    async with FaultUpstream() as upstream:
        with pytest.raises(GearshiftError, match="is not gearshift"):
            await launch._check(at(upstream.url))
