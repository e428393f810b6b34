"""`gearshift ask`: the answer on standard output, what is said of it beside."""

import json

import pytest
from click.testing import CliRunner
from tests.fakes import provider as fake

from gearshift import registry
from gearshift.cli.ask import command
from gearshift.errors import RequestError

CONFIG = """
upstreams:
  - {name: here, provider: openai, base_url: "http://127.0.0.1:9/v1",
     models: ["gemma2:2b", "mistral:7b-instruct"]}
"""


@pytest.fixture
def ask(tmp_path, monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)
    file = tmp_path / "x.yaml"
    file.write_text(CONFIG)

    def run(*arguments, given=None):
        asked = ["--config", str(file), *arguments]
        result = CliRunner().invoke(command, asked, input=given, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def test_the_answer_alone_is_on_standard_output(ask):
    result = ask("What time is it?")
    assert result.stdout == "gemma2:2b: What time is it?\n"
    first, second, *_ = result.stderr.splitlines()
    assert first == "[simple · gemma2:2b, score 0.00]"
    assert second.startswith("[no sign of complexity")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--tier", "complex"), "[complex · mistral:7b-instruct, score 0.00]"),
        (("--model", "complex"), "[complex · mistral:7b-instruct, score 0.00]"),
        (("--model", "gemma2:2b"), "[simple · gemma2:2b]"),
    ],
)
def test_a_choice_is_followed_and_a_models_name_is_not_scored(ask, options, line):
    assert ask("Hi", *options).stderr.splitlines()[0] == line


def test_a_text_may_come_by_standard_input(ask):
    assert ask("-", given="two\nlines").stdout == "gemma2:2b: two\nlines\n"


def test_facts_for_programs(ask):
    found = json.loads(ask("Explain async vs threads", "--json").stdout)
    assert found["content"] == "mistral:7b-instruct: Explain async vs threads"
    assert (found["decision"]["tier"], found["decision"]["cause"]) == ("complex", "scored")


def test_an_unknown_model_is_an_error(ask):
    with pytest.raises(RequestError, match="nobody"):
        ask("Hi", "--model", "nobody")
