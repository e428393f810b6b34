"""What the watch sees in a log, raises, ends and moves."""

import http.server
import json
import threading
import time
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from tests.fakes.finished import decision, finished

from gearshift.config.loading import Settings
from gearshift.decision_log.database import open_database
from gearshift.decision_log.experiments import ExperimentState, Metric, experiments, start
from gearshift.decision_log.judgements import JudgementRow, charge_shadow, insert_judgement
from gearshift.decision_log.lease import Lease, LeaseLostError
from gearshift.decision_log.schema import EXPERIMENTS
from gearshift.decision_log.summary import summarise
from gearshift.decision_log.writer import LogWriter
from gearshift.guarantees.alarms import AlarmFacts, Limits, alarms, stability_index
from gearshift.quality import auto_tune, experiment_report
from gearshift.quality import watch as watch_module
from gearshift.quality.alarm_record import kept_alarms
from gearshift.quality.experiment_report import report
from gearshift.quality.watch import Watch
from gearshift.telemetry.compute import Accounting
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Usage

OWNS: Any = SimpleNamespace(is_held=True, acting=Engine.begin)
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
        with_prompts=False,
    )
    writer.start()
    for number, (verdict, more) in enumerate(judged):
        made = decision(time=time.time() - ago, **changes)
        made = made._replace(session=f"session {number}", sample_rate=1.0, **more)
        writer.add([finished()._replace(decision=made)])
        scores = {"win": (1.0, 0.0), "tie": (1.0, 1.0), "loss": (0.0, 1.0)}[verdict]
        row = JudgementRow(made.id, made.time + 1.0, "checks", verdict, *scores, 1.0)
        writer.submit(partial(_insert, row))
    writer.stop()
    return open_database(url)


def settings(**quality):
    return Settings.model_validate({"quality": quality})


def test_nothing_is_wrong_with_nothing():
    assert alarms(AlarmFacts(), LIMITS) == []


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (AlarmFacts(judged=200, losses=60), "quality"),
        (AlarmFacts(compared=100, contradicted=60), "disagreement"),
        (AlarmFacts(requests=1_000, fallbacks=300), "fallbacks"),
        (AlarmFacts(scored=300, simple=299), "share"),
        (AlarmFacts(scored=300, simple=15), "share"),
        (AlarmFacts(scores={1: 500}, earlier_scores={1: 250, 20: 250}), "drift"),
    ],
)
def test_what_is_wrong_is_said(day, name):
    assert [alarm.name for alarm in alarms(day, LIMITS)] == [name]


@pytest.mark.parametrize(
    "day",
    [
        AlarmFacts(judged=5, losses=1),
        AlarmFacts(requests=20, fallbacks=3),
        AlarmFacts(scored=20, simple=20),
        AlarmFacts(scored=100, simple=92),
        AlarmFacts(scored=100, simple=14),
        AlarmFacts(scores={1: 100}, earlier_scores={20: 100}),
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
    watch = Watch(url, lambda: now[0], None, OWNS)
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
    Watch(url, settings, None, OWNS).look()
    (kept,) = experiments(engine)
    assert kept.state is ExperimentState.STOPPED
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
    watch = Watch(url, lambda: tuning, file, OWNS)
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


class Posted:
    """What stands for a webhook: everything that was posted, or an error."""

    def __init__(self, monkeypatch, error=None):
        self.requests, self.error = [], error
        monkeypatch.setattr("urllib.request.urlopen", self)

    def __call__(self, request, timeout):
        self.requests.append((request, timeout))
        if self.error:
            raise self.error
        return nullcontext()


@pytest.fixture
def bare(log, monkeypatch):
    """A watch on a log in memory, whose looks see what they are told to see."""
    seen: dict[str, Any] = {"day": AlarmFacts(), "settings": settings()}
    watch = Watch("sqlite://", lambda: seen["settings"], None, OWNS)
    monkeypatch.setattr(watch._database, "get", lambda: log)
    monkeypatch.setattr(watch_module, "last_day", lambda engine, now, lowest: seen["day"])
    return watch, seen


def test_the_webhook_is_told_what_began_and_what_is_over(bare, monkeypatch):
    watch, seen = bare
    posted = Posted(monkeypatch)
    seen["settings"] = settings(alarms={"webhook": "http://127.0.0.1:9/hook"})
    watch.look()
    assert posted.requests == []  # nothing has changed
    seen["day"] = AlarmFacts(judged=200, losses=60)
    watch.look()
    watch.look()
    seen["day"] = AlarmFacts()
    watch.look()
    (first, timeout), (second, _) = posted.requests
    assert timeout == 5.0
    assert first.full_url == "http://127.0.0.1:9/hook"
    assert first.get_header("Content-type") == "application/json"
    (alarm,) = alarms(AlarmFacts(judged=200, losses=60), LIMITS)
    told = json.loads(first.data)
    assert told["over"] == []
    assert [set(one) for one in told["raised"]] == [{"name", "value", "limit", "message"}]
    assert (told["raised"][0]["name"], told["raised"][0]["value"]) == ("quality", alarm.value)
    assert told["raised"][0]["message"].startswith("30 % (at least ")
    assert json.loads(second.data) == {"raised": [], "over": ["quality"]}


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("no address")])
def test_a_webhook_that_fails_is_said_and_no_more(bare, monkeypatch, caplog, error):
    watch, seen = bare
    Posted(monkeypatch, error)
    seen["settings"] = settings(alarms={"webhook": "http://127.0.0.1:9/hook"})
    seen["day"] = AlarmFacts(judged=200, losses=60)
    watch.look()
    assert watch.lasting == ("quality",)
    assert f"the alarm webhook cannot be reached: {error}" in caplog.text


