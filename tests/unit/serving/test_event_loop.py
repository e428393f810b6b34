"""The process runs its coroutine to the end, and keeps the garbage collector out of the way."""

import asyncio
import ctypes
import gc
import platform
import subprocess
import sys
import threading

import pytest

from gearshift.serving import event_loop


async def thread():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, lambda: threading.current_thread().name)


def test_what_it_returns_and_raises_comes_back():
    assert event_loop.run(thread()).startswith("loop")

    async def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        event_loop.run(broken())


def test_without_uvloop_it_runs_all_the_same(monkeypatch):
    monkeypatch.setattr(event_loop, "find_spec", lambda name: None)
    assert event_loop.run(thread()).startswith("loop")


@pytest.fixture
def as_any_program():
    """The collector as Python starts with it, whatever ran before."""
    before, was_on = gc.get_threshold(), gc.isenabled()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    gc.enable()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    if not was_on:
        gc.disable()


def test_what_is_there_at_the_start_is_not_looked_at_again(as_any_program):
    with event_loop.settled():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > 700
        assert gc.isenabled()


def test_the_program_that_has_called_us_gets_its_collector_back(as_any_program):
    with pytest.raises(ZeroDivisionError), event_loop.settled():
        raise ZeroDivisionError
    assert gc.get_threshold() == (700, 10, 10)
    assert gc.get_freeze_count() == 0


def test_what_the_calling_program_has_frozen_stays_so(as_any_program):
    gc.freeze()
    with event_loop.settled():
        pass
    assert gc.get_freeze_count() > 0


_HOLES = """
import ctypes

from gearshift.serving import event_loop


class Told(ctypes.Structure):
    _fields_ = [(str(place), ctypes.c_size_t) for place in range(10)]


library = ctypes.CDLL(None)
library.mallinfo2.restype = Told
longest = 300_000


async def main():
    bytes(longest)  # freed at once: the size that glibc would go by from now on
    kept = []
    for _ in range(100):
        bodies = [bytes(longest) for _ in range(10)]
        kept.append(bytes(5_000))  # made while they are there, and lives longer
        del bodies
    return getattr(library.mallinfo2(), "8")  # free, but kept


print(event_loop.run(main()), longest)
"""


class Library:
    """A C library that notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.malloc_trim = self.asked.append
        self.limits: list[tuple[int, int]] = []
        self.mallopt = lambda name, value: self.limits.append((name, value))


@pytest.mark.parametrize("library", [Library(), object()])
def test_memory_that_the_start_freed_goes_back_where_that_can_be(monkeypatch, library):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    with event_loop.settled():
        pass
    assert getattr(library, "asked", [0]) == [0]


@pytest.mark.parametrize("library", [Library(), object()])
def test_threads_share_memory_where_that_can_be(monkeypatch, library):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    assert event_loop.run(thread()).startswith("loop")
    assert getattr(library, "limits", [(-8, 2)])[0] == (-8, 2)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these limits")
def test_large_blocks_leave_no_holes_between_small_ones():
    """In a process of its own, since what it sets cannot be taken back."""
    measured = subprocess.run(
        [sys.executable, "-c", _HOLES], check=True, capture_output=True, text=True, timeout=60
    )
    held, longest = map(int, measured.stdout.split())
    assert held < 3 * longest


def test_what_bursts_have_freed_goes_back_again_and_again(monkeypatch):
    library, is_enough = Library(), threading.Event()

    def trim(pad):
        library.asked.append(pad)
        if len(library.asked) == 3:
            is_enough.set()

    library.malloc_trim = trim
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    monkeypatch.setattr(event_loop, "_TRIM_SECONDS", 0.001)

    async def until_given_back():
        return await asyncio.to_thread(is_enough.wait, 30)

    assert event_loop.run(until_given_back())
    for one in threading.enumerate():
        if one.name == "memory":
            one.join(30)  # it ends with the loop
            assert not one.is_alive()
