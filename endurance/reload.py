"""A configuration that is replaced under load: by a valid one, then by one that is not."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from contextlib import suppress

import aiohttp

from endurance.gateway import Gateway

_SECONDS = 10.0
UNKNOWN_SETTING = "no_such_setting"
_TIMES = 8  # asked, so that every worker has its turn


async def reload(gateway: Gateway, after: float) -> list[str]:
    """Change the threshold, break the file, mend it; what did not go as it should."""
    await asyncio.sleep(after)
    first = gateway.config.read_text(encoding="utf-8")
    found = []
    _replace(gateway, _with_threshold(first, 4.5))
    if not await _comes(gateway, 4.5):
        found.append(f"a changed configuration is not in force after {_SECONDS:g} s")
    _replace(gateway, json.dumps({UNKNOWN_SETTING: 1}))
    await asyncio.sleep(2.0)
    if not await _comes(gateway, 4.5):
        found.append("after an invalid configuration the one before it is no longer in force")
    if not any(UNKNOWN_SETTING in line for line in gateway.other_lines()):
        found.append("an invalid configuration is not told of in the log")
    _replace(gateway, first)
    if not await _comes(gateway, 3.0):
        found.append(f"a mended configuration is not in force after {_SECONDS:g} s")
    return [f"reload: {text}" for text in found]


def _with_threshold(text: str, threshold: float) -> str:
    settings = json.loads(text)
    settings["tiered_routing"]["tiers"][0]["below"] = threshold
    return json.dumps(settings)


def _replace(gateway: Gateway, text: str) -> None:
    part = gateway.config.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(gateway.config)
    gateway.signal(signal.SIGHUP)


async def _comes(gateway: Gateway, threshold: float) -> bool:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if await _thresholds(gateway.url) == {threshold}:
            return True
        await asyncio.sleep(0.3)
    return False


async def _thresholds(url: str) -> set[float]:
    body = {"messages": [{"role": "user", "content": "hello"}]}
    found: set[float] = set()
    for _ in range(_TIMES):
        with suppress(aiohttp.ClientError):
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{url}/v1/route", json=body) as response,
            ):
                found.add(float((await response.json())["threshold"]))
    return found
