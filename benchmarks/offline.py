"""Rows a second and memory of offline work on exported logs of growing size.

Usage: python -m benchmarks.offline [--rows N] [--scored N] [--engines duckdb,ray] [--workers N]

Writes made-up logs of N rows, a tenth and a hundredth of that, with a judgement for every
thousandth request, and runs the commands on them as people do. The memory is that of the largest
process, beside which there are others of the same kind: one for each worker.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import duckdb

_DECISIONS: Final = """
COPY (SELECT format('dec-{{:024x}}', i) AS id, 1.7e9 + i / 10 AS time, 'scored' AS cause,
    CASE WHEN score < 3 THEN 'simple' ELSE 'complex' END AS tier, 'rule' AS scorer,
    '1' AS scorer_version, 3.0::DOUBLE AS threshold, score, 1.0::DOUBLE AS propensity,
    true AS movable, NULL::VARCHAR AS fallback, NULL::VARCHAR AS cache,
    (10 + 500 * v)::BIGINT AS prompt_tokens, (20 + 300 * v)::BIGINT AS completion_tokens,
    0::BIGINT AS cached_tokens, 200::BIGINT AS prompt_characters,
    'Explain step ' || i || ' of the proof, and why async code waits: ' || hash(i) AS prompt
  FROM (SELECT i, 10 * ((i * 2654435761) % 1000003) / 1000003.0 AS score,
      ((i * 40503 + 7) % 999983) / 999983.0 AS v FROM range({rows}) t(i)))
TO '{file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 10240)
"""
_JUDGEMENTS: Final = """
COPY (SELECT i AS number, format('dec-{{:024x}}', i * 1000) AS decision_id, 1.8e9 AS time,
    'model' AS judge, 'tie' AS verdict, (i % 7) / 7 AS weak_score, 1.0::DOUBLE AS strong_score,
    0.001::DOUBLE AS propensity FROM range({rows} // 1000) t(i))
TO '{file}' (FORMAT parquet)
"""
_IN_ITS_OWN = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--scored", type=int, default=100_000)
    parser.add_argument("--engines", default="duckdb")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print("| command | engine | rows | seconds | rows/s | largest process, MB |")
    print("|---|---|---|---|---|---|")
    for engine in given.engines.split(","):
        for share in (100, 10, 1):
            _measure(engine, given.workers, given.rows // share, "replay", "--threshold", "5")
        for share in (10, 1):
            _measure(engine, given.workers, given.scored // share, "score", "--out", "scored")


def _measure(engine: str, workers: int, rows: int, *command: str) -> None:
    with tempfile.TemporaryDirectory(prefix="gearshift-offline-bench-") as name:
        folder = Path(name)
        _fill(folder / "exported", rows)
        more = ("--from", "exported", "--engine", engine, "--workers", str(workers))
        asked = [sys.executable, "-m", "gearshift", *command, *more]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _IN_ITS_OWN, *asked],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - started
    code, memory = map(int, done.stdout.split())
    if code:
        raise SystemExit(f"{' '.join(asked)}: exit code {code}")
    # Linux counts in kilobytes.
    print(
        f"| `{command[0]}` | {engine} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} | "
        f"{memory / 1024:.0f} |",
        flush=True,
    )


def _fill(folder: Path, rows: int) -> None:
    folder.mkdir()
    with duckdb.connect(":memory:") as connection:
        for query, table in ((_DECISIONS, "decisions"), (_JUDGEMENTS, "judgements")):
            connection.execute(query.format(rows=rows, file=folder / f"{table}.parquet"))


if __name__ == "__main__":
    main()
