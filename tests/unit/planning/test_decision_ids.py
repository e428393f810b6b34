"""Names of decisions: in the order of time, unique, and random where it counts."""

import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from gearshift.planning.decision_ids import DecisionIds, exploration_hash, sampling_hash


def test_names_are_unique_and_of_one_form():
    ids = DecisionIds()
    names = [ids.next() for _ in range(5_000)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"dec-[0-9a-f]{24}", name) for name in names)


def test_later_names_come_after_earlier_ones():
    ids = DecisionIds()
    first = ids.next()
    time.sleep(0.02)
    assert DecisionIds().next() > first


def test_draws_are_even_and_independent_of_each_other_and_of_time():
    ids = DecisionIds()
    numbers = [
        (sampling_hash(name), exploration_hash(name))
        for name in (ids.next() for _ in range(20_000))
    ]
    assert all(0 <= one < 1 and 0 <= other < 1 for one, other in numbers)
    # Each quarter of the square gets a quarter: 5,000 with a standard deviation of 61.
    for low, high in ((False, False), (False, True), (True, False), (True, True)):
        count = sum((one < 0.5) == low and (other < 0.5) == high for one, other in numbers)
        assert abs(count - 5_000) < 400


def test_many_threads_get_names_of_their_own():
    ids = DecisionIds()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            made = threads.map(lambda _: [ids.next() for _ in range(20_000)], range(4))
            names = [name for some in made for name in some]
    finally:
        sys.setswitchinterval(before)
    assert len(set(names)) == len(names) == 80_000
    assert all(len(name) == 28 for name in names)
