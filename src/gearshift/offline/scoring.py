"""Scores the prompts of files, part by part: each part becomes a file with the scores added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from gearshift.errors import GearshiftError
from gearshift.offline.engine import Engine, Progress, results
from gearshift.offline.exact import ExactSum
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import (
    Connection,
    MemoryLimit,
    columns_of,
    naming,
    opened,
    quoted,
    rows_of,
)
from gearshift.offline.scorers import scorer_of
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import TierConfig

COLUMNS: Final = {
    "score": "DOUBLE",
    "tier": "VARCHAR",
    "model": "VARCHAR",
    "factors": "MAP(VARCHAR, DOUBLE)",
    "contributions": "MAP(VARCHAR, DOUBLE)",
    "reasoning": "VARCHAR",
    "threshold": "DOUBLE",
    "scorer": "VARCHAR",
    "truncated": "BOOLEAN",
}
"""What is added to each row, in place of columns of these names; empty where there is no text."""
_PROMPTS: Final = ("messages", "prompt")
_MARK: Final = "gearshift"
_SUMMARY: Final = "SELECT tier, count(*) FROM read_parquet(?) GROUP BY tier"


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """What came of rows.

    Attributes:
        rows: How many there are.
        tiers: How many go to each tier; those without a text to none.
        total: The sum of the scores.
    """

    rows: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    total: ExactSum = field(default_factory=ExactSum)

    @property
    def count(self) -> int:
        """How many have a score."""
        return self.tiers.total()

    @property
    def mean(self) -> float | None:
        """Their mean score, rounded once."""
        return self.total.mean(self.count)

    @classmethod
    def together(cls, scored: Iterable[ScoredRows]) -> ScoredRows:
        """The rows of several parts, in whatever order."""
        rows, tiers, total = 0, Counter[str](), ExactSum()
        for one in scored:
            rows, tiers, total = rows + one.rows, tiers + one.tiers, total + one.total
        return cls(rows, tiers, total)


@dataclass(frozen=True, slots=True)
class ScorePart:
    """Scores a part and writes it, unless it was written before from the same part and scorer.

    Attributes:
        config: The scorer and its tiers.
        models: The first model of each tier.
        files: Where each part goes.
        limits: Of memory.
    """

    config: TierConfig
    models: Mapping[str, str]
    files: Mapping[FilePart, str]
    limits: MemoryLimit

    def __call__(self, part: FilePart) -> ScoredRows:
        """Write the part's file, whole or not at all."""
        scorer, file = scorer_of(self.config), Path(self.files[part])
        mark = self._mark(part, scorer)
        with opened(self.limits) as connection:
            if not _is_done(connection, file, mark):
                file.parent.mkdir(parents=True, exist_ok=True)
                new = temporary(file)
                try:
                    self._write(connection, part, scorer, new, mark)
                    new.replace(file)
                finally:
                    new.unlink(missing_ok=True)
            return _summary(connection, file)

    def _mark(self, part: FilePart, scorer: Scorer) -> str:
        """What the file was made from; with another mark it is written anew."""
        source = Path(part.file).stat()
        made_from = (part.first, part.rows, source.st_size, source.st_mtime_ns)
        made_by = (scorer.name, scorer.version, self.config.model_dump(mode="json"), self.models)
        return orjson.dumps([made_from, made_by], default=dict).decode()

    def _write(
        self, connection: Connection, part: FilePart, scorer: Scorer, file: Path, mark: str
    ) -> None:
        columns = columns_of(connection, part.file)
        texts = [name for name in _PROMPTS if name in columns]
        if not texts:
            raise GearshiftError(
                f"{part.file}: needs a column `prompt` or `messages`, "
                f"has {', '.join(list(columns)[:12])}"
            )
        replaced = [f'"{name}"' for name in columns if name.lower() in COLUMNS]
        arguments = ", ".join(_text(name, columns.get(name)) for name in _PROMPTS)
        kind = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        # "Side effects" keep DuckDB from scoring a prompt once for each column that is added.
        connection.create_function(
            "scored",
            self._facts(scorer),
            ["VARCHAR", "VARCHAR"],
            f"STRUCT({kind})",
            null_handling="special",
            side_effects=True,
        )
        query = (
            f"SELECT * EXCLUDE ({', '.join(['scored_', *replaced])}), unnest(scored_) "
            f"FROM (SELECT *, scored({arguments}) AS scored_ FROM {rows_of(part)})"
        )
        form = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{_MARK}: {quoted(mark)}}}"
        with naming(part):
            connection.execute(f"COPY ({query}) TO {quoted(str(file))} ({form})")

    def _facts(self, scorer: Scorer) -> Callable[[str | None, str | None], dict[str, Any] | None]:
        def facts(messages: str | None, prompt: str | None) -> dict[str, Any] | None:
            task = prompt if messages is None else _conversation(messages)
            if task is None:
                return None
            return self._row(scorer.score(task), scorer)

        return facts

    def _row(self, result: ComplexityResult, scorer: Scorer) -> dict[str, Any]:
        return {
            "score": result.score,
            "tier": result.tier,
            "model": self.models[result.tier],
            "factors": _map(result.factors),
            "contributions": _map(result.contributions),
            "reasoning": result.reasoning,
            "threshold": result.threshold,
            "scorer": scorer.name,
            "truncated": result.truncated,
        }


