"""A real `gearshift serve` with real llama.cpp engines, once for the whole run."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Served:
    url: str
    admin: str
    process: subprocess.Popen


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of the person who runs the tests."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("GEARSHIFT_")}
    # A port that nobody listens on: an Ollama on this machine must not join in.
    return {**own, "OLLAMA_HOST": "127.0.0.1:9", **more}


@contextmanager
def serving(
    cwd, *arguments: str, pattern: str = r"http://\S+", **variables: str
) -> Iterator[Served]:
    """Run `gearshift serve` on free ports in an empty folder."""
    command = [sys.executable, "-m", "gearshift", "serve", "--port", "0", "--admin-port", "0"]
    with (cwd / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=cwd,
            env=environment(XDG_CACHE_HOME=str(cwd / "cache"), HOME=str(cwd), **variables),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.fullmatch(rf"gearshift ready ({pattern}) admin (http://\S+)\n", line)
        assert found, f"{line!r} {(cwd / 'stderr').read_text()}"
        yield Served(found[1], found[2], process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        process.stdout.close()


@asynccontextmanager
async def serving_beside(cwd, *arguments: str, **variables: str) -> AsyncIterator[Served]:
    """The same beside an upstream of this loop, which is asked while the gateway starts."""
    manager = serving(cwd, *arguments, **variables)
    gateway = await asyncio.to_thread(manager.__enter__)
    try:
        yield gateway
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """The gateway as `make serve` starts it on a machine without Ollama."""
    # As images made for other servers set it; gearshift needs no such folder.
    variables = {"PROMETHEUS_MULTIPROC_DIR": "/nonexistent/prometheus"}
    with serving(tmp_path_factory.mktemp("served"), **variables) as gateway:
        yield gateway
    assert gateway.process.returncode == 0
