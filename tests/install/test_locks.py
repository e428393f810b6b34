"""The lock files give what they pin, with any pip that is supported, whatever is released later."""

from __future__ import annotations

import ensurepip
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from requirements.demands import HERE, TABLE, pinned, pins
from requirements.node_locks import LOCKS as NODE_LOCKS
from requirements.node_locks import Packages, missing, whole
from tests.fakes.package_index import add_release

LOCKS = sorted(HERE.glob("*.lock"))
DEMANDS = tomllib.loads(TABLE.read_text("utf-8"))
PIPS = Path(sys.prefix) / "pips"
EVERYBODYS = [HERE / "dev.lock", HERE / "run.lock"]  # what `make serve` and `make test` install
TESTED = {"oldest": EVERYBODYS, "distribution": LOCKS, "bundled": LOCKS, "newest": LOCKS}
LATER = "99999.1"

pytestmark = pytest.mark.timeout(600)  # whoever asks first waits for the resolutions before it


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Every pinned release and a later one of each package; sha256 by `name==version`."""
    folder = tmp_path_factory.mktemp("index")
    digests, later = {}, defaultdict(list)
    for release, demands in DEMANDS.items():
        name, version = release.split("==")
        digests[release] = add_release(folder, name, version, demands)
        later[name] += demands
    for name, demands in later.items():
        add_release(folder, name, LATER, sorted(set(demands)))
    return folder, digests


def unpack_bundled(folder: Path) -> Path:
    """The pip that `python -m venv` installs, in a folder."""
    wheels = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__, "../_bundled")
    with zipfile.ZipFile(next(Path(wheels).resolve().glob("pip-*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


# One process for all the lock files of a pip: starting one takes longer than most resolutions.
IN_TURN = """
import gc, json, sys
gc.disable()  # a fifth of the time, for nothing
from pip._internal.cli.main import main
print(json.dumps([main(arguments) for arguments in json.load(sys.stdin)]))
"""


def arguments(lock: str, index: Path, folder: Path) -> list[str]:
    """Install from a lock as the Makefile does, but only say what would be installed."""
    file = folder / "lock.txt"
    file.write_text(lock)
    return [
        *("--isolated", "install", "--quiet"),
        *("--disable-pip-version-check", "--no-cache-dir", "--index-url", index.as_uri()),
        *("--ignore-installed", "--dry-run", "--report", str(folder / "report.json")),
        *("--require-hashes", "-r", str(file)),
    ]


def python(pip: Path, *command: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run this Python with another pip."""
    return subprocess.run(
        [sys.executable, *command],
        env={"PATH": os.defpath, "PYTHONPATH": str(pip), "HOME": str(pip)},
        input=said,
        capture_output=True,
        text=True,
        timeout=500,
    )


def pins_here(lock: str) -> list[Requirement]:
    """The pins that are for this system and this Python."""
    return [pin for pin in pins(lock) if pin.marker is None or pin.marker.evaluate()]


def with_hashes(lock: str, digests: dict[str, str]) -> str:
    """The same pins, with the hashes of the wheels in our index."""
    lines = (f"{pin} --hash=sha256:{digests[pinned(pin)]}" for pin in pins_here(lock))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def resolutions(index, tmp_path_factory):
    """Lock files resolved by every pip, two pips at a time: exit status and report's file."""
    assert all((PIPS / pip).is_dir() for pip in TESTED if pip != "bundled"), "run `make pips`"
    folder, digests = index
    bundled = unpack_bundled(tmp_path_factory.mktemp("bundled"))

    def run(pip: str):
        places = [tmp_path_factory.mktemp(f"{lock.stem}-{pip}") for lock in TESTED[pip]]
        orders = [
            arguments(with_hashes(lock.read_text("utf-8"), digests), folder, place)
            for lock, place in zip(TESTED[pip], places, strict=True)
        ]
        told = python(
            bundled if pip == "bundled" else PIPS / pip, "-c", IN_TURN, said=json.dumps(orders)
        )
        assert told.returncode == 0, told.stderr
        results = zip(json.loads(told.stdout), places, strict=True)
        return dict(zip(TESTED[pip], ((*each, told.stderr) for each in results), strict=True))

    with ThreadPoolExecutor(2) as pool:
        yield {pip: pool.submit(run, pip) for pip in TESTED}


