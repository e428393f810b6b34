"""The measures: each takes the peers that run and returns its figures and its goals."""

from __future__ import annotations

import http.client
import itertools
import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.gateways import load, streams
from benchmarks.gateways.peers import Peer, gearshift


@dataclass(frozen=True)
class Goal:
    """One line of the goals' table; `figure` is compared with `limit`."""

    what: str
    limit: float
    figure: float
    is_at_least: bool
    spread: str = ""

    @property
    def is_reached(self) -> bool:
        return self.figure >= self.limit if self.is_at_least else self.figure <= self.limit


@dataclass
class Report:
    """Lines for people, goals, and everything as data."""

    lines: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    data: dict[str, object] = field(default_factory=dict)

    def say(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)


def spread(values: Sequence[float], digits: int = 0) -> str:
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def throughput(
    report: Report, peers: Mapping[str, Peer], folder: Path, *, rounds: int, seconds: float
) -> None:
    """Requests a second; another text each time, and the same text as agents send it."""
    scripts = {kind: load.script(folder, is_varied=kind == "varied") for kind in KINDS}
    table: dict[str, list[load.Result]] = {}
    for connections in (1, 16, 64):
        for round_number in range(rounds):
            for name, peer in peers.items():
                for kind, lua in scripts.items():
                    if name == "LiteLLM" and (round_number or kind == "repeated"):
                        continue
                    if name == "nginx" and kind == "repeated":
                        continue
                    key = f"{name} {kind} {connections}"
                    progress(key)
                    table.setdefault(key, []).append(load.measured(peer, lua, connections, seconds))
    report.say("| gateway, text | connections | requests/s | CPU us a request | errors |")
    for key, results in table.items():
        rates = [result.rate for result in results]
        cpu = [result.cpu_us for result in results]
        errors = sum(result.errors for result in results)
        name, kind, number = key.split()
        report.say(f"| {name}, {kind} | {number} | {spread(rates)} | {spread(cpu)} | {errors} |")
    report.data["throughput"] = {k: [vars(r) for r in v] for k, v in table.items()}
    _ratios(report, {key: [r.rate for r in results] for key, results in table.items()})


KINDS = ("varied", "repeated")


def _ratios(report: Report, rates: Mapping[str, list[float]]) -> None:
    for kind in KINDS:
        ours = rates[f"gearshift {kind} 64"]
        for other, limit in (("nginx", 0.35), ("LiteLLM", 150.0)):
            theirs = rates.get(f"{other} varied 64")
            if theirs and median(theirs):
                pairs = [a / b for a in ours for b in theirs if b]
                report.goals.append(
                    Goal(
                        f"requests/s at 64 connections, {kind} text, times {other}",
                        limit,
                        median(ours) / median(theirs),
                        True,
                        f"{min(pairs):.3g}-{max(pairs):.3g}",
                    )
                )


def latency(
    report: Report, peers: Mapping[str, Peer], folder: Path, *, rounds: int, seconds: float
) -> None:
    """What a gateway adds to the median time at one connection."""
    lua = load.script(folder, is_varied=True)
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name in ("direct", "nginx", "gearshift"):
            if name in peers:
                progress(f"latency {name}")
                times.setdefault(name, []).append(
                    load.measured(peers[name], lua, 1, seconds).p50_us
                )
    direct = median(times["direct"])
    for name, values in times.items():
        report.say(
            f"| {name} | p50 {spread(values)} us | added {median(values) - direct:,.0f} us |"
        )
    report.data["latency"] = times
    if "nginx" in times:
        added = {name: median(times[name]) - direct for name in ("nginx", "gearshift")}
        report.goals.append(
            Goal(
                "added p50 at one connection, times nginx",
                2.5,
                added["gearshift"] / added["nginx"],
                False,
            )
        )


def paced(report: Report, peers: Mapping[str, Peer], *, rounds: int) -> None:
    """Streams of 50 events, 5 ms apart."""
    found: dict[str, list[streams.Result]] = {}
    for connections in (16, 64):
        for _ in range(rounds):
            for name in ("nginx", "gearshift"):
                if name in peers:
                    progress(f"streams {name} {connections}")
                    found.setdefault(f"{name} {connections}", []).append(
                        streams.measured(peers[name], connections, 8)
                    )
    for key, results in found.items():
        cpu = spread([r.cpu_us for r in results], 1)
        p50 = spread([r.p50_ms for r in results], 1)
        p95 = spread([r.p95_ms for r in results], 1)
        report.say(f"| {key} | CPU us an event {cpu} | stream p50 ms {p50} | p95 {p95} |")
    report.data["streams"] = {k: [vars(r) for r in v] for k, v in found.items()}
    if "nginx 16" not in found:
        return
    for connections in (16, 64):
        ours, theirs = found[f"gearshift {connections}"], found[f"nginx {connections}"]
        ratio = median(r.cpu_us for r in ours) / median(r.cpu_us for r in theirs)
        what = f"CPU per event of paced streams, {connections} connections, times nginx"
        report.goals.append(Goal(what, 1.5, ratio, False))
    more = median(r.p50_ms for r in ours) - median(r.p50_ms for r in theirs)
    report.goals.append(
        Goal("p50 of a stream at 64 connections, ms more than nginx", 2, more, False)
    )


