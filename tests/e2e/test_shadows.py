"""Sampling on a real gateway: sampled answers are repeated and judged, and nobody notices."""

import json
import re
import sqlite3
import time
import urllib.request
from contextlib import closing, suppress

import pytest
from tests.e2e.conftest import serving, serving_models
from tests.e2e.test_decision_log import ask, stats

CONFIG = """
quality:
  shadow_share: 1.0
  shadow_share_complex: 1.0
  judge: {judge}
  store_answers: {store}
  pause_above: 0
"""


def configured(folder, judge="checks", store="false", more=""):
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(judge=judge, store=store) + more)
    return str(file)


def metric(gateway, name):
    with urllib.request.urlopen(f"{gateway.admin}/metrics", timeout=10) as answer:
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", answer.read().decode(), re.MULTILINE)
    return sum(map(float, found))


def wait_for(gateway, name, least):
    deadline = time.monotonic() + 60
    while metric(gateway, name) < least:
        assert time.monotonic() < deadline, f"{name} stays at {metric(gateway, name)}"
        time.sleep(0.1)


def rows(folder, query):
    with closing(sqlite3.connect(folder / "state/gearshift/decisions.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]


def judged(folder, least):
    """All verdicts, once there are so many: the log is written a moment later."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(sqlite3.OperationalError):  # it is being made
            found = rows(folder, "SELECT * FROM judgements")
            if len(found) >= least:
                return found
        time.sleep(0.1)
    raise AssertionError("the verdicts are not in the log")


@pytest.mark.parametrize("judge", ["checks", "model"])
def test_every_drawn_answer_is_judged(tmp_path, judge):
    config = configured(tmp_path, judge)
    state = str(tmp_path / "state")
    with serving_models(tmp_path, "--config", config, XDG_STATE_HOME=state) as gateway:
        asked = [ask(gateway.url, f"What time is it in {place}?") for place in ("Oslo", "Kiel")]
        asked.append(ask(gateway.url, "Explain async vs threads"))
        wait_for(gateway, "gearshift_quality_judgements_total", len(asked))
        assert metric(gateway, "gearshift_shadow_requests_total") == len(asked)
        kept = judged(tmp_path, len(asked))
    assert {row["decision_id"] for row in kept} <= set(asked)
    assert {row["judge"] for row in kept} == {judge}
    by_id = {row["decision_id"]: row for row in kept}
    assert by_id[asked[0]]["propensity"] == 1.0
    assert all(row["weak_answer"] is None and row["strong_answer"] is None for row in kept)
    facts = stats(tmp_path)
    assert facts["requests"] == 3
    assert facts["compute"]["shadow_flops"] > 0
    assert "shadow" not in facts["by_tier"]


def test_answers_are_kept_where_a_setting_says_so(tmp_path):
    config = configured(tmp_path, store="true")
    state = str(tmp_path / "state")
    with serving_models(tmp_path, "--config", config, XDG_STATE_HOME=state) as gateway:
        ask(gateway.url, "What time is it in Oslo?")
        wait_for(gateway, "gearshift_quality_judgements_total", 1)
        time.sleep(0.6)
    (row,) = rows(tmp_path, "SELECT * FROM judgements")
    assert row["weak_answer"]
    assert row["strong_answer"]


def test_a_budget_that_is_spent_ends_the_sampling(tmp_path):
    config = configured(tmp_path, more="  daily_tokens: 1\n")
    state = str(tmp_path / "state")
    with serving_models(tmp_path, "--config", config, XDG_STATE_HOME=state) as gateway:
        ask(gateway.url, "What time is it in Oslo?")
        wait_for(gateway, "gearshift_shadow_requests_total", 1)
        ask(gateway.url, "What time is it in Kiel?")
        wait_for(gateway, "gearshift_shadow_skipped_total", 1)
        assert metric(gateway, "gearshift_shadow_requests_total") == 1


def test_a_stream_is_sampled_at_its_end_and_forced_requests_never(tmp_path):
    config = configured(tmp_path)
    state = str(tmp_path / "state")

    def send(url, **body):
        body = {"messages": [{"role": "user", "content": "What time is it?"}], **body}
        request = urllib.request.Request(
            f"{url}/v1/chat/completions",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            return answer.headers["x-gearshift-decision-id"]

    # Its engine takes tools, as an Ollama does not for these models.
    with serving(tmp_path, "--demo", "--config", config, XDG_STATE_HOME=state) as gateway:
        send(gateway.url, model="simple", max_tokens=4)
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        send(gateway.url, model="auto", max_tokens=4, tools=[tool])
        streamed = send(gateway.url, model="auto", max_tokens=4, stream=True)
        wait_for(gateway, "gearshift_quality_judgements_total", 1)
        time.sleep(0.6)
    assert [row["decision_id"] for row in rows(tmp_path, "SELECT * FROM judgements")] == [streamed]