@pytest.mark.parametrize(
    ("limit", "day"),
    [
        ({"loss_share": 0.29}, AlarmFacts(judged=2_000, losses=700)),
        ({"disagreement": 0.29}, AlarmFacts(compared=2_000, contradicted=700)),
        ({"fallback_share": 0.29}, AlarmFacts(requests=2_000, fallbacks=700)),
        ({"simple_share": [0.0, 0.29]}, AlarmFacts(scored=2_000, simple=700)),
        (
            {"drift": 0.001},
            AlarmFacts(scores={1: 900, 9: 1_100}, earlier_scores={1: 1_500, 9: 500}),
        ),
    ],
)
def test_each_limit_of_the_settings_is_its_own(bare, limit, day):
    watch, seen = bare
    seen["day"] = day
    most = {"loss_share": 0.9, "disagreement": 0.9, "fallback_share": 0.9, "drift": 9.0}
    seen["settings"] = settings(alarms={**most, "simple_share": [0.0, 1.0]})
    watch.look()
    assert watch.lasting == ()
    seen["settings"] = settings(alarms={**most, "simple_share": [0.0, 1.0], **limit})
    watch.look()
    assert len(watch.lasting) == 1


def test_experiments_are_looked_at_the_more_rarely_the_longer_it_takes(bare, monkeypatch):
    watch, _ = bare
    now, looks = [0.0], []

    def reading(engine, state):
        looks.append((now[0], state))
        now[0] += 2.0
        return []

    watch._clock = lambda: now[0]
    watch._harm_due = 0.0
    monkeypatch.setattr(watch_module, "experiments", reading)
    for at in (0.0, 101.9, 102.0, 203.9, 204.0):
        now[0] = at
        watch.look()
    assert looks == [(at, ExperimentState.RUNNING) for at in (0.0, 102.0, 204.0)]


@pytest.mark.parametrize(
    ("harmed", "is_ratio_wrong", "is_ended"),
    [((), False, False), (("9",), True, False), (("9",), False, True), (("5", "9"), False, True)],
)
def test_only_harm_that_is_shown_ends_an_experiment(
    bare, log, monkeypatch, harmed, is_ratio_wrong, is_ended
):
    watch, _ = bare
    arms = (Arm("1", threshold=1.0), Arm("9", threshold=9.0))
    kept = start(log, Experiment("x", Dimension.THRESHOLD, arms, 1.0, 1.0), Metric.LOSSES, 0.05)
    finding = SimpleNamespace(harmed_by=harmed, is_ratio_wrong=is_ratio_wrong)
    asked = []

    def found(kept, had):
        asked.append((kept, set(had)))
        return finding

    monkeypatch.setattr(experiment_report, "finding_of", found)
    monkeypatch.setattr(experiment_report, "words_of", lambda kept, finding: "9 is bad")
    watch.look()
    assert asked == [(kept, {"1", "9"})]
    (now,) = experiments(log)
    assert (now.state is ExperimentState.STOPPED) is is_ended
    if is_ended:
        assert now.stop_reason == f"stopped automatically: {', '.join(harmed)} is worse"
        with log.connect() as connection:
            assert connection.scalar(select(EXPERIMENTS.c.result)) == "9 is bad"


