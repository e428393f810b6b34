"""What looks after a log runs beside a server that has one, and ends with it."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.logs import log_in
from tests.unit.decision_log.conftest import eventually

from gearshift.config.loading import Settings
from gearshift.decision_log.database import open_database
from gearshift.decision_log.lease import holder_of
from gearshift.decision_log.lease_keeper import this_process
from gearshift.quality import watch as module
from gearshift.serving.log_owner import log_owner
from gearshift.telemetry.metrics import Metrics


class Watch:
    """Notes what it is given and asked."""

    made: list["Watch"] = []  # noqa: RUF012
    lasting = ("drift",)

    def __init__(self, url, settings, config_file, lease):
        self.given = (url, settings(), config_file)
        self.asked = []
        self.made.append(self)

    def start(self):
        self.asked.append("start")

    def stop(self):
        self.asked.append("stop")


@pytest.fixture(autouse=True)
def watches(monkeypatch):
    Watch.made = []
    monkeypatch.setattr(module, "Watch", Watch)
    return Watch.made


def live(log) -> Any:
    settings = Settings.model_validate({"decision_log": log})
    return SimpleNamespace(llm=SimpleNamespace(settings=settings))


def test_it_watches_while_the_server_runs(watches, tmp_path):
    url, metrics = log_in(tmp_path), Metrics()
    given = live({"url": url})
    with log_owner(given, metrics, tmp_path / "x.yaml"):
        (watch,) = watches
        assert watch.given == (url, given.llm.settings, tmp_path / "x.yaml")
        assert watch.asked == ["start"]
        text = metrics.exposition()[1].decode()
        assert 'gearshift_alarm{name="drift"} 1.0' in text
        assert 'gearshift_alarm{name="quality"} 0.0' in text
        eventually(lambda: b"gearshift_decision_log_owner 1.0" in metrics.exposition()[1])
        assert getattr(holder_of(open_database(url)), "name", None) == this_process()
    assert watch.asked == ["start", "stop"]
    assert b"gearshift_decision_log_owner 0.0" in metrics.exposition()[1]
    assert holder_of(open_database(url)) is None


def test_it_ends_with_a_server_that_fails(watches, tmp_path):
    given = live({"url": log_in(tmp_path)})
    with pytest.raises(RuntimeError), log_owner(given, Metrics(), None):
        raise RuntimeError
    assert watches[0].asked == ["start", "stop"]


def test_without_a_log_there_is_nothing_to_watch(watches):
    metrics = Metrics()
    with log_owner(live({"enabled": False}), metrics, None):
        assert watches == []
    assert b"gearshift_alarm{" not in metrics.exposition()[1]


def test_without_an_address_the_log_is_the_users(watches, monkeypatch, tmp_path):
    url = f"sqlite:///{tmp_path / 'x'}"
    monkeypatch.setattr("gearshift.decision_log.database.default_url", lambda: url)
    with log_owner(live({}), Metrics(), None):
        assert watches[0].given[0] == url
