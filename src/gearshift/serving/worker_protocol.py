"""The worker protocol: lines to a worker on its standard input, and its lines of answer."""

from __future__ import annotations

import os
import pickle
import struct
from dataclasses import dataclass
from typing import Final

from gearshift.cache.contents import Selection
from gearshift.config.loading import Settings
from gearshift.providers.base import UpstreamConfig

_LENGTH: Final = struct.Struct(">I")

READY: Final = "ready"
PREPARED: Final = "prepared"
REFUSED: Final = "refused"
SWITCHED: Final = "switched"
DRAINED: Final = "drained"
CACHE: Final = "cache"
"""First words of a worker's lines; the order's number follows, then a reason or facts if any."""


@dataclass(frozen=True, slots=True)
class Start:
    """Serve.

    Attributes:
        listener: File descriptor of the listening socket, inherited.
        workers: How many there are.
    """

    settings: Settings
    upstreams: tuple[UpstreamConfig, ...]
    listener: int
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make everything ready for a change of settings: `PREPARED` or `REFUSED`."""

    number: int
    settings: Settings
    upstreams: tuple[UpstreamConfig, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """Activate it: `SWITCHED`, then `DRAINED` when nobody uses the old settings any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Abort:
    """Give it up."""

    number: int


@dataclass(frozen=True, slots=True)
class Cache:
    """Say what is in the memory of the cache, or forget it: `CACHE`, then JSON."""

    number: int
    which: Selection
    clear: bool


Order = Start | Prepare | Commit | Abort | Cache


def written(order: Order) -> bytes:
    """The order with its length before it; pickled, for a child of the writer's own."""
    data = pickle.dumps(order)
    return _LENGTH.pack(len(data)) + data


def read_order(file: int) -> Order | None:
    """Wait for the next order on a file descriptor; `None` when the parent is gone."""
    length = _exactly(file, _LENGTH.size)
    data = _exactly(file, *_LENGTH.unpack(length)) if length else None
    if data is None:
        return None
    order: Order = pickle.loads(data)
    return order


def _exactly(file: int, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        piece = os.read(file, size - len(data))
        if not piece:
            return None
        data += piece
    return data
