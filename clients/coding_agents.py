"""Coding agents, started by `gearshift launch`, without their vendors."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
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
from clients.scripted import NOTE, STREAMED, ScriptedUpstream
from clients.table import Outcome

HERE: Final = Path(__file__).parent / "agents"
AIDER: Final = HERE.parents[1] / ".venv-clients-aider"
FEATURES: Final = ("whole", "stream", "tools", "error", "cancel")
_LONGEST_SECONDS: Final = 240
_PROMPT: Final = "What does note.txt say?"


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent.

    Attributes:
        package: Its name in its registry.
        name: What `gearshift launch` calls it.
        arguments: What makes it answer one prompt and end.
        reads: What lets it read a file without asking; `None` if it has no tools.
        whole: What makes it ask for whole answers, if it can.
        takes_demo: Whether the demo models, which spell words letter by letter, hold its prompt.
        unknown: What it says of a model that does not exist.
    """

    package: str
    name: str
    dialect: str
    arguments: Sequence[str]
    reads: Sequence[str] | None = ()
    whole: Sequence[str] | None = None
    takes_demo: bool = True
    unknown: str = "model 'nobody' not found"

    @property
    def version(self) -> str | None:
        """The installed one."""
        file = HERE / "node_modules" / self.package / "package.json"
        if file.exists():
            return str(json.loads(file.read_text())["version"])
        pattern = f"lib/*/site-packages/{self.package.replace('-', '_')}-*.dist-info"
        found = next(AIDER.glob(pattern), None)
        return found.name.removesuffix(".dist-info").rpartition("-")[2] if found else None


AGENTS: Final = (
    Agent(
        "@anthropic-ai/claude-code",
        "claude",
        "Anthropic",
        ("-p",),
        ("--allowedTools", "Read"),
        unknown="There's an issue with the selected model (nobody)",
    ),
    Agent(
        "@openai/codex",
        "codex",
        "OpenAI (Responses)",
        ("exec", "--skip-git-repo-check", "--sandbox", "danger-full-access"),
    ),
    Agent("opencode-ai", "opencode", "OpenAI", ("run",)),
    Agent("@qwen-code/qwen-code", "qwen", "OpenAI", ("-p",), takes_demo=False),
    Agent("@continuedev/cli", "continue", "OpenAI", ("-p",), ("--allow", "Read")),
    Agent(
        "aider-chat",
        "aider",
        "OpenAI",
        ("--no-git", "--yes-always", "--no-check-update", "--no-show-release-notes", "--message"),
        None,
        ("--no-stream",),
    ),
)


def tried(at: At, folder: Path, scripted: ScriptedUpstream, only: str | None) -> Iterator[Outcome]:
    """Every feature of every agent that is installed."""
    for agent in AGENTS:
        if only and only not in agent.name:
            continue
        version = agent.version
        if version is None:
            print(f"     {agent.package}: not installed")
            continue
        home = folder / agent.name
        (home / "work").mkdir(parents=True)
        note = home / "work" / "note.txt"
        note.write_text(f"{NOTE}\n")
        scripted.note = str(note)
        for feature in FEATURES:
            problem = _problem(agent, feature, at, home)
            yield Outcome(agent.package, version, "", agent.dialect, feature, problem)


def _problem(agent: Agent, feature: str, at: At, home: Path) -> str | None:
    if feature == "whole":
        return None if agent.whole is None else _answered(agent, at, home / feature, agent.whole)
    if feature == "stream":
        if agent.takes_demo:
            return _answered(agent, at, home / feature)
        return _lacking(STREAMED, *_asked(agent, "streaming", at, home))
    if feature == "tools":
        if agent.reads is None:
            return None
        return _lacking(NOTE, *_asked(agent, "scripted", at, home, *agent.reads))
    if feature == "error":
        return _lacking(agent.unknown, *_asked(agent, "nobody", at, home))
    return _left(agent, at, home)


def _answered(agent: Agent, at: At, folder: Path, options: Sequence[str] = ()) -> str:
    """The demo model's answer is told."""
    with demo_gateway(folder) as url:
        asked = _asked(agent, "auto", replace(at, url=url), folder.parent, *options)
    return _lacking(at.replies["simple"][:40], *asked)


def _lacking(wanted: str, code: int | None, said: str) -> str:
    """Empty if it was said."""
    return "" if wanted in " ".join(said.split()) else f"ended with {code}: {said[-300:]}"


def _asked(agent: Agent, model: str, at: At, home: Path, *options: str) -> tuple[int | None, str]:
    """What it says to a prompt, and how it ends."""
    with _started(agent, model, at, home, *options) as process:
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


def _started(agent: Agent, model: str, at: At, home: Path, *options: str) -> subprocess.Popen[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("GEARSHIFT_", "ANTHROPIC_"))}
    path = (HERE / "node_modules" / ".bin", Path(sys.executable).parent, own["PATH"], AIDER / "bin")
    launch = [sys.executable, "-m", "gearshift", "launch", agent.name, "--url", at.url]
    # Options first: some of them take any number of words that follow.
    command = [*launch, "--model", model, "--", *options, *agent.arguments, _PROMPT]
    if model == "nobody":  # which `launch` knows, and would not start it with
        command.insert(len(launch), "--print")
        command = ["sh", "-c", f'eval "$({shlex.join(command)})"']
    return subprocess.Popen(
        command,
        cwd=home / "work",
        env={
            **own,
            "PATH": ":".join(map(str, path)),
            "HOME": str(home),
            "PWD": str(home / "work"),
            # Root may not do without asking, except where it is told that nothing can be harmed.
            "IS_SANDBOX": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
