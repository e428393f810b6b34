"""What an installed gearshift must do: with no extra, with each, and where one is missing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

_SECONDS: Final = 300.0
_SERVE: Final = ("serve", "--port", "0", "--admin-port", "0")
_CONFIGURED: Final = (*_SERVE, "--config", "gearshift.yaml")
_NOWHERE: Final = "http://127.0.0.1:9"
_CONFIG: Final = f"upstreams:\n  - name: none\n    provider: openai\n    base_url: {_NOWHERE}/v1\n"
_ROWS: Final = 600


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with gearshift in it.

    Attributes:
        programs: Its `bin`.
        home: An empty folder for whatever gearshift keeps.
    """

    programs: Path
    home: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line of `gearshift`."""
        return [str(self.programs / "gearshift"), *arguments]

    def variables(self, more: Mapping[str, str]) -> dict[str, str]:
        """An environment without anything of the person's who runs this."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "OLLAMA_HOST": "127.0.0.1:9",
        } | {**more}

    def run(
        self, *arguments: str, code: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, which must be with `code` and without a traceback."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.home,
            env=self.variables(variables),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        _demand(done.returncode == code, f"{arguments}: exit code {done.returncode}", done.stderr)
        _demand("Traceback" not in done.stderr, f"{arguments}: a traceback", done.stderr)
        return done


Check = Callable[[Installed], None]


def check(title: str, installed: Installed, checks: Sequence[Check]) -> None:
    """Make checks one by one; the first that fails ends the program."""
    for one in checks:
        one(installed)
    print(f"ok: {title}", flush=True)


def _demand(is_so: bool, complaint: str, *details: str) -> None:
    if not is_so:
        sys.exit("\n".join((complaint, *details)))


def _says_version(installed: Installed) -> None:
    said = installed.run("--version").stdout
    _demand(said.startswith("gearshift, version "), "--version", said)


def _scores(installed: Installed) -> None:
    said = json.loads(installed.run("score", "--json", "Explain async vs threads").stdout)
    _demand(said["tier"] == "complex", "score", str(said))


def _serves(*arguments: str, path: str, **variables: str) -> Check:
    """To its ready line, one answer, and a quiet end."""
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    head = {"content-type": "application/json"}

    def serves(installed: Installed) -> None:
        (installed.home / "gearshift.yaml").write_text(_CONFIG)
        log = installed.home / "serve.log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                installed.command(*_SERVE, *arguments),
                cwd=installed.home,
                env=installed.variables(variables),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        try:
            line = process.stdout.readline() if process.stdout else ""
            _demand(line.startswith("gearshift ready http"), "no ready line", log.read_text())
            request = Request(line.split()[2] + path, json.dumps(body).encode(), head)
            with urlopen(request, timeout=_SECONDS) as answer:
                _demand(bool(json.load(answer)), f"{path}: no answer")
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(_SECONDS)
        said = log.read_text()
        _demand(code == 0 and "Traceback" not in said, f"serve {arguments}: {code}", said)

    return serves


def _routes(**variables: str) -> Check:
    return _serves("--config", "gearshift.yaml", path="/v1/route", **variables)


def _exports(installed: Installed) -> None:
    installed.run("export", "--out", "exported")
    _demand(any((installed.home / "exported").glob("*.parquet")), "export wrote nothing")


def _scores_files(installed: Installed) -> None:
    (installed.home / "prompts.jsonl").write_text('{"prompt": "Explain async vs threads"}\n')
    installed.run("score", "--from", "prompts.jsonl", "--out", "scored")
    _demand((installed.home / "scored" / "prompts.parquet").is_file(), "score wrote nothing")


def _finds_postgresql_gone(installed: Installed) -> None:
    url = "postgresql://127.0.0.1:9/none"
    said = installed.run("stats", code=1, GEARSHIFT_DECISION_LOG__URL=url).stderr
    _demand("refused" in said, "the driver does not speak", said)


def _reads_cards(installed: Installed) -> None:
    python, program = installed.programs / "python", "import pynvml; pynvml.nvmlInit"
    subprocess.run([str(python), "-c", program], check=True)


def _learns(installed: Installed) -> None:
    chance, texts = random.Random(1), ("What is {}?", "Prove step by step why {} holds, design it.")
    rows = [
        {
            "prompt": texts[number % 2].format(number),
            "weak_score": float(chance.random() > (0.9 if number % 2 else 0.01)),
            "strong_score": 1.0,
        }
        for number in range(_ROWS)
    ]
    file = installed.home / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    installed.run("tune", file.name)
    installed.run("train", file.name, "--out", "own.npz", "--rounds", "20", "--force")
    installed.run("evaluate", file.name, "--rounds", "20", "--curves", "curves")
    installed.run("experiment", "status")


def _lacks(extra: str, *arguments: str, **variables: str) -> Check:
    def asks(installed: Installed) -> None:
        (installed.home / "rows.jsonl").write_text(
            '{"prompt": "a", "weak_score": 0, "strong_score": 1}\n' * 30
        )
        (installed.home / "model.gguf").write_bytes(b"GGUF")
        said = installed.run(*arguments, code=2, **variables).stderr
        wanted = f'pip install "gearshift[{extra}]"'
        _demand(wanted in said.splitlines()[-1], f"{arguments}: {extra} is not named", said)

    return asks


_REDIS: Final = {
    "GEARSHIFT_CACHE__ENABLED": "true",
    "GEARSHIFT_CACHE__REDIS_URL": "redis://127.0.0.1:9",
}
_PLAN: Final = (
    *("plan", "--rate", "1", "--prompt-tokens", "100", "--completion-tokens", "50"),
    *("--tier", "simple:share=1,decode=50,prefill=500,slots=4"),
)


def _plans(installed: Installed) -> None:
    said = json.loads(installed.run(*_PLAN, "--json").stdout)
    _demand(said["recommended"]["deployments"] == {"simple": 2}, "plan", str(said))


CHECKS: Final[Mapping[str, Sequence[Check]]] = {
    "": (_says_version, _scores, _routes()),
    "embedded": (_serves("--demo", path="/v1/chat/completions"),),
    "energy": (_reads_cards,),
    "export": (_exports,),
    "offline": (_scores_files,),
    "otel": (_routes(GEARSHIFT_OPENTELEMETRY__ENDPOINT=_NOWHERE),),
    "plan": (_plans,),
    "postgres": (_finds_postgresql_gone,),
    "redis": (_routes(**_REDIS),),
    "quality": (_learns, _routes(GEARSHIFT_QUALITY__SHADOW_SHARE="0.5")),
}
"""What each extra, alone, must make work."""

_URL: Final = {"GEARSHIFT_DECISION_LOG__URL": "postgresql://127.0.0.1:9/none"}
LACKING: Final[Mapping[str, Sequence[Check]]] = {
    "embedded": (
        _lacks("embedded", *_SERVE, "--demo"),
        _lacks("embedded", *_SERVE, "--model-path", "model.gguf"),
        _lacks("embedded", "ask", "hello"),
    ),
    "export": (_lacks("export", "export", "--out", "exported"),),
    "offline": (_lacks("offline", "replay", "--threshold", "5", "--from", "exported"),),
    "otel": (_lacks("otel", *_CONFIGURED, OTEL_EXPORTER_OTLP_ENDPOINT=_NOWHERE),),
    "plan": (_lacks("plan", *_PLAN),),
    "postgres": (
        _lacks("postgres", "stats", **_URL),
        _lacks("postgres", *_CONFIGURED, **_URL),
    ),
    "redis": (_lacks("redis", *_CONFIGURED, **_REDIS),),
    "quality": (
        _lacks("quality", "tune", "rows.jsonl"),
        _lacks("quality", "experiment", "status"),
        _lacks("quality", "evaluate", "rows.jsonl", "--curves", "curves"),
        _lacks(
            "quality", *_SERVE, "--config", "gearshift.yaml", GEARSHIFT_QUALITY__SHADOW_SHARE="1"
        ),
    ),
}
"""The commands that must name each extra where it is not installed."""
