"""One of several worker processes: its parent hands it the settings and the listening socket."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import threading
from functools import partial
from typing import Final

import orjson

from gearshift.errors import GearshiftError
from gearshift.serving.event_loop import run, settled
from gearshift.serving.live_interface import LiveInterface
from gearshift.serving.logs import configure_logs
from gearshift.serving.run import running_gateway
from gearshift.serving.worker_protocol import (
    CACHE,
    DRAINED,
    PREPARED,
    READY,
    REFUSED,
    SWITCHED,
    Cache,
    Commit,
    Order,
    Prepare,
    Start,
    read_order,
)

logger = logging.getLogger(__name__)

_LONGEST_LINE: Final = 4000
_ORPHAN_SECONDS: Final = 5.0
"""For answers in progress when the parent is gone: nobody knows of this worker any more."""


def main() -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # for the parent, which tells its workers
    order = read_order(sys.stdin.fileno())
    if isinstance(order, Start):
        configure_logs()
        run(_serve(order))


async def _serve(begin: Start) -> None:
    stop, is_orphan = asyncio.Event(), asyncio.Event()
    orders: asyncio.Queue[Order] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_listen, args=(loop, orders, stop, is_orphan), daemon=True).start()
    listener = socket.socket(fileno=begin.listener)
    gateway = running_gateway(
        begin.settings, begin.upstreams, listener, begin.workers, with_log=True
    )
    async with gateway as running:
        obeying = asyncio.create_task(_obey(running.live, orders))
        with settled():
            _send_line(READY)
            await stop.wait()
        if is_orphan.is_set():
            running.most_seconds = _ORPHAN_SECONDS
        obeying.cancel()


def _listen(
    loop: asyncio.AbstractEventLoop, orders: asyncio.Queue[Order], *ends: asyncio.Event
) -> None:
    # Not through the buffer, whose lock a daemon thread would hold while the process ends.
    while (order := read_order(sys.stdin.fileno())) is not None:
        loop.call_soon_threadsafe(orders.put_nowait, order)
    for end in reversed(ends):
        loop.call_soon_threadsafe(end.set)


async def _obey(live: LiveInterface, orders: asyncio.Queue[Order]) -> None:
    while True:
        match await orders.get():
            case Prepare() as order:
                await _prepare(live, order)
            case Commit(number):
                closed = live.commit()
                _send_line(SWITCHED, number)
                closed.add_done_callback(partial(_say_drained, number))
            case Cache(number, which, clear):
                facts = await live.llm.cache_contents(which, clear=clear)
                _send_line(CACHE, number, orjson.dumps(facts).decode())
            case _:
                await live.abort()


def _say_drained(number: int, _: asyncio.Task[None]) -> None:
    _send_line(DRAINED, number)


async def _prepare(live: LiveInterface, order: Prepare) -> None:
    try:
        await live.prepare(order.settings, order.upstreams)
    except GearshiftError as error:
        _send_line(REFUSED, order.number, " ".join(str(error).split()))
    except Exception as error:  # the worker serves on with what it has
        logger.exception("a change of the configuration could not be prepared")
        _send_line(REFUSED, order.number, f"{type(error).__name__} in a worker; see the log")
    else:
        _send_line(PREPARED, order.number)


def _send_line(word: str, *more: object) -> None:
    line = " ".join([word, *map(str, more)])[:_LONGEST_LINE]
    sys.stdout.buffer.write(f"{line}\n".encode(errors="replace"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
