"""What scoring costs by length of text, beside LiteLLM's complexity router in the same run.

Usage: python -m benchmarks.scorer_cost [--without-litellm]

LiteLLM is installed into a virtual environment of its own in the cache folder, and its own
classifier is called there, in a subprocess, on the same texts. Where it cannot be had, the report
says so and gives our figures alone. Read ratios, not absolutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
import venv
from collections.abc import Callable
from pathlib import Path

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

LITELLM = "litellm==1.106.2"
SIZES = {"60": 60, "500": 500, "4k": 4_000, "32k": 32_000, "200k": 200_000}
TARGETS_US = {"60": 15.0, "500": 30.0, "32k": 300.0, "200k": 300.0}
TARGET_RATIO = 30.0
ROUNDS = 7
MIN_SECONDS = 0.02

PARAGRAPH = (
    "I run a small bakery with two ovens; every Friday the second one trips the fuse after about "
    "forty minutes. Could you explain what may cause this, and compare replacing the fuse with "
    "calling an electrician? First list the checks that I can do safely, then write a short Python "
    "script that logs the temperature every minute. My budget is 400 euros. The oven was mended in "
    "spring; since then the bread has been fine, the neighbours are happy, and nothing else in the "
    "house has changed, except that we bought a new fridge, a lamp and three wooden shelves. "
)

PROBE = """
import inspect, json, sys, time
from litellm.router_strategy.complexity_router import complexity_router as module
router = module.ComplexityRouter
names = [n for n in ("classify", "_classify", "classify_prompt") if hasattr(router, n)]
if not names:
    raise SystemExit("no classify function in " + module.__file__)
arguments = {}
for parameter in list(inspect.signature(router.__init__).parameters.values())[1:]:
    if parameter.default is inspect.Parameter.empty:
        arguments[parameter.name] = "probe" if "name" in parameter.name else None
classify = getattr(router(**arguments), names[0])
texts = json.load(sys.stdin)
out = {}
for name, text in texts.items():
    classify(text)
    best = float("inf")
    for _ in range(5):
        count, start = 0, time.perf_counter()
        while True:
            classify(text)
            count += 1
            spent = time.perf_counter() - start
            if spent > 0.02:
                break
        best = min(best, spent / count)
    out[name] = best * 1e6
function = ".".join((router.__module__, router.__name__, names[0]))
json.dump({"function": function, "us": out}, sys.stdout)
"""


def texts() -> dict[str, str]:
    return {name: (PARAGRAPH * (size // len(PARAGRAPH) + 1))[:size] for name, size in SIZES.items()}


def adversarial() -> dict[str, str]:
    units = {
        "when and": "when and ",
        "first then": "first then ",
        "newlines": "\n",
        "digits": "1",
        "quotes": '"',
        "openings": "<context>",
        "one word": "a",
        "Chinese": "为什么要比较",
    }
    return {name: unit * (200_000 // len(unit)) for name, unit in units.items()}


def microseconds(score: Callable[[str], object], text: str) -> float:
    score(text)
    best = float("inf")
    for _ in range(ROUNDS):
        count, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < MIN_SECONDS:
            score(text)
            count += 1
        best = min(best, spent / count)
    return best * 1e6


def litellm_python() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gearshift-bench"
    home = cache / LITELLM.replace("==", "-")
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", LITELLM]
        subprocess.run(command, check=True, timeout=900, capture_output=True, text=True)
        (home / "ready").touch()
    return python


def litellm_costs(samples: dict[str, str]) -> tuple[str, dict[str, float]]:
    """The function that was timed and its costs; or why there are none."""
    try:
        done = subprocess.run(
            [str(litellm_python()), "-c", PROBE],
            input=json.dumps(samples),
            check=True,
            timeout=600,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines()
        return f"not measured: {lines[-1] if lines else error}", {}
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not measured: {error}", {}
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    return str(answer["function"]), dict(answer["us"])


def verdict(name: str, ours: float, theirs: float | None) -> str:
    target = TARGETS_US.get(name)
    parts = []
    if target is not None:
        parts.append(f"<= {target:.0f} us {'ok' if ours <= target else 'MISSED'}")
    if theirs is not None:
        parts.append(f"{theirs / ours:.0f} x {'ok' if theirs / ours >= TARGET_RATIO else 'MISSED'}")
    return ", ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-litellm", action="store_true")
    arguments = parser.parse_args()
    start = time.perf_counter()
    scorer = TaskComplexityScorer(remembered=0)  # its memory would answer all but the first
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"construction {1e3 * (time.perf_counter() - start):.0f} ms")
    samples = texts()
    ours = {name: microseconds(scorer.score, text) for name, text in samples.items()}
    function, theirs = ("left out", {}) if arguments.without_litellm else litellm_costs(samples)
    print(f"LiteLLM: {LITELLM}, {function}")
    print(f"{'characters':>12} {'gearshift us':>13} {'LiteLLM us':>12}")
    for name, cost in ours.items():
        other = f"{theirs[name]:12.0f}" if name in theirs else f"{'-':>12}"
        print(f"{name:>12} {cost:13.1f} {other}  {verdict(name, cost, theirs.get(name))}")
    for name, text in adversarial().items():
        print(f"{name:>12} {microseconds(scorer.score, text):13.1f}  200k adversarial")


if __name__ == "__main__":
    main()
