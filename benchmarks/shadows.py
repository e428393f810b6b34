"""What sampling does to users: p99 of requests with a fifth of them repeated, and without.

Usage: python -m benchmarks.shadows [--seconds N] [--rate N] [--rounds N] [--json]

Two gateways on real demo engines of their own, one with `quality.shadow_share: 0.2`, are asked in
turns for some seconds each, at a fixed mean rate with random gaps; rounds alternate, so that what
else the machine does meets both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from tests.e2e.conftest import Served, serving

_PROMPT = "What time is it in town number {number}?"
_CONFIG = "quality: {{shadow_share: {share}, shadow_share_complex: {share}}}\n"
_TOKENS = 48
_ROUNDS = 2_000


async def _load(url: str, seconds: float, rate: float, seed: int) -> list[float]:
    """Times of requests that come at random, `rate` a second in the mean."""
    drawn, times, tasks = random.Random(seed), [], []

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        body = {
            "model": "auto",
            "max_tokens": _TOKENS,
            "messages": [{"role": "user", "content": _PROMPT.format(number=number)}],
        }
        started = time.perf_counter()
        async with session.post(f"{url}/v1/chat/completions", json=body) as answer:
            await answer.read()
            assert answer.status == 200, answer.status
        times.append(time.perf_counter() - started)

    async with aiohttp.ClientSession() as session:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            tasks.append(asyncio.create_task(one(session, len(tasks))))
            await asyncio.sleep(drawn.expovariate(rate))
        await asyncio.gather(*tasks)
    return times


def _metric(served: Served, name: str) -> int:
    with urllib.request.urlopen(f"{served.admin}/metrics") as answer:
        text = answer.read().decode()
    return round(sum(map(float, re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))))


def _gateway(stack: ExitStack, folder: Path, share: float) -> Served:
    folder.mkdir()
    config = folder / "config.yaml"
    config.write_text(_CONFIG.format(share=share))
    state = str(folder / "state")
    options = ("--demo", "--config", str(config))
    return stack.enter_context(serving(folder, *options, XDG_STATE_HOME=state))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        without = _gateway(stack, Path(folder) / "without", 0.0)
        sampled = _gateway(stack, Path(folder) / "sampled", 0.2)
        times: dict[str, list[list[float]]] = {"without": [], "sampled": []}
        for number in range(arguments.rounds):
            order = ("without", "sampled") if number % 2 else ("sampled", "without")
            for name in order:
                url = (without if name == "without" else sampled).url
                load = _load(url, arguments.seconds, arguments.rate, number)
                times[name].append(asyncio.run(load))
        counted = {
            "shadows": _metric(sampled, "gearshift_shadow_requests_total"),
            "skipped": _metric(sampled, "gearshift_shadow_skipped_total"),
            "requests": sum(map(len, times["sampled"])),
        }
    found = _compared(times) | counted
    if arguments.json:
        print(json.dumps(found))
        return
    low, high = found["p99_ratio_ci"]
    print(
        f"p99 without {1e3 * found['p99_without']:.1f} ms, "
        f"with {1e3 * found['p99_sampled']:.1f} ms: "
        f"{found['p99_ratio']:.3f} x ({low:.3f} to {high:.3f}); p50 {found['p50_ratio']:.3f} x; "
        f"{counted['requests']:,} requests, {counted['shadows']} repeated, "
        f"{counted['skipped']} let go"
    )


def _compared(times: dict[str, list[list[float]]]) -> dict[str, Any]:
    """The ratios, and an interval from resampled rounds."""
    without, sampled = (np.concatenate(times[name]) for name in ("without", "sampled"))
    drawn, ratios = np.random.default_rng(0), []
    count = len(times["without"])
    for _ in range(_ROUNDS):
        rows = drawn.integers(0, count, count)
        each = [
            np.quantile(np.concatenate([times[name][row] for row in rows]), 0.99)
            for name in ("sampled", "without")
        ]
        ratios.append(each[0] / each[1])
    low, high = np.quantile(ratios, [0.025, 0.975])
    return {
        "p99_without": float(np.quantile(without, 0.99)),
        "p99_sampled": float(np.quantile(sampled, 0.99)),
        "p99_ratio": float(np.quantile(sampled, 0.99) / np.quantile(without, 0.99)),
        "p99_ratio_ci": (float(low), float(high)),
        "p50_ratio": float(np.quantile(sampled, 0.5) / np.quantile(without, 0.5)),
    }


if __name__ == "__main__":
    main()
