"""What is tallied is what the library's own histogram would have counted."""

import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from gearshift.telemetry.tallies import BulkHistogram, HistogramTally

BOUNDS = (0.1, 1.0, 10.0)
VALUES = [0.0, 0.1, 0.1000001, 0.5, 1.0, 9.0, 10.0, 11.0, 1e9]


def shown(histogram, registry):
    text = generate_latest(registry).decode()
    return [line for line in text.splitlines() if "_created" not in line]


def tally():
    registry = CollectorRegistry()
    histogram = BulkHistogram("h", "help", buckets=BOUNDS, registry=registry)
    return HistogramTally(histogram, BOUNDS), lambda: shown(histogram, registry)


def observed(*values):
    registry = CollectorRegistry()
    histogram = Histogram("h", "help", buckets=BOUNDS, registry=registry)
    for value in values:
        histogram.observe(value)
    return shown(histogram, registry)


def test_it_counts_as_the_library_does_also_at_the_bounds():
    tallied, text = tally()
    for value in VALUES:
        tallied.add(value)
    tallied.flush()
    assert text() == observed(*VALUES)


def test_nothing_is_told_twice_and_nothing_is_lost_between_two_readings():
    tallied, text = tally()
    tallied.add(0.5)
    assert text() == observed()
    tallied.flush()
    tallied.flush()
    assert text() == observed(0.5)
    tallied.add(20.0)
    tallied.add(0.5)
    tallied.flush()
    assert text() == observed(0.5, 20.0, 0.5)


def test_counts_for_another_number_of_buckets_are_refused():
    histogram = BulkHistogram("h", "help", buckets=BOUNDS, registry=CollectorRegistry())
    with pytest.raises(ValueError, match="shorter"):
        histogram.add([1, 1, 1], 3.0)
