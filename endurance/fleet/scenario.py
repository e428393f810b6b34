"""The hosts' programs, and what is done to them in which order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from endurance.fleet.clients import Clients
from endurance.fleet.network import Host
from endurance.fleet.records import Disturbance, Seen
from endurance.fleet.services import (
    ADMIN_TOKEN,
    KEY,
    SKEW_SECONDS,
    STATE_ADDRESS,
    EchoUpstream,
    PostgreSql,
    Redis,
    Replica,
    configuration,
)
from endurance.terminal import progress

FOLLOW_SECONDS: Final = 2.0
"""Within which all replicas have a change."""
_BACK_SECONDS: Final = 5.0
"""The same for a replica that comes back: it looks for Redis every second."""


@dataclass(slots=True)
class Fleet:
    """What runs."""

    replicas: dict[str, Replica]
    upstreams: list[EchoUpstream]
    primary: Redis
    standby: Redis
    log: PostgreSql


@asynccontextmanager
async def running_fleet(hosts: Mapping[str, Host], folder: Path) -> AsyncIterator[Fleet]:
    """Everything, started in the order in which it is needed."""
    upstreams = [EchoUpstream(hosts[name], folder) for name in ("upa", "upb")]
    primary, standby = (Redis(hosts[name], folder) for name in ("redisa", "redisb"))
    log = PostgreSql(hosts["postgres"], folder)
    config = configuration(upstreams, log.url)
    replicas = {
        name: Replica(hosts[name], folder, config, SKEW_SECONDS if name == "three" else 0)
        for name in ("one", "two", "three")
    }
    started = [*upstreams, primary, standby, log]
    try:
        await asyncio.gather(*(service.start() for service in started))
        await primary.lead()
        await standby.follow(primary)
        for replica in replicas.values():
            await replica.start()
        yield Fleet(replicas, upstreams, primary, standby, log)
    finally:
        await asyncio.gather(*(service.kill() for service in [*replicas.values(), *started]))


class Scenario:
    """One run.

    Attributes:
        seen: What the clients have seen.
        followed: Seconds until all replicas had each change, or `None` where they did not in time;
            with the time that they had.
        problems: What else was not as it should be.
    """

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.seen = Seen()
        self.followed: list[tuple[str, float | None, float]] = []
        self.problems: list[str] = []
        self.killed_at = 0.0
        self._down: set[str] = set()
        self._clients = Clients(self._live, self.seen, seed)
        self._threshold = 3.0

    def _live(self) -> Mapping[str, str]:
        return {
            name: replica.url
            for name, replica in self.fleet.replicas.items()
            if name not in self._down
        }

    def _hosts(self) -> list[Host]:
        return [replica.host for replica in self.fleet.replicas.values()]

    async def run(self) -> None:
        """All of it, under load."""
        load = asyncio.create_task(self._clients.run(conversations=12, repeaters=6, limited=3))
        try:
            await self._steps()
        finally:
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load

    async def _steps(self) -> None:
        replicas = self.fleet.replicas
        await self._calm(8)
        await self._change("one", "while all is well", replicas)
        await self._cut_from_redis("two")
        await self._calm(5)
        await self._kill_replica("one")
        await self._calm(5)
        await self._fail_over()
        await self._calm(5)
        await self._isolate("three")
        await self._calm(5)
        await self._lose_upstream()
        await self._change("three", "at the end", replicas)
        await self._calm(5)

    async def _calm(self, seconds: float) -> None:
        progress(f"{self._clients.count} requests; nothing is broken")
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def _broken(
        self, what: str, *hosts: str, parts_state: bool
    ) -> AsyncIterator[Disturbance]:
        progress(f"{self._clients.count} requests; {what}")
        broken = Disturbance(what, time.monotonic(), frozenset(hosts), parts_state)
        self.seen.disturbances.append(broken)
        yield broken
        broken.ended = time.monotonic()

    async def _cut_from_redis(self, name: str) -> None:
        host = self.fleet.replicas[name].host
        async with self._broken(f"{name} does not reach Redis", name, parts_state=True):
            await host.loses(STATE_ADDRESS)
            await asyncio.sleep(2)
            others = [other for other in self.fleet.replicas if other != name]
            await self._change(others[0], f"while {name} does not reach Redis", others)
            await asyncio.sleep(6)
            await host.finds(STATE_ADDRESS)
            await self._agree(f"{name} reaches Redis again", self.fleet.replicas, _BACK_SECONDS)

    async def _kill_replica(self, name: str) -> None:
        replica = self.fleet.replicas[name]
        async with self._broken(f"{name} is killed", name, parts_state=False):
            self._down.add(name)
            self.killed_at = time.monotonic()
            await replica.kill()
            await asyncio.sleep(2)
            others = [other for other in self.fleet.replicas if other != name]
            await self._change(others[-1], f"while {name} is gone", others)
            await replica.start()
            await self._agree(f"{name} is back", self.fleet.replicas, _BACK_SECONDS)
            self._down.discard(name)

    async def _fail_over(self) -> None:
        async with self._broken("Redis is killed", parts_state=True):
            await self.fleet.primary.kill()
            await self.fleet.primary.host.cut_off()
            await asyncio.sleep(3)
            self._threshold += 0.5
            await self._set("two", self._threshold)  # nobody else can hear of it yet
            await asyncio.sleep(2)
            await self.fleet.standby.lead(self._hosts())
            await self._agree("the standby has taken over", self.fleet.replicas, _BACK_SECONDS)

    async def _isolate(self, name: str) -> None:
        host = self.fleet.replicas[name].host
        async with self._broken(f"{name} is cut off from everybody", name, parts_state=True):
            self._down.add(name)
            await host.cut_off()
            await asyncio.sleep(2)
            others = [other for other in self.fleet.replicas if other != name]
            await self._change(others[0], f"while {name} is cut off", others)
            await asyncio.sleep(4)
            await host.join()
            await self._agree(f"{name} is back", self.fleet.replicas, _BACK_SECONDS)
            self._down.discard(name)

    async def _lose_upstream(self) -> None:
        lost = self.fleet.upstreams[0]
        what = f"{lost.host.name} is cut off"
        async with self._broken(what, *self.fleet.replicas, parts_state=True):
            await lost.host.cut_off()
            await asyncio.sleep(6)
            await lost.host.join()
            await asyncio.sleep(2)

    async def _change(self, at: str, when: str, replicas: Iterable[str]) -> None:
        """Change the threshold at one replica, and see whether others have it in time."""
        self._threshold += 0.5
        await self._set(at, self._threshold)
        await self._agree(f"changed {when}", replicas, FOLLOW_SECONDS)

    async def _set(self, at: str, threshold: float) -> None:
        url = f"{self.fleet.replicas[at].admin}/admin/api/tiered-routing/config"
        headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
        body = {"complexity_threshold": threshold}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers=headers) as response,
        ):
            if response.status != 200:
                self.problems.append(f"a change at {at} is refused: {await response.text()}")

    async def _agree(self, when: str, names: Iterable[str], within: float) -> None:
        """Note how long it takes until these have the threshold, and one hash."""
        began = time.monotonic()
        names, told = list(names), {}
        while (spent := time.monotonic() - began) < 10 * within:
            told = {name: await self._told(name) for name in names}
            hashes = {facts.get("config_hash") for facts in told.values()}
            thresholds = {facts.get("threshold") for facts in told.values()}
            if len(hashes) == 1 and thresholds == {self._threshold}:
                self.followed.append((when, spent, within))
                return
            await asyncio.sleep(0.05)
        self.followed.append((when, None, within))
        shown = {
            name: facts.get("error") or (facts.get("config_hash"), facts.get("threshold"))
            for name, facts in told.items()
        }
        self.problems.append(f"{when}: wanted {self._threshold} everywhere, found {shown}")

    async def _told(self, name: str) -> dict[str, Any]:
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
        headers = {"authorization": f"Bearer {KEY}"}
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    f"{self.fleet.replicas[name].url}/v1/route", json=body, headers=headers
                ) as response,
            ):
                return dict(await response.json())
        except (aiohttp.ClientError, TimeoutError) as error:
            return {"error": f"{type(error).__name__}: {error}"}
