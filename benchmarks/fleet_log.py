"""A fleet's decision log in PostgreSQL: writing, dividing, each query, and retention.

Usage: python -m benchmarks.fleet_log [--rows N] [--seed N] [--written N] [--url postgresql://…]

Writes some decisions by INSERT and by COPY in turns. Then fills a log in one piece and one that is
divided by day with the same N made-up decisions of 30 days (10 million take 12 GB and some ten
minutes), asks both what the dashboard and `gearshift stats` ask, and deletes a day from both.
Everything is in schemas of its own, which are dropped at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from statistics import median
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Engine, make_url
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.changes import totals
from gearshift.decision_log.copying import copied
from gearshift.decision_log.database import open_database
from gearshift.decision_log.dividing import _check, divide
from gearshift.decision_log.judged import judged_requests
from gearshift.decision_log.live_bytes import live_bytes
from gearshift.decision_log.moved import moved_at
from gearshift.decision_log.partitions import DAY_SECONDS, make_ahead, parts
from gearshift.decision_log.rated import rated_requests
from gearshift.decision_log.recent import Filters, one, recent
from gearshift.decision_log.retention import Retention
from gearshift.decision_log.rows import RowMaker
from gearshift.decision_log.scores import scores_since
from gearshift.decision_log.statements import Statements
from gearshift.decision_log.summary import summarise
from gearshift.decision_log.usage import usage
from gearshift.decision_log.verdicts import latest, verdicts_by_day
from gearshift.errors import GearshiftError
from gearshift.quality.day import last_day

_DAYS: Final = 30
_ROUNDS: Final = 3
_BATCHES: Final = (10, 100, 500, 2_000)

_FILL: Final = """
INSERT INTO decisions (id, time, dialect, tier, model, upstream, cause, scorer, scorer_version,
    threshold, score, length, code, technical, multi_step, question, config_hash, prompt_hash,
    prompt_characters, client, propensity, streamed, status, failed_attempts, prompt_tokens,
    completion_tokens, cached_tokens, seconds, first_token_seconds, overhead_seconds,
    scoring_seconds, flops, baseline_flops, movable)
SELECT 'dec-' || lpad(to_hex(CAST(floor(time * 256) AS bigint)), 10, '0')
        || lpad(to_hex(CAST(i AS bigint)), 14, '0'),
    time, CASE WHEN v < 0.7 THEN 'openai' ELSE 'ollama' END,
    CASE WHEN score < 3 THEN 'simple' ELSE 'complex' END,
    CASE WHEN score < 3 THEN 'gemma2:2b' ELSE 'mistral:7b-instruct' END,
    'local', 'scored', 'rule', '1', 3.0, score, score / 5, v, u, v * u, u * 3, '0123456789ab',
    md5(CAST(i % 3000000 AS text)), CAST(20 + 2000 * v * v AS integer), 'app' || (i % 12), 1.0,
    i % 2 = 0, CASE WHEN i % 50000 = 7 THEN 502 ELSE 200 END, 0, CAST(10 + 500 * v AS integer),
    CAST(20 + 300 * u AS integer), 0, 0.2 + 5 * u, 0.1 + v, 0.0005, 0.0001,
    1e12 * (1 + u), 3e12 * (1 + u), true
FROM (SELECT i, u, v, 10 * u * u AS score, CAST(:start AS float8) + i * :step AS time
    FROM (SELECT i, random() AS u, random() AS v
        FROM generate_series(0, CAST(:rows AS integer) - 1) i) drawn) made
"""
_JUDGED: Final = """
INSERT INTO judgements (decision_id, time, judge, verdict, weak_score, strong_score, propensity)
SELECT id, time, CASE WHEN place % 10 = 0 THEN 'user' ELSE 'checks' END,
    CASE WHEN place % 9 = 0 THEN 'loss' ELSE 'tie' END,
    CASE WHEN place % 9 = 0 THEN 0.0 ELSE 1.0 END, 1.0, 0.001
FROM (SELECT id, time, row_number() OVER () AS place FROM decisions
    WHERE substr(id, 26) = '000') chosen
"""
_HOURS: Final = """
INSERT INTO hours (hour, tier, model, cause, requests, failures, fallbacks, scored, score_sum,
    prompt_tokens, completion_tokens, cached_tokens, flops, baseline_flops, unknown_flops)
