"""Signals: SIGTERM and SIGINT end it, SIGHUP has the configuration read again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from gearshift.serving.logs import notice


def heed_signals(stop: asyncio.Event, asked: asyncio.Event) -> None:
    """Set these from now on when a signal comes; call it in the main thread's loop.

    Args:
        stop: SIGTERM or SIGINT has come; at a second one the process ends at once.
        asked: SIGHUP has come, and not because our terminal was closed.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, stop)
    loop.add_signal_handler(signal.SIGHUP, _hung_up, stop, asked, _has_terminal())


def _end(stop: asyncio.Event) -> None:
    """Drain at the first signal; at the second, do not wait for it."""
    if stop.is_set():
        notice("second signal: exiting without waiting for requests in flight")
        os._exit(1)  # engines and workers end when they see that their parent is gone
    stop.set()


def _hung_up(stop: asyncio.Event, asked: asyncio.Event, had_terminal: bool) -> None:
    """Reload when somebody asks for it; end when it is our terminal that was closed."""
    (stop if had_terminal and not _has_terminal() else asked).set()


def _has_terminal() -> bool:
    try:
        os.tcgetpgrp(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):  # no terminal, or no standard input at all
        return False
    return True
