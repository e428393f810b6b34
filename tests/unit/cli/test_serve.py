"""`gearshift serve`: what it says on standard output."""

import click
import pytest

from gearshift.cli import serve
from gearshift.serving.listeners import Addresses

WHERE = Addresses("http://h:1", "http://h:2")


@pytest.fixture
def notices(monkeypatch):
    """What was said on standard error."""
    found: list[str] = []
    monkeypatch.setattr(serve, "notice", found.append)
    return found


def test_it_says_that_it_is_ready(capsys, notices):
    serve._announce(WHERE)
    assert capsys.readouterr().out == "gearshift ready http://h:1 admin http://h:2\n"
    assert notices == []


def test_a_standard_output_that_is_gone_does_not_end_it(monkeypatch, notices, tmp_path):
    def gone(line):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(click, "echo", gone)
    with open(tmp_path / "out", "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        serve._announce(WHERE)
        out.write("lost")
    assert (tmp_path / "out").read_text() == ""
    (line,) = notices
    assert "cannot write to standard output (Broken pipe)" in line
    assert "gearshift ready http://h:1" in line
