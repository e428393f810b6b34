"""The decision log of a real gateway: what is in it, and what a crash leaves of it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import duckdb
from tests.e2e.conftest import environment, serving, serving_models


def ask(url, prompt):
    body = {"model": "auto", "messages": [{"role": "user", "content": prompt}], "max_tokens": 4}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json", "x-session-id": "mine"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
        return answer.headers["x-gearshift-decision-id"]


def gearshift(cwd, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "gearshift", *arguments],
        cwd=cwd,
        env=environment(HOME=str(cwd), XDG_STATE_HOME=str(cwd / "state")),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def stats(cwd):
    return json.loads(gearshift(cwd, "stats", "--json"))


def test_every_request_of_all_workers_is_in_it_and_no_prompt(tmp_path):
    state = tmp_path / "state"
    # Its models count as large as those that they stand for; an Ollama tells their true size.
    with serving(tmp_path, "--demo", "--workers", "2", XDG_STATE_HOME=str(state)) as gateway:
        places = [f"{number}zanzibarshire" for number in range(8)]
        ids = {ask(gateway.url, f"What time is it in {place}?") for place in places}
        ids |= {ask(gateway.url, "Explain async vs threads") for _ in range(4)}
    facts = stats(tmp_path)
    assert facts["requests"] == 12
    assert facts["by_tier"] == {"simple": 8, "complex": 4}
    assert 0 < facts["compute"]["saved_share"] < 1
    assert "12 rows" in gearshift(tmp_path, "export", "--out", "exported")
    file = tmp_path / "exported" / "decisions.parquet"
    with duckdb.connect() as connection:
        query = f"SELECT id, tier, session_hash, prompt_hash FROM '{file}'"
        rows = connection.execute(query).fetchall()
    assert {row[0] for row in rows} == ids
    assert len({row[2] for row in rows}) == 1
    assert len({row[3] for row in rows}) == 9
    for part in (state / "gearshift").iterdir():
        assert b"zanzibarshire" not in part.read_bytes()


def test_a_kill_loses_at_most_the_last_second(tmp_path):
    with serving_models(tmp_path, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        asked = [(time.monotonic(), ask(gateway.url, f"What is {n}?")) for n in range(30)]
        time.sleep(1.0)
        os.kill(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait()
        assert len(asked) == 30
    assert stats(tmp_path)["requests"] == 30


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path):
    state = tmp_path / "state"
    state.write_text("a file where a folder should be")
    with serving_models(tmp_path, XDG_STATE_HOME=str(state)) as gateway:
        assert ask(gateway.url, "What time is it?")
        time.sleep(0.6)
        metrics = urllib.request.urlopen(f"{gateway.admin}/metrics", timeout=10).read().decode()
    assert "gearshift_decision_log_dropped_total 0" in metrics
    said = (tmp_path / "stderr").read_text()
    assert said.count("requests are not affected") == 1


def test_it_can_be_switched_off(tmp_path):
    state = tmp_path / "state"
    config = tmp_path / "mine.yaml"
    config.write_text("decision_log: {enabled: false}\n")
    with serving_models(tmp_path, "--config", str(config), XDG_STATE_HOME=str(state)) as gateway:
        ask(gateway.url, "What time is it?")
    assert not state.exists()


def feedback(url, body):
    request = urllib.request.Request(
        f"{url}/v1/feedback",
        body if isinstance(body, bytes) else json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]["message"]


def test_users_say_what_they_think_of_an_answer(tmp_path):
    state = str(tmp_path / "state")
    with serving_models(tmp_path, "--workers", "2", XDG_STATE_HOME=state) as gateway:
        given = {"decision_id": ask(gateway.url, "What time is it?"), "verdict": "bad"}
        assert feedback(gateway.url, given) == (202, given)
        assert feedback(gateway.url, {**given, "comment": "wrong: ☕ '; --"})[0] == 202
        assert feedback(gateway.url, {**given, "decision_id": "dec-" + 24 * "0"})[0] == 404
        for wrong, said in (
            ({**given, "verdict": "meh"}, "good' or 'bad"),
            ({**given, "comment": "x" * 3_000}, "more than 2,000"),
            ({"verdict": "good"}, "decision_id must be a string"),
            (["good"], "must be a JSON object"),
            (b"{", "not valid JSON"),
        ):
            status, message = feedback(gateway.url, wrong)
            assert (status, said in message) == (400, True), message
    # A user's later verdict on the same answer takes the place of the earlier one.
    assert stats(tmp_path)["quality"]["judgements"] == {"bad": 1}
