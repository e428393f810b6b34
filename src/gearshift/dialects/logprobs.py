"""Probabilities of tokens, with all the fields that strict clients want."""

from __future__ import annotations

from gearshift.dialects.characters import REPLACEMENT
from gearshift.types import Json, JsonObject


def complete_logprobs(entries: Json) -> tuple[JsonObject, ...]:
    """One entry per token, each with its bytes and its alternatives, be they none.

    Ollama leaves out both where they were not asked for, and some servers have no bytes.

    >>> complete_logprobs([{"token": "a", "logprob": -1.0}])
    ({'token': 'a', 'logprob': -1.0, 'bytes': [97], 'top_logprobs': []},)
    """
    given = entries if isinstance(entries, list) else []
    return tuple(
        {**_with_bytes(entry), "top_logprobs": _alternatives(entry.get("top_logprobs"))}
        for entry in given
        if isinstance(entry, dict)
    )


def _alternatives(entries: Json) -> list[JsonObject]:
    given = entries if isinstance(entries, list) else []
    return [_with_bytes(entry) for entry in given if isinstance(entry, dict)]


def _with_bytes(entry: JsonObject) -> JsonObject:
    """Of half a character nobody knows the bytes any more."""
    if isinstance(entry.get("bytes"), list):
        return entry
    token = entry.get("token")
    if not isinstance(token, str) or REPLACEMENT in token:
        return {**entry, "bytes": []}
    return {**entry, "bytes": [*token.encode(errors="replace")]}
