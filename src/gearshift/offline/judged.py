"""The judged and rated requests of exported files, found where the requests are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from gearshift.decision_log.feedback import JUDGE
from gearshift.decision_log.judged import JudgedRequest, JudgedRow, by_request
from gearshift.decision_log.rated import RatedRow
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import Connection, MemoryLimit, naming, opened, table

_REQUESTS: Final = {"id": "VARCHAR", "time": "DOUBLE", "score": "DOUBLE"}
_ABOUT_REQUESTS: Final = {
    "tier": "VARCHAR",
    "scorer": "VARCHAR",
    "scorer_version": "VARCHAR",
    "propensity": "DOUBLE",
    "fallback": "VARCHAR",
    "movable": "BOOLEAN",
    "cache": "VARCHAR",
    "prompt_characters": "BIGINT",
}
_PROMPT: Final = {"prompt": "VARCHAR"}
_JUDGEMENTS: Final = {"decision_id": "VARCHAR"}
_ABOUT_JUDGEMENTS: Final = {
    "number": "BIGINT",
    "time": "DOUBLE",
    "judge": "VARCHAR",
    "verdict": "VARCHAR",
    "weak_score": "DOUBLE",
    "strong_score": "DOUBLE",
    "propensity": "DOUBLE",
}
_QUERY: Final = """
SELECT d.time, d.id, d.score, d.scorer, d.scorer_version, {prompt},
    coalesce(d.prompt_characters, 0), j.weak_score, j.strong_score, coalesce(j.propensity, 1.0),
    d.tier, d.propensity, j.verdict, j.judge,
    coalesce(d.movable AND d.fallback IS NULL AND d.cache IS DISTINCT FROM 'hit', false),
    j.number, j.time
FROM {requests} d JOIN ({judgements}) j ON d.id = j.decision_id
WHERE d.score IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was said of the requests of one part, or of several.

    Attributes:
        judged: Judgements of both answers.
        rated: Verdicts of users that another score would have sent elsewhere.
    """

    judged: tuple[JudgedRow, ...] = ()
    rated: tuple[RatedRow, ...] = ()

    @classmethod
    def together(cls, verdicts: Sequence[Verdicts]) -> Verdicts:
        """Those of several parts; the order of what is in them is nobody's business."""
        return cls(
            tuple(row for one in verdicts for row in one.judged),
            tuple(row for one in verdicts for row in one.rated),
        )


@dataclass(frozen=True, slots=True)
class FindJudged:
    """Finds the requests of a part whose both answers were judged, with their prompts.

    Attributes:
        judgements: The files of all judgements, whichever requests they are about.
        limits: Of memory.
    """

    judgements: tuple[str, ...]
    limits: MemoryLimit

    def __call__(self, part: FilePart) -> tuple[JudgedRow, ...]:
        """Read the part and all judgements."""
        with opened(self.limits) as connection:
            return verdicts_on(connection, part, self.judgements, with_prompts=True).judged


def together(found: Iterable[Iterable[JudgedRow]]) -> list[JudgedRequest]:
    """The judged requests of several parts, in the order in which they came."""
    return by_request(chain.from_iterable(found))


def verdicts_on(
    connection: Connection, part: FilePart, judgements: Sequence[str], *, with_prompts: bool
) -> Verdicts:
    """The verdicts on the requests of a part.

    Args:
        connection: Reads the files.
        part: Of the requests.
        judgements: All files of judgements.
        with_prompts: Read the users' words too, where they were kept.

    Raises:
        GearshiftError: A file cannot be read, or lacks a column.
    """
    if not judgements:
        return Verdicts()
    said = " UNION ALL ".join(
        f"SELECT * FROM {table(connection, FilePart(file), _JUDGEMENTS, _ABOUT_JUDGEMENTS)}"
        for file in judgements
    )
    about = {**_ABOUT_REQUESTS, **(_PROMPT if with_prompts else {})}
    query = _QUERY.format(
        prompt="d.prompt" if with_prompts else "NULL",
        requests=table(connection, part, _REQUESTS, about),
        judgements=said,
    )
    with naming(part):
        rows = connection.execute(query).fetchall()
    newest = list(_newest(rows))
    return Verdicts(
        tuple(JudgedRow(*row[:10]) for row in newest if None not in (row[7], row[8])),
        tuple(RatedRow(*row[:3], *row[10:13]) for row in newest if row[13] == JUDGE and row[14]),
    )


def _newest(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Of each judgement the last: a user's verdict is replaced, and may be in files of two days."""
    last: dict[Any, tuple[Any, ...]] = {}
    for place, row in enumerate(rows):
        number = row[15]
        key = ("", place) if number is None else (row[1], number)
        if key not in last or (row[16] or 0.0) > (last[key][16] or 0.0):
            last[key] = row
    return last.values()
