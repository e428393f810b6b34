"""Parts are worked on in several processes, which leave nothing behind."""

import multiprocessing
import os
import signal

import pytest

from gearshift.errors import GearshiftError
from gearshift.offline.parts import FilePart
from gearshift.offline.processes import Processes

PARTS = [FilePart(f"{number}.parquet", 0, number) for number in range(9)]


def where(part):
    return os.getpid(), signal.getsignal(signal.SIGINT)


def picky(part):
    if part.rows == 4:
        raise ValueError("not this one")
    return part.rows


def deadly(part):
    os._exit(3)


def test_parts_are_worked_on_elsewhere_and_signals_are_left_to_who_started_it():
    working = Processes(2).map(where, PARTS)
    found = dict(next(working) for _ in PARTS[:-1])
    assert len(found) == len(PARTS) - 1
    processes = {process for process, _ in found.values()}
    assert os.getpid() not in processes
    assert len(processes) <= 2
    assert {handler for _, handler in found.values()} == {signal.SIG_IGN}
    working.close()  # whoever stops reading ends the work
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("workers", "parts"), [(1, PARTS), (4, PARTS[:1])])
def test_no_process_is_started_for_one_worker_or_part(workers, parts):
    assert {process for _, (process, _) in Processes(workers).map(where, parts)} == {os.getpid()}


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (picky, r"^4\.parquet: ValueError: not this one"),
        (deadly, r"parquet: a worker process has died, perhaps for want of memory"),
    ],
)
def test_a_failure_names_its_part_and_ends_the_others(work, said):
    with pytest.raises(GearshiftError, match=said):
        list(Processes(2).map(work, PARTS))
    assert not multiprocessing.active_children()
