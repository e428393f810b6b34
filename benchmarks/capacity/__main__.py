"""Whether `gearshift plan` foresees what then happens.

    python -m benchmarks.capacity [--engine paced|llama] [--seconds N] [--slots N] [--json]

A real `gearshift serve` before one engine with several slots. First requests come at a moderate
rate, and the model is fitted to what the decision log says of them, as `gearshift plan` does it.
Then requests come as a Poisson process at three shares of the capacity that was fitted, and what
the clients measure is compared with simulations of as many requests: their mean, and the range in
which 95 % of them lie. `paced` is a scheduler in Python whose steps take as long as they are said
to; `llama` is a real llama.cpp on one core, whose speed other work on the machine changes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.capacity.engines import ENGINES, MODEL
from gearshift.capacity.demands import Logged, Stated
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.simulation import simulate
from gearshift.capacity.workload import Floats, Speed, Workload
from gearshift.decision_log.database import open_database
from gearshift.decision_log.traffic import traffic_since

SHARES = (0.3, 0.6, 0.85)
PROMPT, COMPLETION, VARIATION = 60, 60, 0.7
CALIBRATION_RATE = 1.5  # requests per second
SIMULATIONS = 40
LEVELS = (50, 95)


@asynccontextmanager
async def gateway(folder: Path, engine: str) -> AsyncIterator[int]:
    """The port of a gateway whose tiers are both at this engine."""
    config = {
        "upstreams": [
            {"name": "u", "provider": "openai", "base_url": f"{engine}/v1", "models": [MODEL]}
        ],
        "tiered_routing": {"models": {"simple": MODEL, "complex": MODEL}},
        "decision_log": {"url": f"sqlite:///{folder / 'decisions.db'}"},
    }
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gearshift", "serve", "--config", str(file)),
        *("--port", "0", "--admin-port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield int((await process.stdout.readline()).split()[2].rpartition(b":")[2])
    finally:
        process.terminate()
        await process.wait()


async def ask(port: int, prompt: int, completion: int) -> tuple[float, float]:
    """Seconds to the first token of a stream, and to its end."""
    body = json.dumps(
        {
            "model": "simple",
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": "word " * prompt}],
            "max_tokens": completion,
            "ignore_eos": True,
            "cache_prompt": False,
        }
    ).encode()
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise SystemExit(f"the gateway said: {head.decode()}{(await reader.read()).decode()}")
    await reader.readuntil(b"data: ")
    first = time.perf_counter() - began
    rest = await reader.read()
    writer.close()
    if b"[DONE]" not in rest:
        raise SystemExit("an answer was cut off")
    return first, time.perf_counter() - began


async def offered(port: int, rate: float, seconds: float, seed: int) -> Floats:
    """Send Poisson arrivals for some time; their times to first token and end, in columns."""
    rng = np.random.default_rng(seed)
    asked, at = [], time.perf_counter()
    end = at + seconds
    while (at := at + rng.exponential(1 / rate)) < end:
        await asyncio.sleep(at - time.perf_counter())
        asked.append(
            asyncio.create_task(ask(port, *tokens(PROMPT, rng, 1), *tokens(COMPLETION, rng, 1)))
        )
    return np.array(await asyncio.gather(*asked))


def fitted(folder: Path, since: float, slots: int) -> Logged:
    """What `gearshift plan --tier simple:slots=N` makes of the log since a time."""
    engine = open_database(f"sqlite:///{folder / 'decisions.db'}")
    traffic = traffic_since(engine, since)
    engine.dispose()
    return Logged(traffic, ["simple"], {"simple": Stated(slots=slots)})


def tokens(mean: float, rng: np.random.Generator, count: int) -> list[int]:
    """Sizes of prompts or answers."""
    sigma = np.sqrt(np.log(1 + VARIATION**2))
    sizes = rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, count)
    return [max(1, round(size)) for size in sizes]


def intended(speed: Speed) -> Workload:
    """What is sent, at this speed: fewer requests than a calibration has would say less of it."""
    rng = np.random.default_rng(7)
    prompts, completions = (
        np.array(tokens(mean, rng, 20_000), dtype=np.float64) for mean in (PROMPT, COMPLETION)
    )
    return Workload(1.0, speed.first(prompts), speed.rest(completions), overhead=speed.overhead)


def compared(
    load: Workload, server: BatchingServer, measured: Floats, share: float
) -> dict[str, Any]:
    """What was measured beside what simulations of as many requests say."""
    count = len(measured)
    runs = [
        simulate(load, server, 1, requests=count, warm_up=20, seed=seed)
        for seed in range(SIMULATIONS)
    ]
    found: dict[str, Any] = {"utilisation": share, "rate": load.rate, "requests": count}
    for column, name in enumerate(("first", "total")):
        for level in LEVELS:
            simulated = np.array([np.percentile(getattr(run, name), level) for run in runs])
            really = float(np.percentile(measured[:, column], level))
            low, high = np.percentile(simulated, (2.5, 97.5))
            found[f"{name}_p{level}"] = {
                "measured": really,
                "simulated": float(simulated.mean()),
                "range": [float(low), float(high)],
                "error": float(simulated.mean()) / really - 1,
            }
    return found


async def measured(engine: str, slots: int, seconds: float) -> dict[str, Any]:
    """Calibrate, then offer each share of the capacity."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with ENGINES[engine](folder, slots) as url, gateway(folder, url) as port:
            for number in range(3):
                await ask(port, PROMPT, 5 + number)  # everything is loaded, and connected
            since = time.time()
            print("calibrating …", file=sys.stderr, flush=True)
            await offered(port, CALIBRATION_RATE, max(seconds, 40.0), seed=1)
            await asyncio.sleep(2)  # the log is written in batches
            logged = fitted(folder, since, slots)
            model = logged.model("simple")
            load = intended(model.speed)
            busy = model.server.busy(load.reading, load.writing)
            rows = []
            for share in SHARES:
                rate = share / busy
                print(f"{100 * share:.0f} %: {rate:.2f} requests/s …", file=sys.stderr, flush=True)
                times = await offered(port, rate, seconds, seed=round(100 * share))
                rows.append(compared(load.at_rate(rate), model.server, times, share))
    assert model.fit is not None
    fit = {
        "decode": model.speed.decode,
        "prefill": model.speed.prefill,
        "overhead": model.speed.overhead,
        "slots": slots,
        "slowdown": model.server.slowdown,
        "median_error": model.fit.error,
        "requests": model.fit.n,
        "seconds_alone": load.mean,
    }
    return {"engine": engine, "fit": fit, "loads": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="paced")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of four loads")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    facts = asyncio.run(measured(given.engine, given.slots, given.seconds))
    if given.json:
        print(json.dumps(facts, indent=2))
        return
    print(", ".join(f"{name} {value:.4g}" for name, value in facts["fit"].items()))
    print("| utilisation | requests | what | measured s | simulated s (95 % of runs) | error |")
    print("|---|---|---|---|---|---|")
    for row in facts["loads"]:
        for name in (f"{kind}_p{level}" for kind in ("first", "total") for level in LEVELS):
            one = row[name]
            low, high = one["range"]
            print(
                f"| {100 * row['utilisation']:.0f} % | {row['requests']} | {name} "
                f"| {one['measured']:.3f} | {one['simulated']:.3f} ({low:.3f}–{high:.3f}) "
                f"| {100 * one['error']:+.0f} % |"
            )


if __name__ == "__main__":
    main()
