"""What the watch sees in a log, raises, ends and moves."""

import http.server
import json
import threading
import time
from functools import partial

import pytest
from tests.fakes.finished import decision, finished

from gearshift.decision_log.database import open_database
from gearshift.decision_log.experiments import Metric, State, experiments, start
from gearshift.decision_log.judgements import JudgementRow, charge_shadow, insert_judgement
from gearshift.decision_log.retention import Retention
from gearshift.decision_log.summary import summarise
from gearshift.decision_log.writer import LogWriter
from gearshift.guarantees.alarms import Day, Limits, alarms, stability_index
from gearshift.quality.alarm_record import kept_alarms
from gearshift.quality.experiment_report import report
from gearshift.quality.watch import Watch
from gearshift.settings import Settings
from gearshift.telemetry.compute import Accounting
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Usage

LIMITS = Limits(0.1, 0.25, 0.3, 0.1, (0.2, 0.9))


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'log.db'}"


def _insert(row, connection):
    insert_judgement(connection, row)


def written(url, judged, ago=0.0, **changes):
    """So many decisions of the small model, with the verdict of each."""
    writer = LogWriter(
        url,
        Accounting(lambda upstream, model: 1e9, lambda: ("", "big")),
        Retention(30, 1000),
        with_prompts=False,
    )
    writer.start()
    for number, (verdict, more) in enumerate(judged):
        made = decision(time=time.time() - ago, **changes)
        made = made._replace(session=f"session {number}", drawn=1.0, **more)
        writer.add([finished()._replace(decision=made)])
        scores = {"win": (1.0, 0.0), "tie": (1.0, 1.0), "loss": (0.0, 1.0)}[verdict]
        row = JudgementRow(made.id, made.time + 1.0, "checks", verdict, *scores, 1.0)
        writer.later(partial(_insert, row))
    writer.stop()
    return open_database(url)


def settings(**quality):
    return Settings.model_validate({"quality": quality})


def test_nothing_is_wrong_with_nothing():
    assert alarms(Day(), LIMITS) == []


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (Day(judged=200, losses=60), "quality"),
        (Day(compared=100, contradicted=60), "disagreement"),
        (Day(requests=1_000, fallbacks=300), "fallbacks"),
        (Day(scored=300, simple=299), "share"),
        (Day(scored=300, simple=15), "share"),
        (Day(scores={1: 500}, earlier_scores={1: 250, 20: 250}), "drift"),
    ],
)
def test_what_is_wrong_is_said(day, name):
    assert [alarm.name for alarm in alarms(day, LIMITS)] == [name]


@pytest.mark.parametrize(
    "day",
    [
        Day(judged=5, losses=1),
        Day(requests=20, fallbacks=3),
        Day(scored=20, simple=20),
        Day(scored=100, simple=92),
        Day(scored=100, simple=14),
        Day(scores={1: 100}, earlier_scores={20: 100}),
    ],
)
def test_chance_is_no_alarm(day):
    assert alarms(day, LIMITS) == []


def test_the_stability_index_is_nothing_for_the_same_and_grows_with_the_difference():
    assert stability_index({1: 10, 2: 30}, {1: 100, 2: 300}) == pytest.approx(0.0)
    near = stability_index({1: 10, 2: 30}, {1: 15, 2: 25})
    assert 0 < near < stability_index({1: 10, 2: 30}, {1: 30, 2: 10})


def test_an_alarm_is_raised_once_told_once_and_ended_once(url):
    told = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = f"http://127.0.0.1:{server.server_port}/hook"
    engine = written(url, [("loss", {})] * 30)
    now = [settings(alarms={"webhook": hook})]
    watch = Watch(url, lambda: now[0], None)
    watch.look()
    watch.look()
    assert [*watch.lasting] == ["quality"]
    (alarm,) = kept_alarms(engine)
    assert alarm.value == 1.0
    now[0] = settings(alarms={"webhook": hook, "loss_share": 0.999})
    watch.look()
    assert not watch.lasting
    (alarm,) = kept_alarms(engine, only_lasting=False)
    assert alarm.until is not None
    server.shutdown()
    server.server_close()
    assert [[one["name"] for one in each["raised"]] for each in told] == [["quality"], []]
    assert [each["over"] for each in told] == [[], ["quality"]]
    engine.dispose()


def test_a_harmful_arm_ends_its_experiment(url):
    engine = open_database(url)
    arms = (Arm("1", threshold=1.0), Arm("9", threshold=9.0))
    start(
        engine,
        Experiment("bounds", Dimension.THRESHOLD, arms, 1.0, time.time() - 9_000),
        Metric.LOSSES,
        0.05,
    )
    engine.dispose()
    judged = [("tie", {"arms": "bounds:1"}), ("loss", {"arms": "bounds:9"})] * 60
    engine = written(url, judged, ago=4_000)
    Watch(url, settings, None).look()
    (kept,) = experiments(engine)
    assert kept.state is State.STOPPED
    assert "9 is worse" in (kept.stop_reason or "")
    facts = report(engine, kept, "simple")
    assert [arm["judged"] for arm in facts["arms"]] == [60, 60]
    assert facts["difference"]["is_worse"]
    assert facts["sample_ratio"]["ok"]
    engine.dispose()


def test_a_threshold_that_nothing_promises_is_given_up_at_once(url, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("tiered_routing:\n  complexity_threshold: 3\n")
    engine = written(url, [("loss", {})] * 60)
    tuning = settings(auto_tune={"enabled": True})
    watch = Watch(url, lambda: tuning, file)
    watch.look()
    assert "complexity_threshold: 0\n" in file.read_text()
    file.write_text("tiered_routing:\n  complexity_threshold: 3\n")
    watch.look()  # not before its time
    assert "complexity_threshold: 3" in file.read_text()
    engine.dispose()


def test_what_shadows_cost_counts_against_what_is_saved(url):
    engine = written(url, [("tie", {})])
    before = summarise(engine, 0).to_json("simple")["compute"]
    with engine.begin() as connection:
        charge_shadow(connection, "big", Usage(10, 10), 5e12)
    after = summarise(engine, 0).to_json("simple")
    assert after["compute"]["saved_flops"] == pytest.approx(before["saved_flops"] - 5e12)
    assert after["requests"] == 1
    engine.dispose()
