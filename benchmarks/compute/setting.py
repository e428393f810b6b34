"""Two engines of the true shapes with one thread each, and a gateway before them."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.compute.cpu_time import cpu_seconds
from benchmarks.compute.shapes import SHAPES, write_model

_CONTEXT_TOKENS: Final = 8192


class Cost(NamedTuple):
    """One request.

    Attributes:
        cpu_seconds: Of both engines and the gateway, as the operating system says.
        flops: As the gateway's decision log says.
        baseline_flops: On the large model, as the log says.
        tokens: Of the prompt, and of the answer.
    """

    tier: str
    cpu_seconds: float
    flops: float
    baseline_flops: float
    tokens: tuple[int, int]


@dataclass(frozen=True)
class Setting:
    """What runs.

    Attributes:
        url: The gateway's data port.
        processes: Engines and gateway.
        log: The decision log's file.
    """

    url: str
    processes: tuple[int, ...]
    log: Path

    def ask(self, model: str, prompt: str, answer_tokens: int) -> Cost:
        """Have a prompt answered with exactly so many tokens, and say what it cost."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": answer_tokens,
            "ignore_eos": True,
            "cache_prompt": False,
        }
        request = urllib.request.Request(
            f"{self.url}/v1/chat/completions",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        before = cpu_seconds(*self.processes)
        with urllib.request.urlopen(request, timeout=900) as answer:
            usage = json.load(answer)["usage"]
            decision, tier = (
                answer.headers[f"x-gearshift-{name}"] for name in ("decision-id", "tier")
            )
        spent = cpu_seconds(*self.processes) - before
        if usage["completion_tokens"] != answer_tokens:
            raise SystemExit(f"{usage['completion_tokens']} tokens instead of {answer_tokens}")
        tokens = (usage["prompt_tokens"], usage["completion_tokens"])
        return Cost(tier, spent, *self._accounted(decision), tokens)

    def _accounted(self, decision: str) -> tuple[float, float]:
        import time

        for _ in range(100):
            with contextlib.closing(sqlite3.connect(f"file:{self.log}?mode=ro", uri=True)) as log:
                found = log.execute(
                    "SELECT flops, baseline_flops FROM decisions WHERE id = ?", (decision,)
                ).fetchone()
            if found:
                return found[0], found[1]
            time.sleep(0.1)
        raise SystemExit(f"the decision log has no {decision}")


def models(folder: Path, words: Iterable[str]) -> dict[str, Path]:
    """The files of both models, written anew: their vocabulary has these words."""
    known = sorted(set(words))
    files = {}
    for name, shape in SHAPES.items():
        files[name] = folder / f"{name.replace(':', '-')}.gguf"
        print(f"writing {files[name].name}", file=sys.stderr)
        write_model(files[name], shape, known)
    return files


@contextlib.contextmanager
def running(folder: Path, files: dict[str, Path], threads: int) -> Iterator[Setting]:
    """Start everything; ends with the context."""
    with contextlib.ExitStack() as stack:
        engines = {
            name: stack.enter_context(_engine(path, name, threads)) for name, path in files.items()
        }
        config = folder / "config.json"
        config.write_text(json.dumps(_config(engines, folder)))
        gateway = stack.enter_context(
            _child("gearshift", "serve", "--port=0", "--admin-port=0", f"--config={config}")
        )
        assert gateway.stdout is not None
        line = gateway.stdout.readline()
        found = re.match(r"gearshift ready (\S+)", line)
        if found is None:
            raise SystemExit(f"the gateway did not start: {line}")
        pids = (*(process.pid for process, _ in engines.values()), gateway.pid)
        yield Setting(found[1], pids, folder / "decisions.db")


def _config(engines: dict[str, tuple[subprocess.Popen[str], str]], folder: Path) -> dict[str, Any]:
    upstreams = [
        {"name": name.partition(":")[0], "provider": "openai", "base_url": f"{url}/v1"}
        for name, (_, url) in engines.items()
    ]
    return {
        "upstreams": upstreams,
        "limits": {"first_token_seconds": 800, "idle_seconds": 800, "total_seconds": 900},
        "decision_log": {"url": f"sqlite:///{folder / 'decisions.db'}"},
    }


@contextlib.contextmanager
def _engine(path: Path, name: str, threads: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    options = (f"--alias={name}", f"--threads={threads}", f"--context={_CONTEXT_TOKENS}")
    with _child("gearshift.providers.llama_server", str(path), *options) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"ready"'):
                yield process, json.loads(line)["ready"]
                return
        raise SystemExit(f"the engine for {path} did not start")


@contextlib.contextmanager
def _child(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)
