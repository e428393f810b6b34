"""Coding agents from the npm registry, started by `gearshift launch`, without their vendors."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from clients.case import At
from clients.gateway import demo_gateway
from clients.scripted import NOTE, ScriptedUpstream
from clients.table import Outcome

HERE: Final = Path(__file__).parent / "agents"
FEATURES: Final = ("stream", "tools", "error", "cancel")
_LONGEST_SECONDS: Final = 240
_PROMPT: Final = "What does note.txt say?"


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent.

    Attributes:
        package: Its name in the registry.
        name: What `gearshift launch` calls it.
        arguments: What makes it answer one prompt and end.
        reads: What lets it read a file without asking.
        takes_demo: Whether the demo models, which spell words letter by letter, hold its prompt.
    """

    package: str
    name: str
    dialect: str
    arguments: Sequence[str]
    reads: Sequence[str] = ()
    takes_demo: bool = True


AGENTS: Final = (
    Agent("@anthropic-ai/claude-code", "claude", "Anthropic", ("-p",), ("--allowedTools", "Read")),
    Agent(
        "@openai/codex",
        "codex",
        "OpenAI (Responses)",
        ("exec", "--skip-git-repo-check", "--sandbox", "danger-full-access"),
    ),
    Agent("opencode-ai", "opencode", "OpenAI", ("run",)),
    Agent("@qwen-code/qwen-code", "qwen", "OpenAI", ("-p",), takes_demo=False),
)


def tried(at: At, folder: Path, scripted: ScriptedUpstream, only: str | None) -> Iterator[Outcome]:
    """Every feature of every agent."""
    for agent in AGENTS:
        if only and only not in agent.name:
            continue
        installed = json.loads((HERE / "node_modules" / agent.package / "package.json").read_text())
        home = folder / agent.name
        (home / "work").mkdir(parents=True)
        note = home / "work" / "note.txt"
        note.write_text(f"{NOTE}\n")
        scripted.note = str(note)
        for feature in FEATURES:
            problem = _problem(agent, feature, at, home)
            yield Outcome(agent.package, installed["version"], "", agent.dialect, feature, problem)


def _problem(agent: Agent, feature: str, at: At, home: Path) -> str | None:
    if feature == "stream":
        return _streamed(agent, at, home) if agent.takes_demo else None
    if feature == "tools":
        return _lacking(NOTE, *_asked(agent, "scripted", at, home))
    if feature == "error":
        return _lacking("nobody", *_asked(agent, "nobody", at, home))
    return _left(agent, at, home)


def _streamed(agent: Agent, at: At, home: Path) -> str:
    with demo_gateway(home / "gateway") as url:
        asked = _asked(agent, "auto", replace(at, url=url), home)
    return _lacking(at.replies["simple"][:40], *asked)


def _lacking(wanted: str, code: int | None, said: str) -> str:
    """Empty if it was said."""
    return "" if wanted in " ".join(said.split()) else f"ended with {code}: {said[-300:]}"


def _asked(agent: Agent, model: str, at: At, home: Path) -> tuple[int | None, str]:
    """What it says to a prompt, and how it ends."""
    with _started(agent, model, at, home) as process:
        try:
            said, _ = process.communicate(timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            said, _ = process.communicate()
            return None, said
    return process.returncode, said


def _left(agent: Agent, at: At, home: Path) -> str:
    """It is ended while the upstream answers; the upstream stops."""
    before = at.asked("endless")
    with _started(agent, "endless", at, home) as process:
        try:
            end = time.monotonic() + _LONGEST_SECONDS
            while at.asked("endless") == before and time.monotonic() < end:
                time.sleep(0.2)
            time.sleep(1)
            at.expect_stopped(lambda: _signal(process, signal.SIGTERM))
        except AssertionError as error:
            return str(error)
        finally:
            _signal(process, signal.SIGKILL)
    return ""


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """To it and its children, as a terminal does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _started(agent: Agent, model: str, at: At, home: Path) -> subprocess.Popen[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("GEARSHIFT_", "ANTHROPIC_"))}
    path = f"{HERE / 'node_modules' / '.bin'}:{Path(sys.executable).parent}:{own['PATH']}"
    launch = [sys.executable, "-m", "gearshift", "launch", agent.name, "--url", at.url]
    return subprocess.Popen(
        # Options first: some of them take any number of words that follow.
        [*launch, "--model", model, "--", *agent.reads, *agent.arguments, _PROMPT],
        cwd=home / "work",
        # Root may not do without asking, except where it is told that nothing can be harmed.
        env={**own, "PATH": path, "HOME": str(home), "IS_SANDBOX": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
