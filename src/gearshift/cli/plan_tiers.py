"""The values of `gearshift plan --tier`: what is stated of a tier's deployments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import click


@dataclass(frozen=True, slots=True)
class TierSpec:
    """What is stated of a tier; `None` for what is not.

    Attributes:
        name: The tier.
        share: Of the requests, 0-1.
        decode: Tokens per second of one answer alone.
        prefill: Tokens of the prompt per second.
        overhead: Seconds for each request whatever its size.
        slots: Requests that a deployment works on at once.
        slowdown: 0-1, how much longer an answer takes for each further one at work.
        prompt: Mean tokens of a prompt.
        completion: Mean tokens of an answer.
        cost: Money per hour of a deployment.
        watts: Power of a deployment.
        p95: Target for the whole time, in seconds.
        first_token: Target for the first token, in seconds.
    """

    name: str
    share: float | None = None
    decode: float | None = None
    prefill: float | None = None
    overhead: float | None = None
    slots: int | None = None
    slowdown: float | None = None
    prompt: float | None = None
    completion: float | None = None
    cost: float | None = None
    watts: float | None = None
    p95: float | None = None
    first_token: float | None = None


def _between(low: float, high: float, *, above: bool = False) -> Callable[[str], float]:
    """A reader of numbers; `above`: the lower bound itself is not allowed."""
    wanted = f"a number {'above' if above else 'from'} {low:g}"
    wanted += "" if math.isinf(high) else f" to {high:g}"

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (low <= number <= high) or (above and number == low) or math.isinf(number):
            raise ValueError(wanted)
        return number

    return read


def _slots(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) >= 1 and len(text) < 6):
        raise ValueError("a whole number from 1 to 99999")
    return int(text)


_POSITIVE: Final = _between(0, math.inf, above=True)
_AMOUNT: Final = _between(0, math.inf)
_SHARE: Final = _between(0, 1)
_KEYS: Final[dict[str, Callable[[str], Any]]] = {
    "share": _SHARE,
    "decode": _POSITIVE,
    "prefill": _POSITIVE,
    "overhead": _AMOUNT,
    "slots": _slots,
    "slowdown": _SHARE,
    "prompt": _AMOUNT,
    "completion": _POSITIVE,
    "cost": _AMOUNT,
    "watts": _AMOUNT,
    "p95": _POSITIVE,
    "first-token": _POSITIVE,
}


class TierType(click.ParamType[TierSpec]):
    """Reads `NAME:KEY=VALUE,…`."""

    name = "tier"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> TierSpec:
        """The tier; a mistake is named with what would be right."""
        if isinstance(value, TierSpec):
            return value
        tier, _, pairs = str(value).partition(":")
        if not tier or not pairs:
            self.fail(f"{value!r}: use NAME:KEY=VALUE,…, such as simple:decode=80,slots=8", param)
        found: dict[str, Any] = {}
        for pair in pairs.split(","):
            key, equals, text = (part.strip() for part in pair.partition("="))
            if key not in _KEYS or not equals:
                self.fail(f"{tier}: {self._unknown(key)}", param)
            if key in found:
                self.fail(f"{tier}: {key} is given twice", param)
            try:
                found[key] = _KEYS[key](text)
            except ValueError as error:
                self.fail(f"{tier}: {key}={text}: must be {error}", param)
        return TierSpec(tier, **{key.replace("-", "_"): found[key] for key in found})

    def _unknown(self, key: str) -> str:
        if key in _KEYS:
            return f"{key} has no value; use {key}=VALUE"
        close = get_close_matches(key, _KEYS, n=1)
        guess = f"; did you mean {close[0]}?" if close else ""
        return f"unknown key {key!r}; there are {', '.join(_KEYS)}{guess}"
