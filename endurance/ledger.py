"""The clients' ledger: how every request ended, and whether the gateway's books say the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from endurance.gateway import Counted, Outcomes
from endurance.traffic import Request

_MARKER = re.compile(r"\[\d+-\d+-\d+\]")


class Ending(StrEnum):
    """How a request ended, as its client saw it."""

    ANSWERED = "answered"  # completely
    ERROR = "error"  # with a status, before any content
    BROKEN_OFF = "broken off"  # an error at the end of a stream
    REFUSED = "refused"  # wrong in itself, and told so
    LEFT = "left"  # the client went away
    TURNED_AWAY = "turned away"  # no connection while the gateway stops
    WRONG = "wrong"  # anything else: a violation


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that is over.

    Attributes:
        started: Seconds since the run began.
        status: What the client saw, 0 if it saw none.
        decision: The decision's id, where the client saw it.
    """

    request: Request
    ending: Ending
    started: float
    ended: float
    status: int = 0
    decision: str = ""
    detail: str = ""


@dataclass(slots=True)
class Ledger:
    """Every request of every client."""

    entries: list[Entry] = field(default_factory=list)

    def endings(self) -> Counter[Ending]:
        """How many ended how."""
        return Counter(entry.ending for entry in self.entries)

    def availability(self) -> float:
        """Answers over requests that an answer was possible for and wanted."""
        ends = self.endings()
        failed = sum(not e.request.is_too_long for e in self.entries if e.ending is Ending.ERROR)
        asked = ends[Ending.ANSWERED] + failed + ends[Ending.BROKEN_OFF] + ends[Ending.WRONG]
        return ends[Ending.ANSWERED] / asked if asked else 1.0

    def violations(self, records: Iterable[dict[str, Any]], counted: Counted | None) -> list[str]:
        """Where clients, log and metrics disagree; without `counted`, clients and log.

        Args:
            records: The gateway's request records.
            counted: Its metrics, read after the last request.
        """
        logged: dict[str, list[dict[str, Any]]] = defaultdict(list)
        outcomes: Outcomes = Counter()
        found = []
        for record in records:
            outcomes[record["dialect"], str(record["status"])] += 1
            marker = _MARKER.search(record.get("prompt", ""))
            if marker is None:
                found.append(f"a log record without a marker: {record}")
            else:
                logged[marker[0]].append(record)
        for entry in self.entries:
            told = logged.pop(entry.request.marker, [])
            found += [f"{problem}\n    {entry.request}" for problem in _disagreements(entry, told)]
        found += [f"a log record of a request that nobody sent: {told}" for told in logged.values()]
        if counted is not None:
            refused: Outcomes = Counter(
                (e.request.dialect, str(e.status))
                for e in self.entries
                if e.ending is Ending.REFUSED
            )
            found += _differences("requests decided", outcomes, "log", counted.decided)
            found += _differences("requests refused", refused, "clients", counted.refused)
        return found


def _disagreements(entry: Entry, told: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with one request, by its client and by the log."""
    client = f"{entry.ending} with status {entry.status} {entry.detail}".rstrip()
    if entry.ending is Ending.WRONG:
        yield f"client: {client}; log: {', '.join(map(_short, told)) or 'no record'}"
    elif not told:
        if not _may_be_unknown(entry):
            yield f"client: {client}; no log record"
    elif len(told) > 1 or not _is_same(entry, told[0]["status"]):
        yield f"client: {client}; log: {', '.join(map(_short, told))}"
    elif entry.decision and told[0]["id"] != entry.decision:
        yield f"header says {entry.decision}, log says {told[0]['id']}"


def _may_be_unknown(entry: Entry) -> bool:
    """Whether a request need not be in the log."""
    never_decided = entry.ending in (Ending.REFUSED, Ending.TURNED_AWAY)
    return never_decided or (entry.ending is Ending.LEFT and not entry.decision)


def _is_same(entry: Entry, logged: int) -> bool:
    """Whether the log's status is what the client saw."""
    if entry.ending in (Ending.REFUSED, Ending.TURNED_AWAY):
        return False  # no decision was made, or else its answer was dropped
    if entry.ending is Ending.BROKEN_OFF:
        return logged >= 500
    # One that left may have been answered, or have failed, in the same moment.
    return entry.ending is Ending.LEFT or logged == entry.status


def _differences(what: str, ours: Outcomes, source: str, theirs: Outcomes) -> Iterator[str]:
    for key in sorted(ours.keys() | theirs.keys()):
        if ours[key] != theirs[key]:
            name = " ".join(key)
            yield f"{what}, {name}: {ours[key]} by the {source}, {theirs[key]} by /metrics"


def _short(record: dict[str, Any]) -> str:
    keys = ("id", "status", "duration_ms", "upstream", "fault", "failed")
    return str({key: record[key] for key in keys if key in record})
