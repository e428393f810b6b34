"""`gearshift stats`: what the log adds up to."""

import json
import time

import pytest
from click.testing import CliRunner
from tests.fakes.finished import finished

from gearshift.cli.stats import command, sparkline


@pytest.fixture
def filled(url, writers):
    writer = writers(url)
    writer.add([finished(seconds=0.1 * number) for number in range(1, 101)])
    writer.add([finished("complex", seconds=2.0, fallback="simple->complex") for _ in range(50)])
    writer.add([finished(time=time.time() - 30 * 3_600) for _ in range(7)])
    writer.stop()
    return url


def test_the_command_tells_them(filled, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(f"decision_log: {{url: '{filled}'}}\n")
    result = CliRunner().invoke(command, ["--config", str(config)])
    assert result.exit_code == 0, result.output
    assert "saved against always-complex" in result.output
    assert "simple   100" in result.output
    result = CliRunner().invoke(command, ["--config", str(config), "--json", "--since=7d"])
    facts = json.loads(result.stdout)
    assert facts["requests"] == 157
    wanted = {"requests", "by_tier", "simple_tier_percentage", "fallbacks", "compute", "quality"}
    assert wanted | {"latency_seconds"} <= set(facts)


def test_an_empty_log_says_what_to_do(url, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(f"decision_log: {{url: '{url}'}}\n")
    result = CliRunner().invoke(command, ["--config", str(config)])
    assert "send some through the gateway" in result.output
    config.write_text("decision_log: {enabled: false}\n")
    assert "is off" in str(CliRunner().invoke(command, ["--config", str(config)]).exception)
    result = CliRunner().invoke(command, ["--since", "yesterday"])
    assert result.exit_code == 2


def test_a_sparkline_shows_the_last_values():
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == ""
    assert sparkline([1, 2, 4, 8]) == "▂▃▄█" or len(sparkline([1, 2, 4, 8])) == 4
    assert len(sparkline([1.0] * 500)) == 72
