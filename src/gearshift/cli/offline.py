"""What the commands that read exported files share: options, parts, engine, progress."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from gearshift.offline.engine import ENGINES, load_engine

if TYPE_CHECKING:  # DuckDB is imported only when files are read
    from gearshift.offline.engine import Engine, Progress
    from gearshift.offline.parts import FilePart
    from gearshift.offline.reading import MemoryLimit

ROWS: Final = 1_000_000
"""In a part that is only counted."""
ROWS_TO_SCORE: Final = 100_000
"""In a part whose prompts are scored."""
_SIZE: Final = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B)", re.IGNORECASE)
_EVERY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Offline:
    """Where files are, and what works on them.

    Attributes:
        source: A folder or file.
        engine_name: `duckdb` or `ray`.
        workers: How many processes.
        memory: DuckDB's limit for all of them together; empty for its own.
    """

    source: str
    engine_name: str
    workers: int
    memory: str

    @property
    def limits(self) -> MemoryLimit:
        """What each worker may use."""
        from gearshift.extras import require
        from gearshift.offline.reading import MemoryLimit

        require("offline", "--from", "duckdb")
        return MemoryLimit(self.memory, self.workers)

    def engine(self) -> Engine:
        """The engine; says now if its package is not installed."""
        return load_engine(self.engine_name, self.workers)


def offline_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--from` and what belongs to it; the command receives an `Offline` or `None` as `offline`."""

    @click.option(
        "--from",
        "source",
        metavar="PATH",
        help="Read exported files instead: a folder of `gearshift export`, or other Parquet or "
        "JSONL files with its columns.",
    )
    @click.option(
        "--engine",
        "engine_name",
        type=click.Choice(list(ENGINES)),
        default="duckdb",
        show_default=True,
        help="What works on the files of --from: processes on this machine with DuckDB, or a Ray "
        "cluster ($RAY_ADDRESS, else one on this machine).",
    )
    @click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help="Processes that work on the files. Default: the number of CPUs.",
    )
    @click.option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory for the data of all workers together, such as 2GB; more goes to temporary "
        "files. Default: 80 % of the machine's.",
    )
    @click.pass_context
    @wraps(function)
    def with_offline(
        context: click.Context,
        /,
        source: str | None,
        engine_name: str,
        workers: int | None,
        memory_limit: str | None,
        **others: Any,
    ) -> Any:
        offline = None
        if source is not None:
            offline = Offline(source, engine_name, workers or _cpus(), _checked(memory_limit))
        else:
            _check_unused(context)
        return context.invoke(function, offline=offline, **others)

    return with_offline


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _checked(memory: str | None) -> str:
    if memory is not None and not _SIZE.fullmatch(memory):
        raise click.UsageError(f"--memory-limit {memory}: a size such as 500MB or 2GB is expected")
    return memory or ""


def _check_unused(context: click.Context) -> None:
    for name in ("engine_name", "workers", "memory_limit"):
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = "--" + name.removesuffix("_name").replace("_", "-")
            raise click.UsageError(f"{option} is for the files of --from")


@contextmanager
def progress(label: str, parts: Sequence[FilePart]) -> Iterator[Progress]:
    """Shows on standard error how far it is: a bar on a terminal, else a line every few seconds."""
    sizes = {part: part.rows for part in parts}
    unit = "rows" if None not in sizes.values() else "files"
    weights = {part: (rows or 0) if unit == "rows" else 1 for part, rows in sizes.items()}
    total = sum(weights.values())
    if sys.stderr.isatty():
        bar: Any
        with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
            yield lambda part: bar.update(weights[part])
        return
    lines = _Lines(label, total, unit)
    yield lambda part: lines.add(weights[part])


class _Lines:
    """Says how far it is, now and then."""

    def __init__(self, label: str, total: int, unit: str) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._done = 0
        self._started = self._said = time.monotonic()

    def add(self, done: int) -> None:
        """Count what is done."""
        self._done += done
        now = time.monotonic()
        if now - self._said < _EVERY_SECONDS or self._done == self._total:
            return
        self._said = now
        rate = self._done / (now - self._started)
        click.echo(
            f"gearshift: {self._label}: {self._done:,} of {self._total:,} {self._unit} "
            f"({100 * self._done // self._total} %), {rate:,.0f} a second",
            err=True,
        )
