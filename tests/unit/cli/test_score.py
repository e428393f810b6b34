import gzip
import io
import json
import sys

import click
import pytest
from click.testing import CliRunner
from pyarrow import parquet
from tests.fakes.exported import written

from gearshift.cli.score import command
from gearshift.errors import ConfigError, GearshiftError
from gearshift.evaluation.jsonl import standard_input

HARD = "Write a Python script that parses JSON, validates schema, stores in Redis"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)


def invoked(*arguments, stdin=None):
    return CliRunner().invoke(command, arguments, input=stdin, standalone_mode=False)


def score(*arguments, stdin=None):
    result = invoked(*arguments, stdin=stdin)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def refusal(*arguments, stdin=None):
    result = invoked(*arguments, stdin=stdin)
    assert isinstance(result.exception, GearshiftError)
    return str(result.exception), lines(result.stdout)


def test_facts_as_json():
    facts = json.loads(score("--json", HARD))
    assert set(facts) >= {
        *("score", "tier", "model", "factors", "contributions", "reasoning", "threshold"),
        *("scorer", "truncated"),
    }
    assert list(facts["factors"]) == ["length", "code", "technical", "multi_step", "question"]
    assert sum(facts["contributions"].values()) == pytest.approx(facts["score"], abs=1e-9)
    assert (facts["tier"], facts["model"]) == ("complex", "mistral:7b-instruct")


def test_facts_for_people():
    out = score("What time is it?")
    assert "tier       simple\nmodel      gemma2:2b\n" in out
    assert all(factor in out for factor in ("length", "code", "technical", "multi_step"))


def test_text_from_standard_input_even_if_it_is_broken():
    assert json.loads(score("-", "--json", stdin=HARD)) == json.loads(score(HARD, "--json"))
    assert json.loads(score("-", "--json", stdin=b"\xff\xfe hi"))["tier"] == "simple"
    assert json.loads(score("\udcff", "--json"))["tier"] == "simple"
    assert json.loads(score("", "--json"))["score"] == 0


def test_the_model_is_that_of_the_configuration(tmp_path):
    (tmp_path / "x.yaml").write_text(
        "tiered_routing:\n  models: {complex: one/big}\n  complexity_threshold: 0\n"
        "upstreams: [{name: one, provider: ollama}]\n"
    )
    facts = json.loads(score("hi", "--json", "--config", "x.yaml"))
    assert (facts["model"], facts["threshold"]) == ("big", 0)


def test_a_disabled_router_is_mentioned(tmp_path):
    (tmp_path / "x.yaml").write_text("tiered_routing: {enabled: false}")
    result = CliRunner().invoke(command, ["hi", "--config", "x.yaml"])
    assert result.stderr == "tiered routing is disabled: everything goes to complex\n"


def test_every_line_is_written_again_in_order(tmp_path):
    given = [
        {"id": 1, "prompt": HARD, "ключ": {"a": [1, None]}},
        {"id": 2, "messages": [{"role": "user", "content": HARD}], "score": "old"},
        {"id": 3, "prompt": ""},
    ]
    text = "\n".join([json.dumps(given[0]), "", *map(json.dumps, given[1:])])
    (tmp_path / "x.jsonl").write_text(text)
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    out = score("--jsonl", "x.jsonl")
    assert out == score("--jsonl", "x.jsonl.gz")
    assert out == score("--jsonl", "-", stdin=text)
    assert out == score("--jsonl", "-", stdin=gzip.compress(text.encode()))
    found = lines(out)
    assert [line["id"] for line in found] == [1, 2, 3]
    assert [line["tier"] for line in found] == ["complex", "complex", "simple"]
    assert found[0]["ключ"] == {"a": [1, None]}
    assert found[0]["score"] == found[1]["score"] == json.loads(score(HARD, "--json"))["score"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nope", "<stdin>:2: not valid JSON"),
        ("[1]", "<stdin>:2: an object is expected"),
        ("{}", "<stdin>:2: needs `prompt` (a string) or `messages`, has nothing"),
        ('{"prompt": 7, "x": 1}', "has 'prompt', 'x'"),
        ('{"messages": "hi"}', "<stdin>:2: `messages` must be a list of objects"),
        ('{"messages": ["hi"]}', "<stdin>:2: `messages` must be a list of objects"),
        ('{"prompt": "\\ud800"}', "<stdin>:2: not valid JSON"),
    ],
)
def test_a_bad_line_is_named_and_what_was_before_it_is_written(line, reason):
    said, written = refusal("--jsonl", "-", stdin=f'{{"prompt": "hi"}}\n{line}\n')
    assert reason in said
    assert len(written) == 1


