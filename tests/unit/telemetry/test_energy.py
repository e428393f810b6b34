"""Energy: processors' counters as Linux shows them; what cannot be read is left out."""

import sys
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gearshift.telemetry.energy import Energy, cards, processors


@pytest.fixture
def powercap(tmp_path):
    """Two packages, a part of one, and a zone that only root may read."""
    for folder, name, energy in (
        ("intel-rapl:0", "package-0", "2500000"),
        ("intel-rapl:1", "package-1", "7"),
        ("intel-rapl:0:0", "core", "1"),
        ("intel-rapl:2", "broken", "no number"),
    ):
        zone = tmp_path / folder
        zone.mkdir()
        (zone / "name").write_text(f"{name}\n")
        (zone / "energy_uj").write_text(f"{energy}\n")
    (tmp_path / "intel-rapl:3").mkdir()
    (tmp_path / "intel-rapl").mkdir()
    return tmp_path


def exposed(sources):
    registry = CollectorRegistry()
    registry.register(Energy(sources))
    return generate_latest(registry).decode()


def test_packages_are_read_at_each_scrape(powercap):
    found = processors(powercap)
    assert list(found) == ["package-0", "package-1"]
    assert 'gearshift_energy_joules_total{source="package-0"} 2.5' in exposed(found)
    (powercap / "intel-rapl:0" / "energy_uj").write_text("3000000")
    assert 'gearshift_energy_joules_total{source="package-0"} 3.0' in exposed(found)


def test_what_fails_is_left_out(powercap):
    found = processors(powercap)
    (powercap / "intel-rapl:0" / "energy_uj").unlink()
    text = exposed(found)
    assert "package-0" not in text
    assert "package-1" in text


def test_cards_tell_millijoules(monkeypatch):
    class NVMLError(Exception):
        pass

    nvml = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: 1500,
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr("gearshift.telemetry.energy.has_driver", lambda: True)
    assert cards()["gpu-0"]() == 1.5

    def absent():
        raise NVMLError

    nvml.nvmlInit = absent
    assert cards() == {}


def test_a_machine_that_says_nothing_has_no_series(tmp_path):
    assert processors(tmp_path) == {}
    assert "gearshift_energy_joules_total{" not in exposed({})


def test_without_a_driver_nothing_is_imported(monkeypatch):
    monkeypatch.setattr("gearshift.telemetry.energy._NVML", "no-such-library.so")
    monkeypatch.setitem(sys.modules, "pynvml", None)  # importing it would raise
    assert cards() == {}
