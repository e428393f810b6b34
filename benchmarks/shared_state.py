"""What a request pays for what replicas share, with a Redis that is well and with one in trouble.

    python -m benchmarks.shared_state [--seconds N] [--json]

Three processes' worth of shared state in this one, before a `redis-server` of its own that is
hung, killed and started again. Each takes a token of one rate limit, and looks up a conversation,
about 300 times a second; what that takes is what a request would wait. Beside it, how much more
than the limit all of them gave, as long as each lasted. Needs redis-server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from gearshift.client.requests import chat_request
from gearshift.config.sections.access import AuthSettings
from gearshift.errors import RequestError
from gearshift.gateway.auth import ApiKey, KeyRing
from gearshift.shared_state.sessions import Sessions
from gearshift.shared_state.state import SharedState

REPLICAS: Final = 3
PER_MINUTE: Final = 6000
PAUSE_SECONDS: Final = 0.003
KEY: Final = "a key of sixteen characters or more"


class Redis:
    """A server that may be hung, killed and started again."""

    def __init__(self, folder: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port = reserved.getsockname()[1]
        self._command = ("redis-server", "--port", str(self.port), "--save", "", "--dir", folder)
        self.start()

    def start(self) -> None:
        """Start it."""
        self._process = subprocess.Popen([*self._command], stdout=subprocess.DEVNULL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


@dataclass
class Replica:
    """One process as the others see it."""

    state: SharedState
    keys: KeyRing
    sessions: Sessions
    limited: list[float] = field(default_factory=list)
    recalled: list[float] = field(default_factory=list)
    passed: int = 0

    async def run(self, until: float) -> None:
        """Take tokens and look up conversations until a time."""
        key: ApiKey = self.keys.find({"x-api-key": KEY})
        request = chat_request("hi")
        request.session = "a conversation"
        while time.perf_counter() < until:
            self.passed += await self._timed(self.limited, self.keys.spend(key))
            await self._timed(self.recalled, self.sessions.of(request))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _timed(self, times: list[float], what: Awaitable[object]) -> bool:
        began = time.perf_counter()
        try:
            await what
        except RequestError:
            return False
        finally:
            times.append(time.perf_counter() - began)
        return True


def replica(url: str) -> Replica:
    """One that is not started."""
    state = SharedState(url)
    state.serves = True
    auth = AuthSettings.model_validate(
        {"api_keys": [{"key": KEY, "requests_per_minute": PER_MINUTE}]}
    )
    return Replica(state, KeyRing(auth, shared=state), Sessions(state))


async def phase(name: str, replicas: list[Replica], seconds: float) -> dict[str, object]:
    """What one phase cost, and how much was given in it."""
    for one in replicas:
        one.limited.clear()
        one.recalled.clear()
        one.passed = 0
    began = time.perf_counter()
    await asyncio.gather(*(one.run(began + seconds) for one in replicas))
    took = time.perf_counter() - began
    given, allowed = sum(one.passed for one in replicas), PER_MINUTE / 60 * took
    waits = {
        "limit": sorted(t for one in replicas for t in one.limited),
        "session": sorted(t for one in replicas for t in one.recalled),
    }
    return {
        "phase": name,
        "available": all(one.state.is_available for one in replicas),
        "passed": given,
        "over": round(given / allowed - 1, 4),
        **{
            f"{what}_{label}_ms": round(times[int(len(times) * share)] * 1000, 3)
            for what, times in waits.items()
            for label, share in (("p50", 0.5), ("p99", 0.99), ("max", 1 - 1e-9))
        },
    }


async def measured(seconds: float) -> list[dict[str, object]]:
    """All phases in turn."""
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(folder)
        replicas = [replica(f"redis://127.0.0.1:{redis.port}/0") for _ in range(REPLICAS)]
        await asyncio.sleep(0.5)
        for one in replicas:
            await one.state.start()
        phases: list[tuple[str, Callable[[], None]]] = [
            ("emptying the bucket", lambda: None),
            ("well", lambda: None),
            ("hung", lambda: redis.signal(signal.SIGSTOP)),
            ("going on", lambda: redis.signal(signal.SIGCONT)),
            ("killed", redis.kill),
            ("started again, empty", redis.start),
        ]
        results = []
        try:
            for name, begin in phases:
                begin()
                results.append(await phase(name, replicas, seconds))
        finally:
            for one in replicas:
                await one.state.aclose()
            redis.signal(signal.SIGCONT)
            redis.kill()
        return results


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each phase")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = asyncio.run(measured(arguments.seconds))
    if arguments.json:
        print(json.dumps(results))
        return
    for result in results:
        print("  ".join(f"{name} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
