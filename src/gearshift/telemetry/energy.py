"""Energy: what processors and graphics cards of this machine say that they have used.

Of the whole machine, whoever caused it: no counter knows requests. Sources: Linux' powercap
(RAPL), and NVML where the extra `energy` is installed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gearshift.errors import MissingExtraError
from gearshift.extras import extra

_POWERCAP: Final = Path("/sys/class/powercap")
_PACKAGES: Final = "intel-rapl:[0-9]*"  # AMD's, too; without the parts of a package, `0:0`
_NVML: Final = "libnvidia-ml.so.1"

Source = Callable[[], float]
"""Joules so far; the counter may begin anew."""


class Energy(Collector):
    """The counters of this machine, read at each scrape.

    Args:
        sources: By name; found where this is left out.
    """

    def __init__(self, sources: dict[str, Source] | None = None) -> None:
        self._sources = {**processors(), **cards()} if sources is None else sources

    def collect(self) -> Iterator[Metric]:
        """One counter for each source that can be read."""
        counter = CounterMetricFamily(
            "gearshift_energy_joules", "Energy that this machine has used", labels=["source"]
        )
        for name, read in self._sources.items():
            try:
                counter.add_metric([name], read())
            except Exception:  # noqa: BLE001 - drivers fail in ways of their own
                continue
        yield counter


def processors(root: Path = _POWERCAP) -> dict[str, Source]:
    """Processor packages, where this user may read their counters."""
    sources: dict[str, Source] = {}
    for zone in sorted(root.glob(_PACKAGES)):
        if ":" in zone.name.partition(":")[2]:
            continue
        try:
            name = (zone / "name").read_text().strip()
            _microjoules(zone)
        except (OSError, ValueError):
            continue
        sources[name] = partial(_joules, zone)
    return sources


def _joules(zone: Path) -> float:
    return _microjoules(zone) / 1e6


def _microjoules(zone: Path) -> int:
    return int((zone / "energy_uj").read_text())


def has_driver() -> bool:
    """Whether NVIDIA's library is there; without it the package that speaks to it is of no use."""
    try:
        ctypes.CDLL(_NVML)
    except OSError:
        return False
    return True


def cards() -> dict[str, Source]:
    """NVIDIA's cards, where the extra is installed and the driver answers."""
    if not has_driver():
        return {}
    try:
        with extra("energy", "the energy of NVIDIA's cards"):
            import pynvml
    except MissingExtraError:
        return {}
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return {}

    def source(handle: Any) -> Source:
        return lambda: float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3

    return {f"gpu-{number}": source(handle) for number, handle in enumerate(handles)}
