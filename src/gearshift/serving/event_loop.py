"""The process: the quickest event loop, and a garbage collector that keeps out of the way."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any, Final, TypeVar

T = TypeVar("T")

# Requests leave next to no cycles behind; looking for them every 700 objects, as is usual, takes
# a tenth of the time of a request.
_GC_THRESHOLD: Final = (5_000, 10, 10)
# For what the loop itself does beside it, such as looking up names; our own work has threads of
# its own for each purpose.
_THREADS: Final = 2
# By default glibc gives each thread megabytes of its own, which it keeps when the thread is idle.
# Threads that take turns at the interpreter's lock can share: one for the main thread, one for all
# others.
_ARENAS: Final = (-8, 2)  # M_ARENA_MAX of malloc.h
# Once a large block has been freed, glibc takes blocks up to its size from where the small ones
# are, and holes as large as the longest bodies stay between those. With a size of its own, even
# glibc's first one, it keeps to that: such blocks have pages of their own, which go back at once.
_MMAP_THRESHOLD: Final = (-3, 128 * 1024)  # M_MMAP_THRESHOLD
# That would end its adapting of this one too, and every other request would move the heap's end.
_TRIM_THRESHOLD: Final = (-1, 2 * 1024 * 1024)  # M_TRIM_THRESHOLD
# What bursts have freed lies between what is still used, where glibc would keep it for good: some
# megabytes. Giving it back takes milliseconds.
_TRIM_SECONDS: Final = 60.0


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on the quickest loop there is, in a process that is its own."""
    for limit in (_ARENAS, _MMAP_THRESHOLD, _TRIM_THRESHOLD):
        _of_the_c_library("mallopt", *limit)
    has_ended = threading.Event()
    threading.Thread(target=_keep_small, args=(has_ended,), name="memory", daemon=True).start()
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(main)
    finally:
        has_ended.set()


def _new_loop() -> asyncio.AbstractEventLoop:
    if find_spec("uvloop") is None:
        loop = asyncio.new_event_loop()
    else:
        import uvloop

        loop = uvloop.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="loop"))
    return loop


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Meanwhile the garbage collector looks seldom, and never at what was made before.

    What was freed on the way goes back to the system. At the end the collector is as it was, for
    the program that has called us.
    """
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLD)
    # Compiling patterns and validators takes megabytes that glibc would keep.
    _of_the_c_library("malloc_trim", 0)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        if not frozen:  # what the caller has frozen cannot be told from what we have
            gc.unfreeze()


def _keep_small(has_ended: threading.Event) -> None:
    while not has_ended.wait(_TRIM_SECONDS):
        _of_the_c_library("malloc_trim", 0)


def _of_the_c_library(name: str, *arguments: int) -> None:
    """Call a function that only glibc has."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