def test_a_line_that_is_no_utf8_is_named():
    said, written = refusal("--jsonl", "-", stdin=b'{"prompt": "hi"}\n{"prompt": "\xff"}\n')
    assert (said.startswith("<stdin>:2: not valid JSON"), len(written)) == (True, 1)


def test_a_file_that_is_cut_off_is_named(tmp_path):
    text = "".join(json.dumps({"prompt": f"number {n * 7919}"}) + "\n" for n in range(3000))
    (tmp_path / "x.gz").write_bytes(gzip.compress(text.encode())[:-2000])
    said, written = refusal("--jsonl", "x.gz")
    assert "broken gzip data" in said
    assert said.startswith(f"x.gz:{len(written) + 1}: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert (
        refusal("--jsonl", "none.jsonl")[0]
        == "none.jsonl: cannot be read: no such file or directory"
    )
    assert refusal("--jsonl", str(tmp_path))[0].endswith("cannot be read: is a directory")


@pytest.mark.parametrize(
    ("scorer", "reason"),
    [
        ("nowhere/model.npz", "cannot be read: No such file"),
        ("no_such_module:Scorer", "cannot be loaded: No module named 'no_such_module'"),
        ("json:Nope", "cannot be loaded"),
        ("json:loads", "cannot be loaded"),
        ("builtins:repr", "is not a scorer, it lacks name, version, score"),
    ],
)
def test_scorers_that_cannot_be_had_are_configuration_errors(scorer, reason):
    with pytest.raises(ConfigError, match=r"tiered_routing\.scorer") as caught:
        score("hi", "--scorer", scorer)
    assert reason in str(caught.value)


def test_a_text_or_a_file_but_not_both_or_neither():
    for arguments in ((), ("hi", "--jsonl", "x")):
        with pytest.raises(click.UsageError, match="give TEXT"):
            score(*arguments)


def test_a_closed_standard_input_is_said(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(GearshiftError, match="standard input is closed"):
        standard_input()


def test_another_scorer_can_be_named():
    target = "gearshift.tiered_routing.complexity_scorer:TaskComplexityScorer"
    assert score(HARD, "--json", "--scorer", target) == score(HARD, "--json", "--scorer", "rule")


def test_a_terminal_sees_how_far_it_is(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    class Pipe:
        buffer = io.BytesIO()

        def isatty(self):
            return False

    (tmp_path / "x.jsonl").write_text('{"prompt": "hi"}\n' * 50)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", Pipe())
    command.main(["--jsonl", "x.jsonl"], standalone_mode=False)
    assert "100%" in terminal.getvalue()
    assert Pipe.buffer.getvalue().count(b"\n") == 50


def test_files_are_scored_and_summarised(tmp_path):
    rows = [{"prompt": text} for text in ("hi", None, "Explain async vs threads")]
    written(tmp_path / "in" / "a.parquet", rows)
    asked = ["--from", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "1"]
    facts = json.loads(CliRunner().invoke(command, [*asked, "--json"]).stdout)
    assert facts == {
        "folder": str(tmp_path / "out"),
        "files": 1,
        "rows": 3,
        "scored": 2,
        "by_tier": {"simple": 1, "complex": 1},
        "mean_score": facts["mean_score"],
    }
    found = parquet.read_table(tmp_path / "out" / "a.parquet").to_pylist()
    assert facts["mean_score"] == (found[0]["score"] + found[2]["score"]) / 2
    assert CliRunner().invoke(command, asked).stdout.splitlines() == [
        f"{tmp_path / 'out'}  3 rows in 1 files",
        "without a text, so without a score: 1",
        f"mean score  {facts['mean_score']:.2f}",
        "simple      1 (50 %)",
        "complex     1 (50 %)",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hi", "--from", "x", "--out", "y"), "not several"),
        (("--from", "x"), "--from and --out belong together"),
        (("hi", "--out", "x"), "--from and --out belong together"),
    ],
)
def test_files_belong_with_a_folder_and_nothing_else(arguments, said):
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_folder_without_files_is_said(tmp_path):
    with pytest.raises(GearshiftError, match="there are no files to score"):
        CliRunner().invoke(
            command,
            ["--from", str(tmp_path), "--out", str(tmp_path / "out")],
            standalone_mode=False,
            catch_exceptions=False,
        )
