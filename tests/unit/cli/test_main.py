import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gearshift import registry
from gearshift.cli import main
from gearshift.errors import ConfigError, GearshiftError, Problem


def gearshift(*arguments, cwd, stdin="", **environ):
    """The real command in a process of its own; exit code, output, lines of errors."""
    done = subprocess.run(
        [sys.executable, "-m", "gearshift", *arguments],
        input=stdin.encode(),
        capture_output=True,
        cwd=cwd,
        env={"HOME": str(cwd), "PATH": "", **environ},
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode().splitlines()


@pytest.fixture
def command(monkeypatch):
    """A command `x` that does what the test wants."""

    def install(action):
        target = click.Command("x", callback=action)
        monkeypatch.setitem(main.COMMANDS, "x", ("x:x", "Does x."))
        monkeypatch.setattr(registry, "load", lambda _: target)
        return main.run(["x"])

    return install


def raising(error):
    def action():
        raise error

    return action


def test_a_bad_configuration_is_one_line_a_problem_and_code_2(tmp_path):
    (tmp_path / "x.yaml").write_text("tiered_routing: {complexity_threshold: 11}\ncahce: {}\n")
    for command in (("score", "hi"), ("config", "check"), ("config", "show")):
        code, out, lines = gearshift(*command, "--config", "x.yaml", cwd=tmp_path)
        assert (code, out) == (2, "")
        assert lines == [
            "gearshift: x.yaml: tiered_routing.complexity_threshold:"
            " must be at most 10, got 11 [line 1]",
            "gearshift: x.yaml: cahce: unknown key [line 2] (did you mean 'cache'?)",
        ]


def test_a_mistyped_variable_is_named_without_the_file(tmp_path):
    (tmp_path / "x.yaml").write_text("cache: {}")
    code, _, lines = gearshift(
        "score", "hi", "--config", "x.yaml", cwd=tmp_path, GEARSHIFT_CACHE__ENABLD="1"
    )
    assert code == 2
    assert lines[0].startswith("gearshift: GEARSHIFT_CACHE__ENABLD: this environment variable")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("scor",),
            "gearshift: No such command 'scor'. Did you mean 'score'? (see `gearshift --help`)",
        ),
        (
            ("score",),
            "gearshift: give TEXT, `-`, --jsonl FILE or --from PATH (see `gearshift score --help`)",
        ),
        (("score", "--bad"), "gearshift: No such option '--bad' (see `gearshift score --help`)"),
        (
            ("config", "chek"),
            "gearshift: No such command 'chek'. Did you mean 'check'?"
            " (see `gearshift config --help`)",
        ),
        (
            ("score", "hi", "--config", "no.yaml"),
            "gearshift: no.yaml: does not exist (check the path)",
        ),
    ],
)
def test_bad_usage_is_one_line_and_code_2(tmp_path, arguments, line):
    code, out, lines = gearshift(*arguments, cwd=tmp_path)
    assert (code, out, lines) == (2, "", [line])


def test_a_reader_that_goes_away_is_no_traceback(tmp_path):
    (tmp_path / "many.jsonl").write_text('{"prompt": "hi"}\n' * 5000)
    process = subprocess.Popen(
        [sys.executable, "-m", "gearshift", "score", "--jsonl", "many.jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert b'"tier"' in process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 1


def test_an_interrupt_ends_quietly_with_code_130(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "gearshift", "score", "--jsonl", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        # Whoever runs the tests in the background may ignore it, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"prompt": "hi"}\n')
        process.stdin.flush()
        assert b'"tier"' in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.read().strip() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gearshift", "score", "hi"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={"HOME": str(tmp_path)},
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


def test_scoring_does_not_import_the_gateway():
    script = (
        "import sys; from gearshift.cli.main import run; run(['score', 'hi', '--json'])\n"
        "sys.exit(', '.join(m for m in ('aiohttp', 'asyncio', 'gearshift.interface')"
        " if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.strip() == ""


def test_help_lists_every_command(capsys):
    assert main.run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in main.COMMANDS)


def test_version(capsys):
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("gearshift, version ")


def test_nothing_at_all_is_answered_with_help(capsys):
    assert main.run([]) == 2
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (GearshiftError("no\nupstream"), 1, "gearshift: no upstream\n"),
        (ConfigError([Problem("a", "b", "c")], "f"), 2, "gearshift: f: a: b (c)\n"),
        (ConfigError([Problem("a", "b")]), 2, "gearshift: a: b\n"),
        (
            OSError(28, "No space left on device"),
            1,
            "gearshift: [Errno 28] No space left on device",
        ),
        (BrokenPipeError(), 1, ""),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (click.FileError("f", "gone"), 1, "gearshift: Could not open file 'f': gone\n"),
    ],
)
def test_expected_errors_have_a_line_and_a_code(command, capsys, error, code, line):
    assert command(raising(error)) == code
    assert capsys.readouterr().err.strip() == line.strip()


def test_unexpected_errors_are_not_hidden(command):
    with pytest.raises(ZeroDivisionError):
        command(raising(ZeroDivisionError()))


def test_a_command_may_choose_its_code(command):
    assert command(lambda: click.get_current_context().exit(1)) == 1
    assert command(lambda: None) == 0


def test_main_exits_with_the_code(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gearshift", "scor"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 2


def test_a_folder_of_metrics_that_another_program_wants_is_none_of_ours(tmp_path):
    there = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "nowhere")}
    code = "import os; from gearshift.cli.main import main; main(['--version'])"
    code = f"import atexit, os; atexit.register(lambda: print(sorted(os.environ)))\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=there, capture_output=True, text=True, check=True
    )
    assert "PROMETHEUS_MULTIPROC_DIR" not in done.stdout