@pytest.mark.parametrize(
    ("lock", "pip"),
    [(lock, pip) for pip, locks in TESTED.items() for lock in locks],
    ids=lambda value: value.stem if isinstance(value, Path) else value,
)
def test_what_is_installed_is_what_is_pinned(pip, lock, resolutions):
    status, place, said = resolutions[pip].result()[lock]
    assert status == 0, said
    report = json.loads((place / "report.json").read_text("utf-8"))
    found = [entry["metadata"] for entry in report["install"]]
    chosen = {f"{one['name']}=={one['version']}" for one in found}
    assert chosen == {pinned(pin) for pin in pins_here(lock.read_text("utf-8"))}


def test_an_extra_without_a_pin_is_seen(index, tmp_path):
    """The index shows what it is there to show: this is how an older pip fails."""
    folder, digests = index
    lock = next(file for file in LOCKS if file.stem == "dev").read_text("utf-8")
    text = with_hashes(lock, digests).replace("coverage[toml]", "coverage")
    done = python(PIPS / "oldest", "-m", "pip", *arguments(text, folder, tmp_path))
    assert done.returncode != 0
    assert "coverage[toml]" in done.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: file.stem)
def test_every_extra_that_is_asked_for_is_pinned(lock):
    """Older pips take `x[extra]` for a package of its own, which needs a pin of its own."""
    text = lock.read_text("utf-8")
    extras, missing = {}, []
    for pin in pins_here(text):
        extras.setdefault(canonicalize_name(pin.name), set()).update(pin.extras)
    for pin in pins_here(text):
        for demand in map(Requirement, DEMANDS[pinned(pin)]):
            if not demand.extras <= extras.get(canonicalize_name(demand.name), set()):
                missing.append(f"{pinned(pin)} asks for {demand}")
    assert missing == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: file.stem)
def test_lock_files_carry_hashes_and_no_addresses(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    entries = text.replace("\\\n", " ").splitlines()
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


of_each_node_lock = pytest.mark.parametrize("lock", NODE_LOCKS, ids=lambda lock: lock.parent.name)


@of_each_node_lock
def test_a_lock_of_node_packages_has_hashes_and_no_addresses(lock: Path):
    """npm writes where a package came from, and who takes money for it; neither installs it."""
    text = lock.read_text(encoding="utf-8")
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert "://" not in text
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


@of_each_node_lock
def test_a_lock_of_node_packages_has_all_that_they_ask_for(lock: Path):
    """`npm ci` refuses one that lacks a package, even if it is optional and cannot be had."""
    assert [*missing(json.loads(lock.read_text(encoding="utf-8"))["packages"])] == []


@of_each_node_lock
def test_a_lock_of_node_packages_is_as_it_is_written(lock: Path):
    text = lock.read_text(encoding="utf-8")
    written = json.loads(text)
    assert whole(written["packages"]) == written["packages"]
    root = json.loads((lock.parent / "package.json").read_text(encoding="utf-8"))
    assert written["packages"][""]["dependencies"] == root["dependencies"]
    scripts = {
        place.rpartition("node_modules/")[2]
        for place, entry in written["packages"].items()
        if entry.get("hasInstallScript")
    }
    assert scripts == set(root.get("allowScripts", {}))  # each is allowed, or is not


def test_what_node_packages_ask_for_is_looked_for_where_node_looks():
    packages: Packages = {
        "": {"dependencies": {"a": "1"}},
        "node_modules/a": {
            "resolved": "elsewhere",
            "dependencies": {"b": "1", "@s/c": "1"},
            "optionalDependencies": {"for-another-system": "1", "d": "1"},
            "peerDependencies": {"e": "1", "f": "1"},
            "peerDependenciesMeta": {"e": {"optional": True}},
        },
        "node_modules/a/node_modules/b": {"dependencies": {"d": "1", "@s/c": "1"}},
        "node_modules/@s/c": {"dependencies": {"b": "1"}},
        "node_modules/d": {},
    }
    assert [*missing(packages)] == [
        ("node_modules/a", "optionalDependencies", "for-another-system"),
        ("node_modules/a", "peerDependencies", "f"),
        ("node_modules/@s/c", "dependencies", "b"),
    ]
    mended = whole(packages)["node_modules/a"]
    assert mended["optionalDependencies"] == {"d": "1"}
    assert "resolved" not in mended
