"""What scoring costs by length of text, beside LiteLLM's complexity router in the same run.

Usage: python -m benchmarks.scorer_cost [--without-litellm] [DATA...]

Timed are one ordinary text of each size, scored again and again (best of rounds), hundreds of
different texts of each size, each scored once (mean), and hostile texts of 200,000 characters. The
different texts are made of the prompts in DATA (files as `gearshift evaluate` reads them), without
any of those in tests/golden.

LiteLLM is installed into a virtual environment of its own in the cache folder, and its own
classifier is called there, in a subprocess, on the same texts. Where it cannot be had, the report
says so and gives our figures alone. Times are the thread's CPU time, so that a busy machine
disturbs them less; even so read ratios, not absolutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.scorer_texts import EACH, adversarial, prompts, texts, varied
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

LITELLM = "litellm==1.106.2"
TARGETS_US = {"60": 15.0, "500": 30.0, "32k": 300.0, "200k": 300.0}
TARGET_RATIO = 30.0
ROUNDS = 7
MIN_SECONDS = 0.02
LITELLM_READS = 4_000_000
"""Of the different texts of a size LiteLLM is given so many characters: it reads them all."""

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
samples = json.load(sys.stdin)
out, varied = {}, {}
for name, text in samples["one"].items():
    classify(text)
    best = float("inf")
    for _ in range(5):
        count, start = 0, time.thread_time()
        while True:
            classify(text)
            count += 1
            spent = time.thread_time() - start
            if spent > 0.02:
                break
        best = min(best, spent / count)
    out[name] = best * 1e6
for name, texts in samples["varied"].items():
    start = time.thread_time()
    for text in texts:
        classify(text)
    varied[name] = (time.thread_time() - start) / len(texts) * 1e6
function = ".".join((router.__module__, router.__name__, names[0]))
json.dump({"function": function, "one": out, "varied": varied}, sys.stdout)
"""


def microseconds(score: Callable[[str], object], text: str) -> float:
    score(text)
    best = float("inf")
    for _ in range(ROUNDS):
        count, start = 0, time.thread_time()
        while (spent := time.thread_time() - start) < MIN_SECONDS:
            score(text)
            count += 1
        best = min(best, spent / count)
    return best * 1e6


def mean_microseconds(score: Callable[[str], object], texts: Sequence[str]) -> float:
    """Each text once, as they come in a day of traffic; none of them has been seen before."""
    start = time.thread_time()
    for text in texts:
        score(text)
    return (time.thread_time() - start) / len(texts) * 1e6


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


Costs = dict[str, dict[str, float]]
NONE: Costs = {"one": {}, "varied": {}}


def litellm_costs(one: dict[str, str], varied: dict[str, list[str]]) -> tuple[str, Costs]:
    """The function that was timed and its costs; or why there are none."""
    few = {name: some[: LITELLM_READS // len(some[0])] for name, some in varied.items()}
    try:
        done = subprocess.run(
            [str(litellm_python()), "-c", PROBE],
            input=json.dumps({"one": one, "varied": few}),
            check=True,
            timeout=600,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines()
        return f"not measured: {lines[-1] if lines else error}", NONE
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not measured: {error}", NONE
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    return str(answer["function"]), {"one": answer["one"], "varied": answer["varied"]}


def verdict(name: str, ours: float, theirs: float | None, of_one_text: bool) -> str:
    target = TARGETS_US.get(name) if of_one_text else None
    parts = []
    if target is not None:
        parts.append(f"<= {target:.0f} us {'ok' if ours <= target else 'MISSED'}")
    if theirs is not None:
        parts.append(f"{theirs / ours:.0f} x {'ok' if theirs / ours >= TARGET_RATIO else 'MISSED'}")
    return ", ".join(parts)


def show(costs: dict[str, float], theirs: dict[str, float], *, of_one_text: bool) -> None:
    print(f"{'characters':>12} {'gearshift us':>13} {'LiteLLM us':>12}")
    for name, cost in costs.items():
        other = f"{theirs[name]:12.0f}" if name in theirs else f"{'-':>12}"
        print(
            f"{name:>12} {cost:13.1f} {other}  {verdict(name, cost, theirs.get(name), of_one_text)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", type=Path, metavar="DATA")
    parser.add_argument("--without-litellm", action="store_true")
    arguments = parser.parse_args()
    start = time.thread_time()
    scorer = TaskComplexityScorer(remembered=0)  # its memory would answer all but the first
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"construction {1e3 * (time.thread_time() - start):.0f} ms")
    print("load at the start", *(f"{load:.1f}" for load in os.getloadavg()))
    one, different = texts(), varied(prompts(arguments.data))
    ours = {name: microseconds(scorer.score, text) for name, text in one.items()}
    means = {name: mean_microseconds(scorer.score, some) for name, some in different.items()}
    litellm = ("left out", NONE) if arguments.without_litellm else litellm_costs(one, different)
    print(f"LiteLLM: {LITELLM}, {litellm[0]}")
    print("one text of each size, again and again, best of rounds")
    show(ours, litellm[1]["one"], of_one_text=True)
    print(f"{EACH} different texts of each size, each once, mean")
    show(means, litellm[1]["varied"], of_one_text=False)
    print("200,000 characters, hostile, best of rounds")
    for name, text in adversarial().items():
        print(f"{name:>16} {microseconds(scorer.score, text):9.1f}")


if __name__ == "__main__":
    main()
