"""The quality watch runs beside a server that has a log, and ends with it."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.logs import log_in

from gearshift.config.loading import Settings
from gearshift.quality import watch as module
from gearshift.serving.quality_watch import quality_watch
from gearshift.telemetry.metrics import Metrics


class Watch:
    """Notes what it is given and asked."""

    made: list["Watch"] = []  # noqa: RUF012
    lasting = ("drift",)

    def __init__(self, url, settings, config_file):
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
    with quality_watch(given, metrics, tmp_path / "x.yaml"):
        (watch,) = watches
        assert watch.given == (url, given.llm.settings, tmp_path / "x.yaml")
        assert watch.asked == ["start"]
        text = metrics.exposition()[1].decode()
        assert 'gearshift_alarm{name="drift"} 1.0' in text
        assert 'gearshift_alarm{name="quality"} 0.0' in text
    assert watch.asked == ["start", "stop"]


def test_it_ends_with_a_server_that_fails(watches, tmp_path):
    given = live({"url": log_in(tmp_path)})
    with pytest.raises(RuntimeError), quality_watch(given, Metrics(), None):
        raise RuntimeError
    assert watches[0].asked == ["start", "stop"]


def test_without_a_log_there_is_nothing_to_watch(watches):
    metrics = Metrics()
    with quality_watch(live({"enabled": False}), metrics, None):
        assert watches == []
    assert b"gearshift_alarm{" not in metrics.exposition()[1]


def test_without_an_address_the_log_is_the_users(watches, monkeypatch):
    monkeypatch.setattr("gearshift.decision_log.database.default_url", lambda: "sqlite:///x")
    with quality_watch(live({}), Metrics(), None):
        assert watches[0].given[0] == "sqlite:///x"
