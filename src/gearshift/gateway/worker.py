"""One of several worker processes: its parent hands it the settings and the listening socket."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import sys
import threading
from dataclasses import dataclass

from gearshift.event_loop import run, settle
from gearshift.gateway.run import running_gateway
from gearshift.logs import configure_logs
from gearshift.providers.base import UpstreamConfig
from gearshift.settings import Settings

READY_LINE = b"ready\n"


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told on its standard input, pickled by its own parent.

    Attributes:
        listener: File descriptor of the listening socket, inherited.
        workers: How many there are.
    """

    settings: Settings
    upstreams: tuple[UpstreamConfig, ...]
    listener: int
    workers: int = 1


def main() -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    order = pickle.load(sys.stdin.buffer)
    configure_logs()
    run(_serve(order))


async def _serve(order: Order) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(
        target=_watch_parent, args=(lambda: loop.call_soon_threadsafe(stop.set),), daemon=True
    ).start()
    listener = socket.socket(fileno=order.listener)
    async with running_gateway(order.settings, order.upstreams, listener, order.workers):
        settle()
        sys.stdout.buffer.write(READY_LINE)
        sys.stdout.buffer.flush()
        await stop.wait()


def _watch_parent(gone: object) -> None:
    # Not through the buffer, whose lock a daemon thread would hold while the process ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    if callable(gone):
        gone()


if __name__ == "__main__":
    main()
