import json
import random

import pytest
from click.testing import CliRunner
from tests.fakes.finished import finished
from tests.fakes.traffic import outcomes

from gearshift.cli.replay import command as replay
from gearshift.cli.train import command as train
from gearshift.cli.tune import command as tune
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judged import judged_requests
from gearshift.decision_log.schema import JUDGEMENTS
from gearshift.errors import GearshiftError
from gearshift.types import Cause


def judge(url, events, scores):
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(
            JUDGEMENTS.insert(),
            [
                {
                    "decision_id": event.decision.id,
                    "time": event.decision.time,
                    "judge": "model",
                    "verdict": "loss" if weak < strong else "tie",
                    "weak_score": weak,
                    "strong_score": strong,
                    "propensity": 0.2,
                }
                for event, (weak, strong) in zip(events, scores, strict=True)
            ],
        )
    engine.dispose()


@pytest.fixture
def judged(url, writers, tmp_path, monkeypatch):
    """A log with 300 judged requests and their prompts, and its configuration."""
    monkeypatch.chdir(tmp_path)
    rows = outcomes(300)
    writer = writers(url, with_prompts=True)
    events = [finished(prompt=row["prompt"]) for row in rows]
    writer.add([*events, finished()])
    writer.stop()
    judge(url, events, [(row["weak_score"], row["strong_score"]) for row in rows])
    (tmp_path / "mine.yaml").write_text(f"decision_log: {{url: '{url}'}}\n")
    return url


def run(command, *arguments):
    result = CliRunner().invoke(command, [*arguments, "--config=mine.yaml", "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout)


def test_judged_requests_come_with_their_scores(judged):
    engine = open_database(judged)
    found = judged_requests(engine)
    engine.dispose()
    assert len(found) == 300
    assert {one.scorer for one in found} == {("rule", "1")}
    assert {one.propensity for one in found} == {0.2}
    assert found[0].characters == len(found[0].prompt or "")


def test_a_scorer_is_learned_from_the_log(judged, tmp_path):
    facts = run(train, "--out=mine.npz", "--rounds=50")
    assert facts["labels"] == 300
    assert (tmp_path / "mine.npz").exists()


def test_a_threshold_is_picked_from_the_log(url, writers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chance = random.Random(4)
    events = [finished("simple" if chance.random() < 0.5 else "complex") for _ in range(400)]
    writer = writers(url)
    writer.add(events)
    writer.stop()
    judge(url, events, [(float(one.decision.tier == "simple"), 1.0) for one in events])
    (tmp_path / "mine.yaml").write_text(f"decision_log: {{url: '{url}'}}\n")
    facts = run(tune, "--alpha=0.1")
    assert 2.5 < facts["threshold"] <= 5.0
    assert facts["n"] == 400
    assert facts["share_simple"] == pytest.approx(0.5, abs=0.1)
    # Another scorer cannot be tuned by these scores, and the prompts were not kept.
    result = CliRunner().invoke(tune, ["--config=mine.yaml", "--scorer=learned"])
    assert "400 judged requests are left out" in result.stderr
    assert result.exit_code == 1


def test_an_empty_log_says_what_else_to_give(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(f"decision_log: {{url: '{url}'}}\n")
    for command in (tune, train):
        with pytest.raises(GearshiftError, match="give FILEs"):
            run(command, *(["--out=mine.npz"] if command is train else []))


def test_another_threshold_is_replayed(url, writers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(f"decision_log: {{url: '{url}'}}\n")
    with pytest.raises(GearshiftError, match="no scored requests"):
        run(replay, "--threshold=4")
    events = [finished("simple" if number % 4 else "complex") for number in range(200)]
    writer = writers(url)
    writer.add([*events, *(finished(cause=Cause.FORCED) for _ in range(9))])
    writer.stop()
    facts = run(replay, "--threshold=6")
    assert facts["n"] == 200
    assert (facts["share_simple"], facts["share_moved"]) == (1.0, 0.25)
    assert facts["compute_saved"] == pytest.approx(1 - 2.614 / 7.248)
    assert facts["quality"]["method"] == "no support"
    judge(url, events[:40], [(float(number % 2), 1.0) for number in range(40)])
    facts = run(replay, "--threshold=6")
    assert facts["quality"]["method"] == "direct"
    assert facts["quality"]["estimate"] == pytest.approx(0.5)
    assert facts["quality"]["ci"][0] < 0.5 < facts["quality"]["ci"][1]
    said = CliRunner().invoke(replay, ["--threshold=6", "--config=mine.yaml"]).stdout
    assert "saved against always-complex" in said
    assert "25 % would have gone elsewhere" in said