def score_files(
    engine: Engine, work: ScorePart, parts: Sequence[FilePart], progress: Progress
) -> ScoredRows:
    """Score all parts; whatever ends it, no half-written file is left.

    Raises:
        GearshiftError: A part cannot be read or scored; names it.
    """
    try:
        return ScoredRows.together(results(engine, work, parts, progress))
    except BaseException:
        # A worker that was ended in the middle could not clean up behind itself.
        for file in work.files.values():
            temporary(Path(file)).unlink(missing_ok=True)
        raise


def temporary(file: Path) -> Path:
    """Where a file is written before it gets its name."""
    return file.with_name(f".{file.name}.new")


def targets(parts: Sequence[FilePart], source: str, out: str) -> dict[FilePart, str]:
    """The file that each part becomes: its own name below `out`, numbered where it is divided.

    Raises:
        GearshiftError: Two of them would be the same file, or other files are in the way.
    """
    base, folder = Path(source).expanduser().resolve(), Path(out).expanduser().resolve()
    if base.is_file():
        base = base.parent
    elif folder.is_relative_to(base) or base.is_relative_to(folder):
        raise GearshiftError(
            f"--out {out}: must not be within {source}, nor around it; give another folder"
        )
    numbers: Counter[str] = Counter()
    found: dict[FilePart, str] = {}
    for part in parts:
        name = _stem(Path(part.file).resolve().relative_to(base))
        if not part.is_whole:
            numbers[name] += 1
            name = f"{name}-{numbers[name]:05d}"
        found[part] = str(folder / f"{name}.parquet")
    _check(found, folder, out)
    return found


def _check(found: Mapping[FilePart, str], folder: Path, out: str) -> None:
    names = Counter(found.values())
    own = {str(Path(part.file).resolve()) for part in found}
    if own & set(names):
        raise GearshiftError(f"--out {out}: the files would replace themselves")
    (twice, times), *_ = names.most_common(1) or [("", 0)]
    if times > 1:
        raise GearshiftError(f"{twice}: two files would become this one; rename one of them")
    strangers = sorted({str(file) for file in _results_in(folder)} - set(names) - own)
    if strangers:
        raise GearshiftError(
            f"--out {out}: {strangers[0]} was not made from these files; give an empty folder"
        )


def _results_in(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (file for file in folder.rglob("*.parquet") if not file.name.startswith("."))


def _stem(name: Path) -> str:
    text = name.as_posix()
    for end in (".gz", ".jsonl", ".ndjson", ".parquet"):
        text = text.removesuffix(end)
    return text


def _text(name: str, kind: str | None) -> str:
    """SQL for a column as text; conversations as JSON, whatever they are stored as."""
    if kind is None:
        return "NULL"
    return f'"{name}"' if kind == "VARCHAR" else f'to_json("{name}")::VARCHAR'


def _conversation(text: str) -> list[dict[str, Any]]:
    value = orjson.loads(text)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError("`messages` must be a list of objects")
    return value


def _map(values: Mapping[str, float]) -> dict[str, list[Any]]:
    return {"key": list(values), "value": list(values.values())}


def _is_done(connection: Connection, file: Path, mark: str) -> bool:
    if not file.is_file():
        return False
    query = "SELECT value FROM parquet_kv_metadata(?) WHERE key = ?"
    with naming(file):
        found = connection.execute(query, [str(file), _MARK.encode()]).fetchone()
    return found is not None and found[0] == mark.encode()


def _summary(connection: Connection, file: Path) -> ScoredRows:
    with naming(file):
        tiers = dict(connection.execute(_SUMMARY, [str(file)]).fetchall())
        scores = connection.execute(
            "SELECT score FROM read_parquet(?) WHERE score IS NOT NULL", [str(file)]
        )
        total = ExactSum()
        while rows := scores.fetchmany(10_000):
            total += ExactSum.of(score for (score,) in rows)
    rows = sum(tiers.values())
    return ScoredRows(rows, Counter({name: n for name, n in tiers.items() if name}), total)
