"""Hosts on one machine: network namespaces behind one switch, which can be cut off one by one.

All of it is inside a namespace of the program's own, and gone with its last process: nothing of
the machine's network is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

_INSIDE: Final = "GEARSHIFT_FLEET_INSIDE"
_PREFIX: Final = "10.77.0"
_NOBODY: Final = "02:00:00:00:00:99"
_SWITCH: Final = "switch"


class NotPermittedError(Exception):
    """This machine gives us no network namespaces."""


@dataclass(slots=True)
class Host:
    """A network namespace with one address.

    Attributes:
        number: The last part of its address.
        pid: A process that keeps the namespace.
    """

    name: str
    number: int
    pid: int

    @property
    def address(self) -> str:
        """Its IPv4 address."""
        return f"{_PREFIX}.{self.number}"

    def command(self, *words: str) -> list[str]:
        """The command as it is run on this host."""
        return ["nsenter", "--target", str(self.pid), "--net", "--", *words]

    async def cut_off(self) -> None:
        """Take its cable out."""
        await _ip("link", "set", self.name, "down")

    async def join(self) -> None:
        """Put its cable back in."""
        await _ip("link", "set", self.name, "up")

    async def loses(self, address: str) -> None:
        """Send whatever it has for an address to nobody, without a word."""
        words = ("neigh", "replace", address, "lladdr", _NOBODY, "dev", "eth0", "nud", "permanent")
        await _run(self.command("ip", *words))

    async def finds(self, address: str) -> None:
        """Reach that address again."""
        await _run(self.command("ip", "neigh", "del", address, "dev", "eth0"))

    async def takes(self, address: str, neighbours: Iterable[Host] = ()) -> None:
        """Answer for one more address, which another host had, and have neighbours hear of it."""
        await _run(self.command("ip", "addr", "add", f"{address}/24", "dev", "eth0"))
        for neighbour in neighbours:  # as they would by an unasked ARP reply
            await _run(neighbour.command("ip", "neigh", "flush", "to", address, "dev", "eth0"))
        await _ip("neigh", "flush", "to", address, "dev", _SWITCH)


def enter() -> None:
    """Run the program again in a network namespace of its own, unless it is in one.

    Raises:
        NotPermittedError: That is not permitted here.
    """
    if os.environ.get(_INSIDE):
        return
    if os.system("unshare --net true 2>/dev/null") != 0:
        raise NotPermittedError("network namespaces take root (CAP_SYS_ADMIN) and util-linux")
    os.environ[_INSIDE] = "1"
    words = ["unshare", "--net", "--", sys.executable, *sys.orig_argv[1:]]
    os.execvp(words[0], words)


@asynccontextmanager
async def network(names: Sequence[str]) -> AsyncIterator[dict[str, Host]]:
    """Hosts with these names, all of which reach each other and this program."""
    await _ip("link", "set", "lo", "up")
    await _ip("link", "add", _SWITCH, "type", "bridge")
    await _ip("addr", "add", f"{_PREFIX}.1/24", "dev", _SWITCH)
    await _ip("link", "set", _SWITCH, "up")
    sleepers: list[asyncio.subprocess.Process] = []
    hosts: dict[str, Host] = {}
    try:
        for number, name in enumerate(names, 10):
            sleeper = await asyncio.create_subprocess_exec(
                "unshare", "--net", "sh", "-c", "echo; exec sleep infinity",
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            sleepers.append(sleeper)
            assert sleeper.stdout is not None
            await sleeper.stdout.readline()  # it is in its namespace
            hosts[name] = host = Host(name, number, sleeper.pid)
            await _connect(host)
        yield hosts
    finally:
        for sleeper in sleepers:
            with contextlib.suppress(ProcessLookupError):
                sleeper.kill()
            await sleeper.wait()


async def _connect(host: Host) -> None:
    peer = ("peer", "name", "eth0", "netns", str(host.pid))
    await _ip("link", "add", host.name, "type", "veth", *peer)
    await _ip("link", "set", host.name, "master", _SWITCH, "up")
    await _run(host.command("ip", "addr", "add", f"{host.address}/24", "dev", "eth0"))
    for device in ("lo", "eth0"):
        await _run(host.command("ip", "link", "set", device, "up"))


async def _ip(*words: str) -> None:
    await _run(["ip", *words])


async def _run(words: Sequence[str]) -> None:
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: {said.decode().strip()}")
