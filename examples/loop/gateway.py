"""A gateway with the embedded demo models, as a child process, and the commands beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 120.0
_AN_HOUR_EARLIER = """
UPDATE decisions SET time = time - 3600;
UPDATE judgements SET time = time - 3600;
UPDATE experiments SET definition =
    json_set(definition, '$.started', json_extract(definition, '$.started') - 3600);
"""


class Gateway:
    """Runs while the context lasts.

    Args:
        folder: For its log and its models.
        config: The configuration file.
    """

    def __init__(self, folder: Path, config: Path) -> None:
        self._config = config
        self._log = folder / "state" / "gearshift" / "decisions.db"
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),  # where the configuration's judge is
            "XDG_STATE_HOME": str(folder / "state"),
            "OLLAMA_HOST": "127.0.0.1:9",  # nobody: this is about the embedded engine
        }
        self._errors = (folder / "gateway.log").open("wb")

    def __enter__(self) -> Self:
        ports = ("--port", "0", "--admin-port", "0")
        command = (sys.executable, "-m", "gearshift", "serve", "--demo", *ports)
        self._process = subprocess.Popen(
            (*command, "--config", str(self._config)),
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdout is not None
        found = re.match(r"gearshift ready (\S+) admin (\S+)", self._process.stdout.readline())
        if found is None:
            raise SystemExit(f"the gateway did not start; see {self._errors.name}")
        self._url, self._admin = found.groups()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)
        self._errors.close()

    def command(self, *arguments: str, state: str | None = None) -> dict[str, Any]:
        """What a command of gearshift prints with `--json`, by the log in a folder for state."""
        done = subprocess.run(
            [sys.executable, "-m", "gearshift", *arguments, "--config", self._config, "--json"],
            env=self._environment | ({} if state is None else {"XDG_STATE_HOME": state}),
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.stdout:
            raise SystemExit(f"gearshift {' '.join(arguments)}: {done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def ask(self, prompt: str, session: str) -> None:
        """Send a request, and read its answer."""
        self._post("/v1/chat/completions", prompt, session)

    def decision(self, prompt: str, session: str = "") -> dict[str, Any]:
        """Where a request would go."""
        found: dict[str, Any] = json.loads(self._post("/v1/route", prompt, session))
        return found

    def tier(self, prompt: str) -> str:
        """The tier that it would go to."""
        return str(self.decision(prompt)["tier"])

    def judged(self) -> int:
        """Sampled answers that are done with: judged, or let go because users came."""
        with urllib.request.urlopen(f"{self._admin}/metrics") as answer:
            text = answer.read().decode()
        done = r"^gearshift_(?:quality_judgements|shadow_skipped)_total\{.*\} (\S+)$"
        counts = re.findall(done, text, re.MULTILINE)
        return round(sum(map(float, counts)))

    def until_judged(self, count: int) -> None:
        """Wait until so many are done with, and until they are written."""
        _wait(lambda: self.judged() >= count, f"{count} verdicts")
        time.sleep(1.0)

    def until_experiment(self) -> None:
        """Wait until an experiment is in force."""
        _wait(lambda: self.decision("Hello", "any")["cause"] == "experiment", "the experiment")

    def command_an_hour_later(self, *arguments: str) -> dict[str, Any]:
        """What a command will print in an hour, if nothing more happens until then.

        Asks a copy of the log in which everything happened an hour earlier.
        """
        with tempfile.TemporaryDirectory(prefix="gearshift-later-") as state:
            later = Path(state) / "gearshift" / self._log.name
            later.parent.mkdir()
            with (
                closing(sqlite3.connect(self._log)) as log,
                closing(sqlite3.connect(later)) as copy,
            ):
                log.backup(copy)
                copy.executescript(_AN_HOUR_EARLIER)
            return self.command(*arguments, state=state)

    def until_scorer(self, name: str) -> None:
        """Wait until another scorer is in force."""
        _wait(lambda: self.decision("Hello")["scorer"] == name, f"the scorer {name}")

    def until_threshold(self, threshold: float) -> None:
        """Wait until another threshold is in force."""
        _wait(lambda: self.decision("Hello")["threshold"] == threshold, "the threshold")

    def _post(self, path: str, prompt: str, session: str) -> bytes:
        body = {"model": "auto", "max_tokens": 4, "messages": [{"role": "user", "content": prompt}]}
        headers = {"content-type": "application/json", "x-session-id": session or "-"}
        request = urllib.request.Request(f"{self._url}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            found: bytes = answer.read()
        return found


def _wait(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {_PATIENCE_SECONDS:g} s for {what}")
        time.sleep(0.2)
