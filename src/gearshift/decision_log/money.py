"""Money: what tokens have cost by the configured prices, and would have on the largest model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gearshift.telemetry.compute import SHADOW
from gearshift.types import Cause, JsonObject

_NOT_ROUTED: Final = frozenset({Cause.FORCED.value, Cause.DISABLED.value})


class Prices:
    """Prices as the accounts need them.

    Args:
        currency: How money is written.
        of: The price of a million tokens of each model: prompt, cached prompt, answer.
        largest: The model that always-complex would ask.
    """

    def __init__(
        self, currency: str, of: Mapping[str, tuple[float, float, float]], largest: str
    ) -> None:
        self.currency = currency
        self._of = of
        self._largest = largest

    def spent(self, hours: Iterable[Mapping[str, Any]]) -> JsonObject | None:
        """What the rows of `hours` have cost; `None` where no price is configured.

        The baseline has the same tokens. What the client chose costs the same on both sides;
        shadows are only on ours.
        """
        if not self._of:
            return None
        used = baseline = cached = 0.0
        free: set[str] = set()
        for row in hours:
            own = self._price(row["model"], row)
            used += own or 0.0
            cached += self._price(row["model"], _spared(row)) or 0.0
            if own is None:
                free.add(row["model"])
            if row["cause"] == SHADOW:
                continue
            chosen = row["model"] if row["cause"] in _NOT_ROUTED else self._largest
            baseline += self._price(chosen, row) or 0.0
        return {
            "currency": self.currency,
            "used": used,
            "baseline_spent": baseline,
            "saved": baseline - used,
            "saved_share": (baseline - used) / baseline if baseline else None,
            "saved_by_cache": cached,
            "without_price": sorted(free),
        }

    def _price(self, model: str, row: Mapping[str, Any]) -> float | None:
        price = self._of.get(model)
        if price is None:
            return None
        fresh = max(0, row["prompt_tokens"] - row["cached_tokens"])
        tokens = (fresh, row["cached_tokens"], row["completion_tokens"])
        cost = sum(count * each for count, each in zip(tokens, price, strict=True))
        return float(cost) / 1e6


def _spared(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tokens that answers from the cache did not take."""
    names = ("prompt_tokens", "completion_tokens")
    return {**{name: row[f"saved_{name}"] for name in names}, "cached_tokens": 0}