def memory(report: Report, folder: Path, upstream: Peer, *, requests: int) -> None:
    """Proportional set size of a worker of its own through its life."""
    lua = load.script(folder, is_varied=True)
    sizes: dict[str, float] = {}
    with gearshift(folder, upstream) as peer:
        sizes["start"] = peer.pss_mb()
        for lap in ("first", "second"):
            progress(f"memory {lap}")
            _send(peer, lua, requests)
            sizes[f"{requests:,} requests, {lap} time"] = peer.pss_mb()
            process = subprocess.Popen(streams.command(peer, 1000, 4), stdout=subprocess.DEVNULL)
            time.sleep(1.5)
            sizes[f"1,000 streams at once, {lap} time"] = peer.pss_mb()
            process.wait(120)
            sizes[f"after them, {lap} time"] = peer.pss_mb()
    for name, size in sizes.items():
        report.say(f"| {name} | {size:.1f} MB |")
    report.data["memory"] = sizes
    report.goals.append(Goal("MB of a worker, most at any time", 80, max(sizes.values()), False))
    before, after = sizes["after them, first time"], sizes["after them, second time"]
    report.goals.append(Goal("MB grown in a second lap", 2, after - before, False))


def _send(peer: Peer, lua: Path, requests: int) -> None:
    sent = 0.0
    while sent < requests:
        seconds = 5
        sent += load.measured(peer, lua, 64, seconds).rate * seconds


def workers(report: Report, folder: Path, upstream: Peer, *, rounds: int, seconds: float) -> None:
    """Two workers against one, under a load that fills both."""
    lua = load.script(folder, is_varied=True)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for count in rates:
            progress(f"workers {count}")
            with gearshift(folder, upstream, count) as peer:
                rates[count].append(load.measured(peer, lua, 128, seconds).rate)
    for number, values in rates.items():
        report.say(f"| {number} workers | {spread(values)} requests/s |")
    report.data["workers"] = {str(number): values for number, values in rates.items()}
    ratio = median(rates[2]) / median(rates[1])
    report.goals.append(
        Goal("two workers against one (they share the cores with the load)", 1.7, ratio, True)
    )


def growth(report: Report, peer: Peer, upstream: Peer) -> None:
    """Time added by size of a text and by length of a history."""
    kinds = {
        "kB of text": {n: [{"role": "user", "content": "word " * (n * 205)}] for n in SIZES},
        "messages": {n: _history(n) for n in LENGTHS},
    }
    for kind, cases in kinds.items():
        points = {}
        for size, messages in cases.items():
            progress(f"growth {size} {kind}")
            asked = json.dumps({"model": "auto", "messages": messages}).encode()
            points[size] = 1e3 * (_seconds(peer, asked) - _seconds(upstream, asked))
            report.say(f"| {size:,} {kind} | {len(asked):,} bytes | added {points[size]:.2f} ms |")
        report.data[f"growth, {kind}"] = points
        report.goals.append(
            Goal(
                f"steepest growth between two sizes, {kind} (1 = linear)",
                1.3,
                _steepest(points),
                False,
            )
        )


SIZES = (1, 4, 16, 64, 256, 1024, 4096, 9500)
LENGTHS = (1, 4, 16, 64, 256, 1000)


def _history(count: int) -> list[dict[str, str]]:
    turns = ({"role": ("user", "assistant")[n % 2], "content": load.TEXT} for n in range(count - 1))
    return [*turns, {"role": "user", "content": load.TEXT}]


def _seconds(peer: Peer, asked: bytes) -> float:
    """The median of several requests on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    times = []
    for _ in range(11 if len(asked) > 1_000_000 else 41):
        began = time.perf_counter()
        headers = {"content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", asked, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        times.append(time.perf_counter() - began)
    connection.close()
    return median(times)


def _steepest(points: Mapping[int, float]) -> float:
    """The largest slope between neighbours in logarithms, where the time is above noise."""
    known = [(size, ms) for size, ms in points.items() if ms > 0.2]
    slopes = [math.log(b[1] / a[1]) / math.log(b[0] / a[0]) for a, b in itertools.pairwise(known)]
    return max(slopes, default=0.0)


def progress(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)
