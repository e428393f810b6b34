"""CacheTally: what the answer cache did and saved, counted until somebody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import Counter

from gearshift.telemetry.events import RequestFinished
from gearshift.types import CacheUse

_SAVED: Final = (("input", 0), ("output", 1))


class CacheTally:
    """Plain numbers, given to Prometheus by `flush`; without a cache there are no series.

    Args:
        counter: Makes a counter, given name, text and labels.
    """

    def __init__(self, counter: Callable[[str, str, tuple[str, ...]], Counter]) -> None:
        self._requests = counter(
            "cache_requests", "Requests by what the answer cache did", ("level", "result")
        )
        self._tokens = counter(
            "cache_saved_tokens",
            "Tokens of kept answers that were given again",
            ("tier", "model", "direction"),
        )
        self._flops = counter(
            "cache_saved_flops", "Compute that kept answers have spared, in FLOPs", ("tier",)
        )
        self._uses: dict[CacheUse, int] = {}
        self._saved: dict[tuple[str, str, str], int] = {}
        self._spared: dict[str, float] = {}

    def add(self, event: RequestFinished) -> None:
        """Count a request that the cache was asked about."""
        if event.cache is not None:
            self._uses[event.cache] = self._uses.get(event.cache, 0) + 1
        if event.saved is not None:
            decision = event.decision
            for direction, place in _SAVED:
                key = decision.tier, decision.model, direction
                self._saved[key] = self._saved.get(key, 0) + event.saved[place]

    def spared(self, tier: str, flops: float) -> None:
        """Count compute that a kept answer has spared."""
        self._spared[tier] = self._spared.get(tier, 0.0) + flops

    def flush(self) -> None:
        """Give everything noted to Prometheus."""
        for use, count in self._uses.items():
            self._requests.labels(use.level, use.result.value).inc(count)
        for labels, tokens in self._saved.items():
            self._tokens.labels(*labels).inc(tokens)
        for tier, flops in self._spared.items():
            self._flops.labels(tier).inc(flops)
        self._uses.clear()
        self._saved.clear()
        self._spared.clear()
