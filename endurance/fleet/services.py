"""What runs on the hosts: replicas of the gateway, upstreams, two Redis, one PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from endurance.fleet.network import Host

STATE_ADDRESS: Final = "10.77.0.100"
"""Of whichever Redis is the primary."""
MODELS: Final = ("tiny", "large")
ADMIN_TOKEN: Final = "token-of-the-fleet-0003"
KEY: Final = "fleet-key-without-a-limit-0001"
LIMITED_KEY: Final = "fleet-key-with-a-limit-000002"
LIMIT_PER_MINUTE: Final = 300
SKEW_SECONDS: Final = 60
_PORT: Final = 11435
_UPSTREAM_PORT: Final = 8000
_START_SECONDS: Final = 90.0
_OWNER: Final = "postgres"  # PostgreSQL refuses to be run by root


class Service:
    """A program on a host, which can be started again.

    Args:
        host: Where.
        folder: Where it keeps its files.
    """

    def __init__(self, host: Host, folder: Path) -> None:
        self.host = host
        self.folder = folder / host.name
        self.folder.mkdir()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it can be used."""
        raise NotImplementedError

    async def _begin(self, *words: str, **variables: str) -> None:
        own = {k: v for k, v in os.environ.items() if not k.startswith("GEARSHIFT_")}
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.host.command(*words),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env={**own, **variables},
                start_new_session=True,
            )

    async def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            said = (self.folder / "log").read_text(errors="replace")[-1500:]
            raise RuntimeError(f"{self.host.name} did not start: {said}")
        return line.decode()

    async def kill(self) -> None:
        """End it at once, as a power cut does."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class EchoUpstream(Service):
    """One upstream of both models."""

    async def start(self) -> None:
        """Returns when it answers."""
        module = ("-m", "endurance.fleet.echo_upstream")
        where = ("--host", self.host.address, "--port", str(_UPSTREAM_PORT))
        await self._begin(sys.executable, *module, *where, "--models", *MODELS,
                          PYTHONPATH=os.getcwd())  # fmt: skip
        await self._line()

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{self.host.address}:{_UPSTREAM_PORT}/v1"


class Redis(Service):
    """One `redis-server`."""

    async def start(self) -> None:
        """Returns when it takes commands."""
        options = ("--save", "", "--dir", ".", "--bind", "0.0.0.0", "--protected-mode", "no")
        await self._begin("redis-server", *options, "--repl-diskless-sync-delay", "0")
        async with asyncio.timeout(_START_SECONDS):
            await _until(partial(_accepts, self.host.address, 6379))

    async def say(self, *words: str) -> bytes:
        """One command, and what it is answered."""
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(self.host.address, 6379)
            writer.write(" ".join(words).encode() + b"\r\n")
            answer = await reader.readline()
            writer.close()
        return answer

    async def follow(self, other: Redis) -> None:
        """Be its replica; returns when it has everything."""
        await self.say("REPLICAOF", other.host.address, "6379")
        async with asyncio.timeout(20):
            await _until(self._is_in_step)

    async def _is_in_step(self) -> bool:
        reader, writer = await asyncio.open_connection(self.host.address, 6379)
        writer.write(b"INFO replication\r\n")
        text = await reader.read(2000)
        writer.close()
        return b"master_link_status:up" in text

    async def lead(self, neighbours: Iterable[Host] = ()) -> None:
        """Be the primary, under the address that everybody knows."""
        await self.say("REPLICAOF", "NO", "ONE")
        await self.host.takes(STATE_ADDRESS, neighbours)


class PostgreSql(Service):
    """One cluster."""

    async def start(self) -> None:
        """Returns when it takes connections."""
        programs = _postgresql_programs()
        data = self.folder / "data"
        shutil.chown(self.folder, _OWNER)
        user = ("setpriv", "--reuid", _OWNER, "--regid", _OWNER, "--init-groups")
        how = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D", str(data))
        await self._begin(*user, f"{programs}/initdb", *how)
        assert self._process is not None
        await self._process.communicate()
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.0.0/24 trust\n")
        options = ("-c", "listen_addresses=*", "-c", f"unix_socket_directories={self.folder}")
        await self._begin(*user, f"{programs}/postgres", "-D", str(data), *options)
        await self._until_it_answers()

    async def _until_it_answers(self) -> None:
        async with asyncio.timeout(_START_SECONDS):
            await _until(partial(_accepts, self.host.address, 5432))

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql://postgres@{self.host.address}/postgres"


def _postgresql_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise RuntimeError("PostgreSQL is not installed (apt-get install postgresql)")
    return found[-1]


async def _accepts(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.close()
    return True


async def _until(is_true: Callable[[], Awaitable[bool]]) -> None:
    while not await is_true():  # noqa: ASYNC110 - another process tells nobody
        await asyncio.sleep(0.1)


class Replica(Service):
    """One gateway.

    Args:
        host: Where.
        folder: Where it keeps its files.
        config: Its configuration, to begin with.
        skew: Seconds that its clock is ahead.
    """

    def __init__(self, host: Host, folder: Path, config: Mapping[str, Any], skew: int = 0) -> None:
        super().__init__(host, folder)
        self._skew = skew
        self.config = self.folder / "gearshift.yaml"
        # In YAML's own style, where single values can be changed.
        self.config.write_text(yaml.safe_dump(config, sort_keys=False))
        self.url = f"http://{host.address}:{_PORT}"
        self.admin = f"http://{host.address}:{_PORT + 1}"

    async def start(self) -> None:
        """Returns when it accepts requests."""
        await self._begin(
            *(sys.executable, "-m", "endurance.fleet.ahead", str(self._skew), "serve"),
            *("--config", str(self.config)),
            *("--host", self.host.address, "--port", str(_PORT), "--admin-port", str(_PORT + 1)),
            HOME=str(self.folder),
            XDG_STATE_HOME=str(self.folder),
            OLLAMA_HOST="127.0.0.1:9",
            PYTHONPATH=os.getcwd(),
        )
        line = await self._line()
        if not line.startswith("gearshift ready "):
            raise RuntimeError(f"{self.host.name}: {line}")

    def defects(self) -> list[str]:
        """Lines of its log that tell of a defect."""
        text = (self.folder / "log").read_text(errors="replace")
        return [line for line in text.splitlines() if line.startswith("Traceback") or
                " error gearshift" in line[:80]]  # fmt: skip


def configuration(upstreams: list[EchoUpstream], log_url: str) -> dict[str, Any]:
    """The same for every replica."""
    keys = [
        {"name": "free", "key": KEY, "cache_scope": "all"},
        {"name": "limited", "key": LIMITED_KEY, "cache_scope": "all",
         "requests_per_minute": LIMIT_PER_MINUTE},
    ]  # fmt: skip
    redis_url = f"redis://{STATE_ADDRESS}:6379/0"
    return {
        "tiered_routing": {"models": dict(zip(("simple", "complex"), MODELS, strict=True))},
        "upstreams": [
            {"name": up.host.name, "provider": "openai", "base_url": up.url, "models": [*MODELS]}
            for up in upstreams
        ],
        "limits": {"connect_seconds": 1, "first_token_seconds": 4, "idle_seconds": 4,
                   "total_seconds": 20},
        "cache": {"enabled": True, "redis_url": redis_url},
        "shared_state": {"redis_url": redis_url},
        "decision_log": {"url": log_url},
        "auth": {"api_keys": keys},
        "admin": {"token": ADMIN_TOKEN},
    }  # fmt: skip
