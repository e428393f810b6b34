"""An experiment on a real gateway with two workers, from its start to its end."""

import json
import subprocess
import sys
import time
import urllib.request

from tests.e2e.conftest import environment, serving_models


def gearshift(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "gearshift", *arguments, "--config", str(folder / "config.yaml")],
        cwd=folder,
        env=environment(HOME=str(folder), XDG_STATE_HOME=str(folder / "state")),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def threshold_of(url, session):
    body = {"messages": [{"role": "user", "content": "Explain async vs threads"}]}
    request = urllib.request.Request(
        f"{url}/v1/route",
        json.dumps(body).encode(),
        {"content-type": "application/json", "x-session-id": session},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        decision = json.load(answer)
    return decision["threshold"], decision["cause"], decision["arms"]


def ask(url, session):
    body = {
        "model": "auto",
        "max_tokens": 2,
        "messages": [{"role": "user", "content": "Explain async vs threads"}],
    }
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json", "x-session-id": session},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers["x-gearshift-tier"]


def until(url, wanted):
    deadline = time.monotonic() + 20
    while any(threshold_of(url, f"probe {n}")[1] != wanted for n in range(8)):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_sessions_keep_their_arm_in_every_worker_until_it_is_stopped(tmp_path):
    (tmp_path / "config.yaml").write_text("decision_log: {enabled: true}\n")
    state, config = str(tmp_path / "state"), str(tmp_path / "config.yaml")
    options = ("--workers", "2", "--config", config)
    with serving_models(tmp_path, *options, XDG_STATE_HOME=state) as gateway:
        said = gearshift(
            tmp_path, "experiment", "start", "bounds", "--thresholds", "1,9", "--metric", "failures"
        )
        assert said.returncode == 0, said.stderr
        second = gearshift(
            tmp_path, "experiment", "start", "more", "--thresholds", "2,3", "--metric", "failures"
        )
        assert second.returncode == 1
        assert "'bounds' compares thresholds already" in second.stderr
        until(gateway.url, "experiment")
        tiers = {name: {ask(gateway.url, name) for _ in range(4)} for name in map(str, range(12))}
        assert all(len(found) == 1 for found in tiers.values())
        assert {tier for found in tiers.values() for tier in found} == {"simple", "complex"}
        time.sleep(0.6)
        facts = json.loads(gearshift(tmp_path, "experiment", "status", "--json").stdout)
        (one,) = facts["experiments"]
        assert [arm["name"] for arm in one["arms"]] == ["1", "9"]
        assert sum(arm["requests"] for arm in one["arms"]) == 48
        assert sum(arm["units"] for arm in one["arms"]) == 12
        assert one["result"].startswith("too early")
        assert "bounds: running" in gearshift(tmp_path, "experiment", "status").stdout
        assert gearshift(tmp_path, "experiment", "stop", "bounds").returncode == 0
        until(gateway.url, "scored")
    assert gearshift(tmp_path, "experiment", "stop", "bounds").returncode == 1
    again = gearshift(
        tmp_path, "experiment", "start", "bounds", "--thresholds", "1,2", "--metric", "failures"
    )
    assert "choose another name" in again.stderr


def test_bad_usage_says_what_to_do(tmp_path):
    (tmp_path / "config.yaml").write_text("decision_log: {enabled: true}\n")
    for arguments, said in (
        (("x y", "--thresholds", "1,2"), "NAME 'x y'"),
        (("x",), "give exactly one of --thresholds"),
        (("x", "--thresholds", "1"), "at least two"),
        (("x", "--thresholds", "1,eleven"), "a number from 0 to 10"),
        (("x", "--scorers", "rule,nonsense"), "nonsense"),
        (("x", "--models", "gemma,mistral"), "TIER=A,B"),
    ):
        found = gearshift(tmp_path, "experiment", "start", *arguments)
        assert found.returncode == 2, arguments
        assert said in found.stderr
    found = gearshift(tmp_path, "experiment", "start", "x", "--thresholds", "1,2")
    assert found.returncode == 1
    assert "quality.shadow_share" in found.stderr
