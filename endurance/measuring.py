"""What a process holds: memory, file descriptors, threads; and whether that grows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MEMORY = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)
_THREADS = re.compile(r"^Threads:\s+(\d+)", re.MULTILINE)
_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Sample:
    """A process and its children at one moment.

    Attributes:
        at: Seconds since the beginning.
        memory: Bytes that it has allocated, and its share of those that it shares. Without mapped
            files, such as libraries: how much of them counts as its own changes whenever another
            program that uses them comes or goes.
        pooled: Of the file descriptors, connections kept to upstreams.
    """

    at: float
    memory: int
    descriptors: int
    pooled: int
    threads: int


@dataclass(frozen=True, slots=True)
class Growth:
    """A straight line through samples.

    Attributes:
        first: Its value at the beginning.
        total: How far it rises from the first sample to the last.
        low, high: 95 % interval of that, as far as the samples are independent.
    """

    first: float
    total: float
    low: float
    high: float

    @property
    def allowed(self) -> float:
        """Growth that still counts as flat: 2 % and 1 MB."""
        return 0.02 * self.first + 1e6

    @property
    def is_flat(self) -> bool:
        """Whether it is."""
        return self.total < self.allowed


def sample(at: float, root: int, upstream_ports: Iterable[int]) -> Sample:
    """Measure a process with all its children; one that ends meanwhile does not count."""
    memory = descriptors = pooled = threads = 0
    ports = frozenset(upstream_ports)
    for pid in _tree(root):
        with suppress(OSError):
            folder = Path(f"/proc/{pid}")
            found = _MEMORY.search((folder / "smaps_rollup").read_text())
            memory += 1024 * int(found[1]) if found else 0
            links = _links(folder / "fd")
            descriptors += len(links)
            pooled += len(links & _sockets_to(folder, ports))
            found = _THREADS.search((folder / "status").read_text())
            threads += int(found[1]) if found else 0
    return Sample(at, memory, descriptors, pooled, threads)


def growth(samples: Sequence[Sample]) -> Growth:
    """Ordinary least squares through the memory over time."""
    times = np.array([s.at for s in samples])
    values = np.array([s.memory for s in samples], dtype=float)
    centred = times - times.mean()
    spread = float((centred**2).sum())
    slope = float((centred * values).sum()) / spread
    rest = values - values.mean() - slope * centred
    freedom = len(samples) - 2
    error = float(np.sqrt((rest**2).sum() / freedom / spread))
    span = float(times[-1] - times[0])
    first = float(values.mean() + slope * centred[0])
    reach = _student(freedom) * error
    return Growth(first, slope * span, (slope - reach) * span, (slope + reach) * span)


def _student(freedom: int) -> float:
    """The 97.5 % point of Student's t: the normal one with two terms of Fisher's expansion."""
    z = 1.959964
    first = (z**3 + z) / (4 * freedom)
    return z + first + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                text = Path(f"/proc/{pid}/task/{thread}/children").read_text()
                found += [int(child) for child in text.split()]
    return found


def _links(folder: Path) -> set[str]:
    """What the descriptors point at; two of one socket count as one."""
    found = set()
    for name in os.listdir(folder):
        with suppress(OSError):
            found.add(f"{os.readlink(folder / name)}")
    return found


def _sockets_to(folder: Path, ports: frozenset[int]) -> set[str]:
    found = set()
    for line in (folder / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _ESTABLISHED and int(fields[2].rpartition(":")[2], 16) in ports:
            found.add(f"socket:[{fields[9]}]")
    return found
