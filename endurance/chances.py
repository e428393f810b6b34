"""Answers that could have been given: a request failed although an engine ran all the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from endurance.faults import Outage
from endurance.ledger import Ending, Entry

# An engine that came back this short a time before is not held against the gateway.
_GRACE_SECONDS = 0.1


def missed(
    entries: Iterable[Entry],
    records: Iterable[dict[str, Any]],
    outages: Sequence[Outage],
    engines: Sequence[str],
    first_token_seconds: float,
) -> Iterator[str]:
    """Requests that were failed without asking an engine that was there throughout.

    One that was asked and too slow is another matter: it may have had too much to do.
    """
    failures = {
        record["prompt"].rsplit(" ", 1)[-1]: record for record in records if record["status"] >= 500
    }
    for entry in entries:
        record = failures.get(entry.request.marker)
        if entry.ending is not Ending.ERROR or record is None or entry.request.is_too_long:
            continue
        for engine in _there_throughout(entry, outages, engines):
            if not _was_asked(record, engine, first_token_seconds):
                waited = entry.ended - entry.started
                yield (
                    f"status {entry.status} after {waited:.1f} s, but {engine} ran all the time "
                    f"and was not asked: {record.get('failed')}\n    {entry.request}"
                )
                break


def _there_throughout(entry: Entry, outages: Sequence[Outage], engines: Sequence[str]) -> list[str]:
    away = {
        name
        for outage in outages
        if outage.began < entry.ended and entry.started < outage.ended + _GRACE_SECONDS
        for name in outage.name.split("+")
    }
    return [name for name in engines if name not in away]


def _was_asked(record: dict[str, Any], engine: str, first_token_seconds: float) -> bool:
    """Whether what the log says of an engine can have come from asking it just then."""
    failed = record.get("failed", [])
    faults = [fault for deployment, fault in failed if deployment.partition("/")[0] == engine]
    if not faults or "unreachable" in faults:
        return False
    timeouts = sum(fault == "timeout" for _, fault in failed)
    waited = record["duration_ms"] / 1e3
    return "timeout" not in faults or waited >= 0.9 * timeouts * first_token_seconds
