"""Coverage-guided fuzzing of `fuzz/targets.py` with atheris, one process for each target."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from fuzz.report import Outcome
from fuzz.targets import TARGETS, Target

_COUNT: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_WRITTEN: Final = re.compile(r"Test unit written to (\S+)")
_MAX_INPUT_BYTES: Final = 4096
_START_SECONDS: Final = 4  # about what it takes until the first input


def run(name: str, seconds: int, folder: Path) -> Outcome:
    """Fuzz one target; what it learns stays in `folder` for the next time.

    Args:
        name: Of the target.
        seconds: How long.
        folder: Gets the corpus, the log, and the inputs that break something.
    """
    corpus, crashes, log = folder / "corpus" / name, folder / "crashes", folder / f"{name}.log"
    words = folder / f"{name}.dict"
    for needed in (corpus, crashes):
        needed.mkdir(parents=True, exist_ok=True)
    _write_inputs(TARGETS[name], corpus, words)
    flags = [
        f"-max_total_time={max(1, seconds - _START_SECONDS)}",
        f"-max_len={_MAX_INPUT_BYTES}",
        f"-artifact_prefix={crashes / name}-",
        *([f"-dict={words}"] if TARGETS[name].words else []),
        *("-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"),
    ]
    started = time.monotonic()
    command = [sys.executable, "-m", "fuzz.guided_process", name, *flags, str(corpus)]
    with log.open("wb") as output:
        code = subprocess.call(command, stdout=output, stderr=output)
    said = log.read_text(errors="replace")
    counts = _COUNT.findall(said)
    failures = tuple(_WRITTEN.findall(said))
    if code and not failures:
        failures = (f"exit code {code}, see {log}",)
    elif code:
        failures = (*failures, f"see {log}")
    inputs = int(counts[-1]) if counts else 0
    return Outcome(name, "atheris", inputs, time.monotonic() - started, failures)


def _write_inputs(target: Target, corpus: Path, words: Path) -> None:
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())
