"""The faults that a status states: redirects, every kind of 4xx and 5xx, and when to come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.fakes.faults import WORDS_OF_FAILURE, Fault, Outcome, When, said_error
from tests.fakes.scripted import Answering, Step

FALL_BACK_4XX = frozenset({401, 402, 403, 404, 407, 408, 429})
"""Not the client's mistake: our key, account or proxy, a wrong URL, no time, no room."""

_FALLS = Outcome.FALLBACK


def _redirects() -> Iterator[Fault]:
    for status in (301, 302, 303, 307, 308):
        line, kind = f"{status} Elsewhere", When.BEFORE_HEAD
        for name in ("absolute", "relative"):

            def moved(a: Answering, line: str = line, name: str = name) -> Sequence[Step]:
                place = a.trap if name == "absolute" else "/trap"
                return [a.sized(b"", f"location: {place}", status=line)]

            yield Fault(f"redirect_{status}_{name}", kind, moved, _FALLS, _FALLS)


def _statuses() -> Iterator[Fault]:
    bodies = {"own": said_error, "text": lambda a: WORDS_OF_FAILURE.encode(), "no": lambda a: b""}
    for status in (*range(400, 432), *range(500, 512), 529):
        is_ours = status < 500 and status not in FALL_BACK_4XX
        outcome = Outcome.PASSED_BACK if is_ours else _FALLS
        for name, body in bodies.items():
            kind = "text/plain" if name == "text" else "application/json"

            def refuse(
                a: Answering, status: int = status, body: object = body, kind: str = kind
            ) -> Sequence[Step]:
                assert callable(body)
                return [a.sized(body(a), status=f"{status} X", kind=kind)]

            yield Fault(
                f"{status}_{name}_body", When.BEFORE_HEAD, refuse, outcome, outcome, status=status
            )


def _waits() -> Iterator[Fault]:
    values = (
        "1",
        "0",
        "-1",
        "99999999999",
        "soon",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "nan",
        "1e999",
    )
    for status in (429, 503):
        for number, value in enumerate(values):

            def busy(a: Answering, status: int = status, value: str = value) -> Sequence[Step]:
                return [a.sized(said_error(a), f"retry-after: {value}", status=f"{status} X")]

            yield Fault(f"{status}_retry_after_{number}", When.BEFORE_HEAD, busy, _FALLS, _FALLS)


BY_STATUS: Sequence[Fault] = (*_redirects(), *_statuses(), *_waits())
