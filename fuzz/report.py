"""What each fuzzer did: how many inputs, in what time, and what it found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fuzzer's run.

    Attributes:
        tool: What made the inputs up.
        failures: What was found: files with inputs, or lines that say where to look.
    """

    name: str
    tool: str
    inputs: int
    seconds: float
    failures: tuple[str, ...] = ()


def told(outcomes: Sequence[Outcome], *, as_json: bool) -> str:
    """The summary, for people or for programs."""
    inputs = sum(outcome.inputs for outcome in outcomes)
    if as_json:
        is_ok = not any(outcome.failures for outcome in outcomes)
        runs = [asdict(outcome) for outcome in outcomes]
        return json.dumps({"ok": is_ok, "inputs": inputs, "runs": runs})
    lines = [f"{'what':<24} {'tool':<14} {'inputs':>12} {'seconds':>8}  found"]
    lines += [_line(outcome) for outcome in outcomes]
    lines.append(f"{'together':<39} {inputs:>12,}")
    return "\n".join(lines)


def _line(outcome: Outcome) -> str:
    found = "\n  ".join(outcome.failures) or "nothing"
    return (
        f"{outcome.name:<24} {outcome.tool:<14} {outcome.inputs:>12,} "
        f"{outcome.seconds:>8.0f}  {found}"
    )
