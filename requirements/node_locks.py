"""Makes lock files of node packages whole: no addresses, nothing asked for that is not there.

`make lock` runs it. A package for every platform asks for all of them as optional, and a registry
need not have them all. `npm install` leaves out those that it cannot get, but not the demands for
them, over which `npm ci` then refuses the lock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

LOCKS: Final = sorted(Path(__file__).parents[1].glob("clients/*/package-lock.json"))
_NEEDLESS: Final = ("resolved", "funding")
"""Where a package came from, and who takes money for it: neither installs it."""
_DEMANDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")

Packages = dict[str, dict[str, Any]]


def missing(packages: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """What packages of a lock ask for in vain: the place of one, the kind of demand, the name.

    Args:
        packages: Those of the lock by their places, as in `node_modules/a/node_modules/b`.
    """
    for place, package in packages.items():
        may_lack = package.get("peerDependenciesMeta", {})
        for kind in _DEMANDS:
            for name in package.get(kind, {}):
                if not (may_lack.get(name, {}).get("optional") or _finds(packages, place, name)):
                    yield place, kind, name


def _finds(packages: Mapping[str, object], place: str, name: str) -> bool:
    """As Node.js looks for it: beside the package's own files, then ever further up."""
    while place:
        if f"{place}/node_modules/{name}" in packages:
            return True
        place = place.rpartition("node_modules/")[0].removesuffix("/")
    return f"node_modules/{name}" in packages


def whole(packages: Packages) -> Packages:
    """The same packages without addresses and without optional demands for what is not there."""
    for place, kind, name in [*missing(packages)]:
        if kind == "optionalDependencies":
            del packages[place][kind][name]
    return {
        place: {name: value for name, value in package.items() if name not in _NEEDLESS}
        for place, package in packages.items()
    }


def main() -> None:
    """Rewrite the lock files in place."""
    for file in LOCKS:
        lock = json.loads(file.read_text("utf-8"))
        lock["packages"] = whole(lock["packages"])
        file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
