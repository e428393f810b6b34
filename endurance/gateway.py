"""A real `gearshift serve` as a child process: its settings, its log, its metrics, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

_READY = re.compile(r"gearshift ready (http://\S+) admin (http://\S+)\n")
_READY_SECONDS = 60.0
# The gateway itself lets requests in flight take 30 s after SIGTERM.
_END_SECONDS = 45.0

Outcomes = Counter[tuple[str, str]]
"""Requests by (dialect, status)."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One upstream of the configuration, which serves one model of one tier."""

    name: str
    url: str
    tier: str
    model: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What `/metrics` says: requests that were decided, and those refused before that."""

    decided: Outcomes
    refused: Outcomes

    @property
    def total(self) -> int:
        """All of them."""
        return self.decided.total() + self.refused.total()


def settings(upstreams: list[Upstream], limits: Mapping[str, float], threshold: float = 3) -> str:
    """A configuration file; YAML reads JSON."""
    tiers: dict[str, list[str]] = {}
    for upstream in upstreams:
        tiers.setdefault(upstream.tier, []).append(f"{upstream.name}/{upstream.model}")
    levels: list[dict[str, Any]] = [{"name": n, "deployments": d} for n, d in tiers.items()]
    levels[0]["below"] = threshold
    tiered = {"tiers": levels, "logging": {"log_prompts": True}}
    listed = [
        {"name": u.name, "provider": "openai", "base_url": u.url, "models": [u.model]}
        for u in upstreams
    ]
    return json.dumps({"tiered_routing": tiered, "upstreams": listed, "limits": limits})


class Gateway:
    """A running gateway."""

    def __init__(
        self, process: asyncio.subprocess.Process, urls: tuple[str, str], folder: Path
    ) -> None:
        self.process = process
        self.url, self.admin = urls
        self.config = folder / "gearshift.yaml"
        self._log = folder / "stderr"

    def records(self) -> Iterator[dict[str, Any]]:
        """The request records of its log."""
        with self._log.open("rb") as lines:
            for line in lines:
                if line.startswith(b"{"):
                    record = json.loads(line)
                    if record.get("event") == "request":
                        yield record

    def other_lines(self) -> list[str]:
        """What else it said, such as errors with their traces."""
        with self._log.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip() for line in lines if not line.startswith("{")]

    async def counted(self) -> Counted:
        """`gearshift_requests_total`."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/metrics") as response,
        ):
            text = await response.text()
        counted = Counted(Counter(), Counter())
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "gearshift_requests_total":
                    labels = sample.labels
                    part = counted.decided if labels["cause"] else counted.refused
                    part[labels["dialect"], labels["status"]] += int(sample.value)
        return counted

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def ended(self, seconds: float = _END_SECONDS) -> int | None:
        """Its exit code, or `None` if it does not end in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self.process.wait()
        except TimeoutError:
            return None


@asynccontextmanager
async def running_gateway(config: str, folder: Path, *arguments: str) -> AsyncIterator[Gateway]:
    """`gearshift serve` on free ports with this configuration, ended on the way out."""
    (folder / "gearshift.yaml").write_text(config, encoding="utf-8")
    own = {k: v for k, v in os.environ.items() if not k.startswith("GEARSHIFT_")}
    with (folder / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gearshift", "serve", "--port=0", "--admin-port=0"),
            *("--config", str(folder / "gearshift.yaml"), *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=own,
            start_new_session=True,  # a Ctrl-C is for us; we end it
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_READY_SECONDS):
            line = (await process.stdout.readline()).decode()
        found = _READY.fullmatch(line)
        if found is None:
            said = (folder / "stderr").read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"the gateway did not start: {line!r} {said}")
        yield Gateway(process, (found[1], found[2]), folder)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
