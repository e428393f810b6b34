"""What the costs of many requests say: medians, what is saved, and whether the accounts agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np

from benchmarks.compute.setting import Cost

_DRAWS: Final = 10_000
_ARMS: Final = ("always-large", "tiered", "always-small")


@dataclass(frozen=True)
class Asked:
    """One prompt, answered three times.

    Attributes:
        kind: Where the prompt comes from.
        costs: By arm.
    """

    kind: str
    costs: dict[str, Cost]

    @property
    def tier(self) -> str:
        """Where the router sent it."""
        return self.costs["tiered"].tier

    def to_json(self) -> dict[str, Any]:
        """For a file; without the prompt."""
        return {"kind": self.kind, **{arm: cost._asdict() for arm, cost in self.costs.items()}}


def report(asked: Sequence[Asked], answer_tokens: int, threads: int) -> str:
    """Tables in Markdown."""
    prompt_tokens = median(one.costs["always-large"].tokens[0] for one in asked)
    lines = [
        f"{len(asked)} prompts (median {prompt_tokens:g} tokens), answers of {answer_tokens} "
        f"tokens, {threads} thread(s) each; CPU-seconds of engines and gateway, medians of a "
        "request; intervals: 95 %, bootstrap over prompts",
        "",
        f"| requests | n | to the small model | {' | '.join(_ARMS)} "
        "| saved against always-large | by gearshift's accounts | accounts / measured cost |",
        f"|{'---|' * 9}",
    ]
    groups = {"routed to the small model": [one for one in asked if one.tier == "simple"]}
    groups |= {kind: [one for one in asked if one.kind == kind] for kind in _kinds(asked)}
    groups["all"] = list(asked)
    return "\n".join([*lines, *(_row(name, some) for name, some in groups.items() if some)])


def _row(name: str, some: Sequence[Asked]) -> str:
    medians = (median(one.costs[arm].cpu_seconds for one in some) for arm in _ARMS)
    measured = _relative(some, lambda cost: cost.cpu_seconds)
    accounted = _relative(some, lambda cost: cost.flops)
    low, high = _interval(some)
    small = sum(one.tier == "simple" for one in some)
    cells = (
        name,
        len(some),
        small,
        *(f"{seconds:.1f}" for seconds in medians),
        f"{100 * (1 - measured):.0f} % ({100 * low:.0f}–{100 * high:.0f})",
        f"{100 * (1 - accounted):.0f} %",
        f"{accounted / measured:.2f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _relative(some: Sequence[Asked], of: Callable[[Cost], float]) -> float:
    """Tiered as a part of always-large."""
    tiered, large = (sum(of(one.costs[arm]) for one in some) for arm in ("tiered", "always-large"))
    return tiered / large


def _interval(some: Sequence[Asked]) -> tuple[float, float]:
    costs = np.array(
        [[one.costs[arm].cpu_seconds for arm in ("tiered", "always-large")] for one in some]
    )
    drawn = np.random.default_rng(1).integers(0, len(some), (_DRAWS, len(some)))
    tiered, large = costs[drawn].sum(axis=1).T
    low, high = np.quantile(1 - tiered / large, (0.025, 0.975))
    return float(low), float(high)


def _kinds(asked: Sequence[Asked]) -> list[str]:
    return list(dict.fromkeys(sorted(one.kind for one in asked)))
