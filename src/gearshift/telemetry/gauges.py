"""Gauges: what is true at the moment of a scrape, whichever worker answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model on one upstream at the moment of a scrape."""

    upstream: str
    model: str
    is_up: bool
    is_resident: bool | None


class ModelGauges(Collector):
    """Which models can answer, and which are in memory.

    Args:
        states: Asked at every scrape.
    """

    def __init__(self, states: Callable[[], Iterable[ModelState]]) -> None:
        self._read = states

    def collect(self) -> Iterator[Metric]:
        """The two gauges."""
        labels = ("upstream", "model")
        up = GaugeMetricFamily("gearshift_upstream_up", "1 if the model can answer", labels=labels)
        resident = GaugeMetricFamily(
            "gearshift_model_resident", "1 if the model is in memory", labels=labels
        )
        for state in self._read():
            up.add_metric([state.upstream, state.model], float(state.is_up))
            if state.is_resident is not None:
                resident.add_metric([state.upstream, state.model], float(state.is_resident))
        yield up
        yield resident


class AlarmGauges(Collector):
    """One gauge for each alarm there can be.

    Args:
        lasting: Asked at every scrape which of them last.
        names: All of them.
    """

    def __init__(self, lasting: Callable[[], Iterable[str]], names: tuple[str, ...]) -> None:
        self._lasting = lasting
        self._names = names

    def collect(self) -> Iterator[Metric]:
        """1 where it lasts."""
        gauge = GaugeMetricFamily("gearshift_alarm", "1 while the alarm lasts", labels=["name"])
        lasting = set(self._lasting())
        for name in self._names:
            gauge.add_metric([name], float(name in lasting))
        yield gauge


class OwnerGauge(Collector):
    """Whether this process is the one that looks after the decision log.

    Args:
        is_owner: Asked at every scrape.
    """

    def __init__(self, is_owner: Callable[[], bool]) -> None:
        self._is_owner = is_owner

    def collect(self) -> Iterator[Metric]:
        """1 if it is."""
        gauge = GaugeMetricFamily(
            "gearshift_decision_log_owner", "1 in the process that looks after the decision log"
        )
        gauge.add_metric([], float(self._is_owner()))
        yield gauge
