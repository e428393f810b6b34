"""A port of this machine that stays a test's own although nobody listens there yet."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port of 127.0.0.1 that no other test gets, however many run at the same time.

    It is bound and not listened at: connections are refused, the system gives it to nobody who asks
    for any port, and on Linux a server that is told its number can have it.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
