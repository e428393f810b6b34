"""schemathesis on the gateway's own OpenAPI description, against a real `gearshift serve`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from fuzz.report import Outcome

_CONFIG: Final = Path(__file__).resolve().with_name("schemathesis.toml")
_READY: Final = re.compile(r"gearshift ready (http://\S+) ")
_STOP_SECONDS: Final = 60
# A demo model never ends its answer with some of the settings that are made up.
_LIMITS: Final = {
    "GEARSHIFT_LIMITS__FIRST_TOKEN_SECONDS": "5",
    "GEARSHIFT_LIMITS__TOTAL_SECONDS": "5",
    # A port that nobody listens on: an Ollama on this machine must not join in.
    "OLLAMA_HOST": "127.0.0.1:9",
}
# More than the time that schemathesis was given: the last requests have to end, and to be reported.
_SPARE_SECONDS: Final = 120


def run(seconds: int, folder: Path) -> Outcome:
    """Let schemathesis make requests up, within what the document says and beyond it.

    Args:
        seconds: How long.
        folder: Gets the gateway's log and schemathesis' report.
    """
    started = time.monotonic()
    with _gateway(folder) as (url, failures):
        inputs, found = _schemathesis(f"{url}/openapi.json", seconds, folder)
        failures += found
    return Outcome("http-api", "schemathesis", inputs, time.monotonic() - started, tuple(failures))


@contextmanager
def _gateway(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A gateway with demo engines; what goes wrong with it is added to the list that is yielded."""
    home = folder.resolve() / "home"
    home.mkdir(parents=True, exist_ok=True)
    own = {k: v for k, v in os.environ.items() if not k.startswith("GEARSHIFT_")}
    command = [sys.executable, "-m", "gearshift", "serve", "--demo"]
    failures: list[str] = []
    log = folder / "gateway.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--port", "0", "--admin-port", "0"],
            cwd=home,
            env={**own, **_LIMITS, "XDG_CACHE_HOME": str(home / "cache")},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield _url_of(process.stdout, log), failures
        finally:
            failures += _stop(process, log)


def _url_of(output: IO[str] | None, log: Path) -> str:
    line = output.readline() if output else ""
    found = _READY.match(line)
    if found is None:
        raise SystemExit(f"the gateway did not start: {line!r}, see {log}")
    return found[1]


def _stop(process: subprocess.Popen[str], log: Path) -> Iterator[str]:
    if process.poll() is not None:
        yield f"the gateway ended with code {process.returncode}, see {log}"
        return
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        yield f"the gateway did not stop within {_STOP_SECONDS} s of SIGTERM, see {log}"
    else:
        if code:
            yield f"the gateway stopped with code {code}, see {log}"
    if "Traceback" in (said := log.read_text(errors="replace")) or ", reference " in said:
        yield f"the gateway logged a defect, see {log}"


def _schemathesis(url: str, seconds: int, folder: Path) -> tuple[int, list[str]]:
    report, log = folder.resolve() / "http-api.json", folder / "http-api.log"
    report.unlink(missing_ok=True)
    command = [
        *(
            str(Path(sys.executable).absolute().with_name("schemathesis")),
            "--config-file",
            str(_CONFIG),
        ),
        *("run", url, "--max-time", str(seconds), "--phases", "examples,coverage,fuzzing"),
        *("--continue-on-failure", "--generation-database", "none", "--request-timeout", "30"),
        *("--report", "json", "--report-json-path", str(report), "--no-color"),
    ]
    with log.open("wb") as output:
        code = subprocess.call(
            command,
            cwd=folder,  # it keeps a cache where it is run
            stdout=output,
            stderr=output,
            timeout=seconds + _SPARE_SECONDS,
        )
    if not report.exists():
        return 0, [f"schemathesis ended with code {code} and no report, see {log}"]
    said = json.loads(report.read_bytes())
    failures = [
        f"{failure['title']}: {', '.join(failure['operations'])}, see {log}"
        for failure in said["failures"]
    ]
    failures += [f"{error}, see {log}" for error in said["errors"]]
    if code and not failures:
        failures.append(f"schemathesis ended with code {code}, see {log}")
    return int(said["test_cases"]["generated"]), failures
