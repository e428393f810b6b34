"""Tries the rows of one file in a process of its own: `python -m clients.one FILE AT`.

Prints a line of JSON for each row and feature. A package's warnings, threads and global settings
stay in this process.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from clients.case import FEATURES, At


def main() -> None:
    """Try them all; what fails is told and not raised."""
    name, given = sys.argv[1:]
    at = At(**json.loads(given))
    folder = tempfile.mkdtemp()
    os.environ.update(HOME=folder, XDG_CONFIG_HOME=folder, XDG_CACHE_HOME=folder)
    module = importlib.import_module(f"clients.{name}")
    asyncio.run(_tell(module, at))


async def _tell(module: Any, at: At) -> None:
    async for outcome in _outcomes(module, at):
        print(json.dumps(outcome), flush=True)


async def _outcomes(module: Any, at: At) -> AsyncIterator[dict[str, Any]]:
    for row, make in module.ROWS.items():
        dialect = getattr(make, "dialect", module.DIALECT)
        package = getattr(make, "package", module.PACKAGE)
        named = {"client": package, "version": version(package)}
        for feature in FEATURES:
            problem = await _tried(make, feature, at)
            yield {**named, "row": row, "dialect": dialect, "feature": feature, "problem": problem}


async def _tried(make: Any, feature: str, at: At) -> str | None:
    """Empty if it went well, what went wrong, or `None` where the row cannot do that."""
    try:
        client = make(at)
        method = getattr(client, feature, None)
        if method is None or feature in getattr(client, "lacks", ()):
            return None
        if inspect.iscoroutinefunction(method):
            await method(at)
        else:
            await asyncio.to_thread(method, at)
    except Exception as error:  # noqa: BLE001  each package raises its own
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"[:400]
    return ""


if __name__ == "__main__":
    main()
