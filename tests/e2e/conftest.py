"""A real `gearshift serve` with real llama.cpp engines, once for the whole run."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

import pytest
from tests.conftest import TIERS
from tests.e2e.real_ollama import UNNAMED, RealOllama, named_ollama

from gearshift.providers.demo_model import demo_reply


@dataclass(frozen=True)
class Served:
    """A gateway that runs.

    Attributes:
        url: Of its data plane.
        admin: Of its admin plane.
        process: That it runs in.
        upstream: The name of the upstream that has both tiers' models.
        replies: By tier, what its model always says.
    """

    url: str
    admin: str
    process: subprocess.Popen
    upstream: str = "demo"
    replies: Mapping[str, str] = field(
        default_factory=lambda: {tier: demo_reply(tier, list(TIERS.values())) for tier in TIERS}
    )


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


def serving_models(cwd, *arguments: str, **variables: str) -> AbstractContextManager[Served]:
    """The same with both tiers' models: those of the named Ollama, else the demo's."""
    ollama = named_ollama()
    if ollama is None:
        return serving(cwd, "--demo", *arguments, **variables)
    return serving(cwd, *arguments, OLLAMA_HOST=ollama.host, **variables)


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
def ollama_server() -> RealOllama | None:
    """The real Ollama that `GEARSHIFT_TEST_OLLAMA_URL` names, if it names one."""
    return named_ollama()


@pytest.fixture
def real(ollama_server) -> RealOllama:
    """The named Ollama; without one the test is skipped."""
    if ollama_server is None:
        pytest.skip(UNNAMED)
    return ollama_server


@pytest.fixture(scope="session")
def served(tmp_path_factory, ollama_server) -> Iterator[Served]:
    """The gateway as `make serve` starts it: before the named Ollama, else with demo models."""
    # As images made for other servers set it; gearshift needs no such folder.
    variables = {"PROMETHEUS_MULTIPROC_DIR": "/nonexistent/prometheus"}
    if ollama_server is not None:
        variables["OLLAMA_HOST"] = ollama_server.host
    with serving(tmp_path_factory.mktemp("served"), **variables) as gateway:
        if ollama_server is not None:
            gateway = replace(gateway, upstream="ollama", replies=ollama_server.replies)
        yield gateway
    assert gateway.process.returncode == 0


@pytest.fixture(scope="session")
def demo(request, tmp_path_factory, ollama_server) -> Iterator[Served]:
    """The gateway with demo models, whose engine takes what Ollama refuses them."""
    if ollama_server is None:
        yield request.getfixturevalue("served")
        return
    with serving(tmp_path_factory.mktemp("demo"), "--demo") as gateway:
        yield gateway


@pytest.fixture
def replies(served) -> Mapping[str, str]:
    """By tier, what its model always says."""
    return served.replies