SELECT CAST(floor(time / 3600) AS integer), tier, model, cause, count(*),
    count(*) FILTER (WHERE status >= 400), 0, count(*), sum(score), sum(prompt_tokens),
    sum(completion_tokens), 0, sum(flops), sum(baseline_flops), 0 FROM decisions GROUP BY 1, 2, 3, 4
"""
_TIMES: Final = """
INSERT INTO times SELECT CAST(floor(time / 3600) AS integer), tier, '{kind}',
    CAST(floor({bucket}) AS integer), {what} FROM decisions GROUP BY 1, 2, 4
"""
_KINDS: Final = (
    ("total", "20 * log(seconds)", "count(*)"),
    ("first_token", "20 * log(first_token_seconds)", "count(*)"),
    ("score", "score * 4", "count(*)"),
    ("score_tokens", "score * 4", "sum(prompt_tokens + completion_tokens)"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--written", type=int, default=40_000, help="decisions by each way")
    default = "postgresql://postgres@127.0.0.1:5432/test"
    parser.add_argument("--url", default=os.environ.get("GEARSHIFT_TEST_POSTGRES_URL", default))
    given = parser.parse_args()
    random.seed(given.seed)
    now = time.time()
    with _log(given.url) as engine:
        _print_versions(engine)
        divide(engine, now, Engine.begin)
        _compare_writing(engine, given.written)
    with _log(given.url) as plain, _log(given.url) as divided:
        divide(divided, now - (_DAYS + 1) * DAY_SECONDS, Engine.begin)
        for day in range(_DAYS, -1, -5):
            make_ahead(divided, now - day * DAY_SECONDS, Engine.begin)
        logs = {"one piece": plain, "by day": divided}
        for name, engine in logs.items():
            _fill(engine, given.rows, given.seed, now)
            print(
                f"\n{name}: {_gigabytes(engine):.2f} GB on disk, {_partitions(engine)} partitions"
            )
        _print_queries(logs, now)
        _print_deleting(logs, now)
        _print_dividing(plain, now)


@contextlib.contextmanager
def _log(url: str) -> Iterator[Engine]:
    """An empty log in a schema of its own."""
    schema = f"benchmark_{secrets.token_hex(4)}"
    admin = open_database(url)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = make_url(url).update_query_dict({"options": f"-csearch_path={schema}"})
    engine = open_database(own.render_as_string(hide_password=False))
    try:
        yield engine
    finally:
        engine.dispose()
        with admin.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


def _print_versions(engine: Engine) -> None:
    with engine.connect() as connection:
        server = str(connection.scalar(text("SHOW server_version"))).split()[0]
    print(
        f"{time.strftime('%Y-%m-%d')}, PostgreSQL {server} with its defaults, psycopg "
        f"{version('psycopg')}, Python {platform.python_version()}, {os.cpu_count()} CPUs"
    )


def _compare_writing(engine: Engine, count: int) -> None:
    insert = Statements.of(engine).decision
    maker = RowMaker(b"salt", ACCOUNTING, with_prompts=False)

    def by_insert(connection: Any, rows: list[tuple[Any, ...]]) -> None:
        connection.exec_driver_sql(insert, rows)

    print("\n| rows in a batch | way | rows/s | CPU of the process, us a row |\n|---|---|---|---|")
    for size in _BATCHES:
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(_ROUNDS):
            for name, way in (("INSERT", by_insert), ("COPY", copied)):
                batches = [
                    [maker.row(finished(id=_name()))[0] for _ in range(size)]
                    for _ in range(max(1, min(200, count // size)))
                ]
                started, spent = time.perf_counter(), time.process_time()
                for batch in batches:
                    with engine.begin() as connection:
                        way(connection, batch)
                rows = size * len(batches)
                seconds = time.perf_counter() - started
                cpu = 1e6 * (time.process_time() - spent)
                found.setdefault(name, []).append((rows / seconds, cpu / rows))
        for name, runs in found.items():
            rate, cost = (median(run[place] for run in runs) for place in (0, 1))
            print(f"| {size:,} | {name} | {rate:,.0f} | {cost:.1f} |", flush=True)


def _name() -> str:
    return f"dec-{int(time.time() * 256):010x}{random.getrandbits(56):014x}"


def _fill(engine: Engine, rows: int, seed: int, now: float) -> None:
    step = _DAYS * DAY_SECONDS / rows
    started = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(text(f"SELECT setseed({seed % 1000 / 1000})"))
        start = now - rows * step
        connection.execute(text(_FILL), {"rows": rows, "start": start, "step": step})
    print(f"filled in {time.perf_counter() - started:,.0f} s", file=sys.stderr, flush=True)
    with engine.begin() as connection:
        connection.execute(text(_HOURS))
        for kind, bucket, what in _KINDS:
            connection.execute(text(_TIMES.format(kind=kind, bucket=bucket, what=what)))
        connection.execute(text(_JUDGED))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    print(f"ready after {time.perf_counter() - started:,.0f} s", file=sys.stderr, flush=True)


def _questions(now: float, name: str) -> dict[str, Callable[[Engine], Any]]:
    hour, month = int(now // 3_600), now - _DAYS * DAY_SECONDS
    day = now - DAY_SECONDS
    nobody = {"client": "nobody"}
    return {
        "overview and `stats`, 24 h": lambda log: summarise(log, hour - 23),
        "overview and `stats`, 30 days": lambda log: summarise(log, hour - 719),
        "alarms": lambda log: last_day(log, now, "simple"),
        "requests, 24 h": lambda log: recent(log, Filters({}, day)),
        "requests, 30 days, one tier": lambda log: recent(log, Filters({"tier": "complex"}, month)),
        "requests, 30 days, a client that is not there": lambda log: recent(
            log, Filters(nobody, month)
        ),
        "requests, 30 days, failed": lambda log: recent(log, Filters({}, month, failed=True)),
        "one request": lambda log: one(log, name),
        "threshold: scores, 30 days": lambda log: scores_since(log, hour - 719),
        "threshold: judged": judged_requests,
        "quality: by day, 30 days": lambda log: verdicts_by_day(log, month, "simple"),
        "quality: latest": lambda log: latest(log, month),
        "usage, 30 days": lambda log: usage(log, "simple", month),
        "totals": totals,
        "`replay`: rated": rated_requests,
        "`replay --threshold`: all of 30 days": lambda log: moved_at(log, 4.0, month),
        "size, each minute": _size,
    }


def _size(log: Engine) -> float:
    with log.connect() as connection:
        return live_bytes(connection)


def _print_queries(logs: dict[str, Engine], now: float) -> None:
    with next(iter(logs.values())).connect() as connection:
        name = str(connection.scalar(text("SELECT max(decision_id) FROM judgements")))
    print(f"\n| question | {' | '.join(f'{log}, ms' for log in logs)} |\n|---|---|---|")
    for question, ask in _questions(now, name).items():
        cells = [f"{1e3 * _median(ask, engine):,.0f}" for engine in logs.values()]
        print(f"| {question} | {' | '.join(cells)} |", flush=True)


def _median(ask: Callable[[Engine], Any], engine: Engine) -> float:
    taken = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        with contextlib.suppress(GearshiftError):
            ask(engine)
        taken.append(time.perf_counter() - started)
    return median(taken)


def _print_deleting(logs: dict[str, Engine], now: float) -> None:
    """The oldest day, and what is left of the one before."""
    cut = (int(now // DAY_SECONDS) - _DAYS + 2) * DAY_SECONDS + 1.0
    print(
        "\n| log | seconds to delete the oldest days | rows | GB on disk then |\n|---|---|---|---|"
    )
    for name, engine in logs.items():
        before = _count(engine)
        started = time.perf_counter()
        while Retention(1, 1e9).apply(engine, cut + DAY_SECONDS):
            pass
        taken = time.perf_counter() - started
        gone = before - _count(engine)
        print(f"| {name} | {taken:.2f} | {gone:,} | {_gigabytes(engine):.2f} |", flush=True)


def _print_dividing(engine: Engine, now: float) -> None:
    started = time.perf_counter()
    _check(engine, int(now // DAY_SECONDS) + 3, Engine.begin)
    checked = time.perf_counter()
    divide(engine, now, Engine.begin)
    print(
        f"\ndividing the log in one piece: checking {checked - started:.1f} s, nobody waits; "
        f"checking again and swapping {time.perf_counter() - checked:.1f} s"
    )


def _count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM decisions")) or 0)


def _partitions(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(parts(connection))


def _gigabytes(engine: Engine) -> float:
    size = (
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n "
        "ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'"
    )
    with engine.connect() as connection:
        return float(connection.scalar(text(size)) or 0) / 1e9


if __name__ == "__main__":
    main()
