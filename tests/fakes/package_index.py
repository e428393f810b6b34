"""A package index in a folder: wheels that hold nothing but what they demand of others."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path


def add_release(index: Path, name: str, version: str, demands: Sequence[str]) -> str:
    """Publish a release in the index; the sha256 of its wheel.

    Args:
        index: The index's folder, as `pip --index-url` wants it; made if it is not there.
        name: The package's name in its normal form.
        version: Of the release.
        demands: Requirements, as in `Requires-Dist`.
    """
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    wheel = folder / f"{stem}-py3-none-any.whl"
    head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(
            f"{stem}.dist-info/METADATA",
            "\n".join([*head, *(f"Requires-Dist: {demand}" for demand in demands), ""]),
        )
        file.writestr(
            f"{stem}.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        file.writestr(f"{stem}.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with (folder / "index.html").open("a") as page:
        page.write(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>\n')
    return digest
