"""After the faults: until all is well again, until the books are closed, and until it has ended."""

from __future__ import annotations

import asyncio
import signal
import time
from urllib.parse import urlsplit

import aiohttp

from endurance.clients import Load
from endurance.engines import Engine
from endurance.gateway import Counted, Gateway

PROBE = "probe of the chaos run"
_RECOVERY_SECONDS = 60.0
_DEFER_SECONDS = 2.0


async def recovered(gateway: Gateway, tiers: list[str]) -> float | None:
    """Seconds until every tier's own engines answer for it again."""
    start = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < start + _RECOVERY_SECONDS:
            found = [await _answers(session, gateway.url, tier) for tier in tiers]
            if all(found):
                return round(time.monotonic() - start, 1)
            await asyncio.sleep(0.5)
    return None


async def _answers(session: aiohttp.ClientSession, url: str, tier: str) -> bool:
    body = {"model": tier, "messages": [{"role": "user", "content": PROBE}]}
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        await response.read()
        return response.status == 200 and response.headers["x-gearshift-tier"] == tier


async def settled(gateway: Gateway) -> Counted:
    """The metrics, once log and metrics have stood still for a moment.

    Requests that were given up are counted when the gateway has noticed.
    """
    counted, records = await gateway.counted(), -1
    for _ in range(20):
        await asyncio.sleep(0.5)
        before = (counted, records)
        counted, records = await gateway.counted(), sum(1 for _ in gateway.records())
        if before == (counted, records):
            break
    return counted


async def drained(
    gateway: Gateway, engines: list[Engine], load: Load
) -> tuple[list[str], float | None]:
    """Send SIGTERM while answers are held up, and watch the end; what went wrong."""
    for engine in engines:
        engine.pause()  # so that there is something to wait for
    await asyncio.sleep(0.3)
    load.is_gateway_stopping = True
    start = time.monotonic()
    gateway.signal(signal.SIGTERM)
    found = []
    await asyncio.sleep(_DEFER_SECONDS / 2)
    if gateway.process.returncode is not None:
        found.append(f"it ended with requests in flight, code {gateway.process.returncode}")
    elif await _is_accepted(gateway.url):
        found.append("a new connection is accepted while it drains")
    await asyncio.sleep(_DEFER_SECONDS / 2)
    for engine in engines:
        engine.resume()
    code = await gateway.ended()
    if code != 0:
        found.append("it does not end" if code is None else f"it ended with code {code}")
    return found, None if code is None else round(time.monotonic() - start, 1)


async def _is_accepted(url: str) -> bool:
    address = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
    except ConnectionError:
        return False
    writer.close()
    return True