def test_the_owner_looks_and_the_others_know_what_it_found(bare, log, monkeypatch):
    watch, seen = bare
    seen["day"] = AlarmFacts(judged=200, losses=60)
    lease, waiting = Lease("here"), Lease("there")
    other = Watch("sqlite://", settings, None, waiting)
    monkeypatch.setattr(other._database, "get", lambda: log)
    monkeypatch.setattr(other, "look", lambda: pytest.fail("it does not own the log"))
    watch._lease = lease
    assert lease.take(log)
    assert not waiting.take(log)
    watch._look_if_owner()
    other._look_if_owner()
    assert other.lasting == watch.lasting == ("quality",)


def test_an_owner_that_has_slept_raises_ends_and_stops_nothing(bare, log, monkeypatch):
    watch, seen = bare
    watch._lease, woken = Lease("slept", clock=lambda: 0.0), Lease("woken")
    assert watch._lease.take(log)
    watch._lease.release(log)
    watch._lease._token = 1  # as one that knows nothing of what happened while it slept
    assert woken.take(log)
    seen["day"] = AlarmFacts(judged=200, losses=60)
    with pytest.raises(LeaseLostError):
        watch.look()
    assert kept_alarms(log) == []
    arms = (Arm("1", threshold=1.0), Arm("9", threshold=9.0))
    start(log, Experiment("x", Dimension.THRESHOLD, arms, 1.0, 1.0), Metric.LOSSES, 0.05)
    finding = SimpleNamespace(harmed_by=("9",), is_ratio_wrong=False)
    monkeypatch.setattr(experiment_report, "finding_of", lambda kept, had: finding)
    monkeypatch.setattr(experiment_report, "words_of", lambda kept, finding: "9 is bad")
    with pytest.raises(LeaseLostError):
        watch._end_harm(log, settings())
    (kept,) = experiments(log)
    assert kept.state is ExperimentState.RUNNING


def test_trouble_is_said_once_until_it_is_over(monkeypatch, caplog):
    watch = Watch("sqlite://", settings, None, OWNS, every_seconds=0.001)
    left = [True, True, False, True]

    def look():
        if not left:
            watch._stop.set()
        elif left.pop(0):
            raise OSError("the disk\nis full")

    monkeypatch.setattr(watch, "_look_if_owner", look)
    watch.start()
    watch._thread.join(30)
    watch.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "quality watch: the disk is full"
    ] * 2


def test_a_watch_that_never_began_can_be_stopped(bare):
    watch, _ = bare
    assert (watch._thread.name, watch._thread.daemon) == ("quality-watch", True)
    watch.stop()
    assert watch.lasting == ()


def test_a_look_that_hangs_holds_up_nobody_who_stops_it(bare):
    watch, _ = bare
    waited: list[float | None] = []
    watch._thread = SimpleNamespace(ident=1, join=waited.append)
    watch.stop()
    assert waited == [10.0]


@pytest.mark.parametrize(("enabled", "with_file"), [(True, True), (True, False), (False, True)])
def test_the_threshold_is_tuned_where_it_is_wanted_and_there_is_a_file(
    bare, log, monkeypatch, tmp_path, enabled, with_file
):
    watch, seen = bare
    tuned = []

    class Tune:
        def __init__(self, file, begin):
            self.file = file
            assert begin == OWNS.acting

        def maybe(self, engine, settings):
            tuned.append((self, engine, settings))

    monkeypatch.setattr(auto_tune, "AutoTune", Tune)
    seen["settings"] = settings(auto_tune={"enabled": enabled})
    file = tmp_path / "config.yaml"
    watch._config_file = file if with_file else None
    watch.look()
    watch.look()
    if not (enabled and with_file):
        assert tuned == []
        return
    assert [(one.file, engine) for one, engine, _ in tuned] == [(file, log)] * 2
    assert tuned[0][0] is tuned[1][0]  # it keeps its scorer
