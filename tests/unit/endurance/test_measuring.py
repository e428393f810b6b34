"""The figures of a soak, and the plan of a chaos run."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from endurance.faults import plan
from endurance.measuring import Sample, growth, sample
from endurance.traffic import Traffic

MB = 1_000_000


def samples(*megabytes):
    return [Sample(at, int(mb * MB), 10, 0, 1) for at, mb in enumerate(megabytes)]


def test_a_line_is_found_again_with_an_interval_around_it():
    found = growth(samples(*(50 + 0.1 * at + 0.2 * (-1) ** at for at in range(100))))
    assert found.total == pytest.approx(9.9 * MB, rel=0.02)
    assert found.low < found.total < found.high
    assert not found.is_flat


def test_two_per_cent_and_a_megabyte_are_flat():
    assert growth(samples(*(50 + 0.015 * at for at in range(100)))).is_flat
    assert not growth(samples(*(50 + 0.025 * at for at in range(100)))).is_flat


def test_this_process_can_be_measured():
    measured = sample(0.0, os.getpid(), ())
    assert measured.memory > MB
    assert measured.descriptors > 2
    assert measured.threads >= 1


def test_the_same_seed_gives_the_same_run():
    tiers = ["simple", "simple", "complex"]
    assert plan(7, 60, tiers) == plan(7, 60, tiers) != plan(8, 60, tiers)
    first, again = Traffic(7, 1), Traffic(7, 1)
    assert [first.next() for _ in range(50)] == [again.next() for _ in range(50)]


def test_faults_end_before_the_run_does_and_do_not_overlap():
    faults = plan(3, 120, ["simple", "complex"])
    assert faults[-1].at + faults[-1].lasts < 120
    for one, other in pairwise(faults):
        assert one.at + one.lasts < other.at
