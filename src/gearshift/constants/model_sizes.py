"""How many parameters a model has, as far as its name says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_KNOWN: Final = {"gemma2:2b": 2.614e9, "mistral:7b-instruct": 7.248e9}
"""The default tiers: counts in their published model cards, which their names round."""
_SIZE: Final = re.compile(r"(?:^|[^a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)(b|m)(?![a-z0-9])", re.I)
_UNITS: Final = {"b": 1e9, "m": 1e6}


@lru_cache(maxsize=1024)
def parameters_of(model: str) -> float | None:
    """Parameters of a model, from names such as `qwen2.5:14b` or `mixtral-8x7b`.

    Returns:
        Their number; `None` where the name does not say.
    """
    name = model.rpartition("/")[2].lower()
    if name in _KNOWN:
        return _KNOWN[name]
    match = _SIZE.search(name)
    if match is None:
        return None
    experts, size, unit = match.groups()
    return float(experts or 1) * float(size) * _UNITS[unit]
