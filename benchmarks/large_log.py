"""How long the dashboard takes over a large decision log.

Usage: python -m benchmarks.large_log [--rows N] [--keep FILE]

Fills a SQLite log with N made-up decisions of 30 days (10 million take about 5 GB and a few
minutes), starts a gateway on it and asks for every page, three times each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from gearshift.decision_log.database import open_database

_PAGES: Final = (
    "/?since=24h",
    "/?since=30d",
    "/requests?since=24h",
    "/requests?since=30d&tier=complex",
    "/requests?since=30d&client=nobody",
    "/requests?since=30d&failed=1",
    "/request?id={id}",
    "/threshold?since=30d",
    "/quality?since=30d",
    "/experiments",
    "/usage?since=30d",
    "/admin/api/tiered-routing/metrics",
    "/admin/api/changes",
)
_DAYS: Final = 30
_ROUNDS: Final = 3
_JUDGED_EVERY: Final = 1_000

# Each number from a row's own, so that rows differ and runs are alike.
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows),
drawn AS (SELECT i, (i * 2654435761) % 1000003 / 1000003.0 AS u,
                    (i * 40503 + 7) % 999983 / 999983.0 AS v FROM n),
made AS (SELECT *, 10 * u * u AS score, :start + i * :step AS time FROM drawn)
INSERT INTO decisions (id, time, dialect, tier, model, upstream, cause, scorer, scorer_version,
    threshold, score, length, code, technical, multi_step, question, config_hash, prompt_hash,
    prompt_characters, client, propensity, streamed, status, failed_attempts, prompt_tokens,
    completion_tokens, cached_tokens, seconds, first_token_seconds, overhead_seconds,
    scoring_seconds, flops, baseline_flops)
SELECT printf('dec-%024x', i), time, CASE WHEN v < 0.7 THEN 'openai' ELSE 'ollama' END,
    CASE WHEN score < 3 THEN 'simple' ELSE 'complex' END,
    CASE WHEN score < 3 THEN 'gemma2:2b' ELSE 'mistral:7b-instruct' END,
    'local', 'scored', 'rule', '1', 3.0, score, score / 5, v, u, v * u, u * 3, '0123456789ab',
    printf('%032x', i % 3000000), CAST(20 + 2000 * v * v AS INTEGER), 'app' || (i % 12), 1.0,
    i % 2, CASE WHEN i % 50000 = 7 THEN 502 ELSE 200 END, 0, CAST(10 + 500 * v AS INTEGER),
    CAST(20 + 300 * u AS INTEGER), 0, 0.2 + 5 * u, 0.1 + v, 0.0005, 0.0001,
    1e12 * (1 + u), 3e12 * (1 + u) FROM made
"""
_HOURS = """
INSERT INTO hours (hour, tier, model, cause, requests, failures, fallbacks, scored, score_sum,
    prompt_tokens, completion_tokens, cached_tokens, flops, baseline_flops, unknown_flops)
SELECT CAST(time / 3600 AS INTEGER) AS hour, tier, model, cause, count(*),
    sum(status >= 400), 0, count(*), sum(score), sum(prompt_tokens), sum(completion_tokens), 0,
    sum(flops), sum(baseline_flops), 0 FROM decisions GROUP BY 1, 2, 3, 4
"""
_TIMES = """
INSERT INTO times SELECT CAST(time / 3600 AS INTEGER), tier, '{kind}', {bucket}, {what}
FROM decisions GROUP BY 1, 2, 4
"""
_KINDS = (
    ("total", "CAST(floor(20 * log10(seconds)) AS INTEGER)", "count(*)"),
    ("first_token", "CAST(floor(20 * log10(first_token_seconds)) AS INTEGER)", "count(*)"),
    ("score", "CAST(score * 4 AS INTEGER)", "count(*)"),
    ("score_tokens", "CAST(score * 4 AS INTEGER)", "sum(prompt_tokens + completion_tokens)"),
)
_JUDGED = """
INSERT INTO judgements (decision_id, time, judge, verdict, weak_score, strong_score, propensity)
SELECT id, time, 'checks', CASE WHEN rowid % 9000 < 1000 THEN 'loss' ELSE 'tie' END,
    CASE WHEN rowid % 9000 < 1000 THEN 0.0 ELSE 1.0 END, 1.0, 0.001
FROM decisions WHERE rowid % :every = 0
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path, help="a log of an earlier run, or where to keep one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gearshift-large-log-") as name:
        log = given.keep or Path(name) / "decisions.db"
        if not log.exists():
            _fill(log, given.rows)
        print(f"{given.rows:,} decisions, {log.stat().st_size / 1e9:.1f} GB")
        with _serving(Path(name), log) as (admin, process):
            print("\n| page | median ms | longest ms |\n|---|---|---|")
            for page in _PAGES:
                times = sorted(_taken(admin + _named(page, given.rows)) for _ in range(_ROUNDS))
                print(f"| `{page}` | {1e3 * median(times):,.0f} | {1e3 * times[-1]:,.0f} |")
            pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
            print(f"\nmemory of the gateway: {int(pages) * os.sysconf('SC_PAGESIZE') / 1e6:.0f} MB")


def _fill(log: Path, rows: int) -> None:
    open_database(f"sqlite:///{log}").dispose()
    now = time.time()
    step = _DAYS * 86_400 / rows
    print(f"filling {log.name}", file=sys.stderr)
    with contextlib.closing(sqlite3.connect(log)) as database:
        database.execute("PRAGMA synchronous = OFF")
        start = now - rows * step
        database.execute(_FILL, {"rows": rows, "start": start, "step": step})
        database.execute(_HOURS)
        for kind, bucket, what in _KINDS:
            database.execute(_TIMES.format(kind=kind, bucket=bucket, what=what))
        database.execute(_JUDGED, {"every": _JUDGED_EVERY})
        database.commit()


@contextlib.contextmanager
def _serving(folder: Path, log: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    config = folder / "config.json"
    kept = {"url": f"sqlite:///{log}", "keep_days": 365, "max_megabytes": 1_000_000}
    config.write_text(json.dumps({"decision_log": kept}))
    options = ("--demo", "--port=0", "--admin-port=0", f"--config={config}")
    process = subprocess.Popen(
        [sys.executable, "-m", "gearshift", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = re.match(r"gearshift ready \S+ admin (\S+)", process.stdout.readline())
        if found is None:
            raise SystemExit("the gateway did not start")
        yield found[1], process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _named(page: str, rows: int) -> str:
    return page.format(id=f"dec-{rows // 2:024x}")


def _taken(url: str) -> float:
    started = time.perf_counter()
    with urllib.request.urlopen(url, timeout=120) as answer:
        answer.read()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
