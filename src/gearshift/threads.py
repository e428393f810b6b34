"""Threads for what would hold up the event loop: some for each purpose, none waits for another.

A database that is away keeps its own threads busy, never those that decode bodies of requests.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, Final, TypeVar

T = TypeVar("T")


class Purpose(StrEnum):
    """What a thread is for."""

    DECODING = "decode"  # large bodies, in and out
    FEEDBACK = "feedback"  # verdicts of users, to the decision log
    DASHBOARD = "dashboard"  # questions of operators to the decision log
    EXPERIMENTS = "experiments"  # which of them run, from the decision log
    SETTINGS = "settings"  # reading the configuration, loading scorers
    JUDGING = "judge"  # sampled answers
    ENDING = "end"  # writing what is left when the process stops


# Started when they are first needed. Each that is kept takes two megabytes of its own, and more
# than one at a time is worth it only where a short piece of work may come behind a long one.
_THREADS: Final[Mapping[Purpose, int]] = {Purpose.DECODING: 2, Purpose.DASHBOARD: 2}
_EXECUTORS: Final[dict[Purpose, ThreadPoolExecutor]] = {}


def _renew() -> None:
    for purpose in Purpose:
        threads = _THREADS.get(purpose, 1)
        _EXECUTORS[purpose] = ThreadPoolExecutor(threads, thread_name_prefix=purpose.value)


_renew()
if hasattr(os, "register_at_fork"):  # not on Windows
    # A child has none of its parent's threads, so nothing would ever be done for it.
    os.register_at_fork(after_in_child=_renew)


IN_THREAD_BYTES: Final = 256 * 1024
"""Decoding or writing more than this would hold up other requests for a noticeable moment."""


async def in_thread_if_large(size: int, function: Callable[..., T], *arguments: Any) -> T:
    """Run something that works on `size` bytes: at once, or where it holds up nobody else.

    Raises:
        Exception: Whatever it raises.
    """
    if size <= IN_THREAD_BYTES:
        return function(*arguments)
    return await in_thread(Purpose.DECODING, function, *arguments)


async def in_thread(purpose: Purpose, function: Callable[..., T], *arguments: Any) -> T:
    """Run something in a thread of its purpose, behind what waits there already.

    Raises:
        Exception: Whatever it raises.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_EXECUTORS[purpose], function, *arguments)
