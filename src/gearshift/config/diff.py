"""What differs between two settings, in words that show no secret."""

from __future__ import annotations

import json
from typing import Any, Final

from gearshift.config.model import Settings
from gearshift.config.sources import leaves

_MOST_SHOWN: Final = 8
_LONGEST_SHOWN: Final = 80
_ABSENT: Final = object()
# Blocks that are read once, when the sockets are opened.
_ONCE: Final = ("admin", "decision_log", "opentelemetry", "tls")


def changes(old: Settings, new: Settings) -> list[str]:
    """One entry for each setting that differs, with its dotted key and its values; `[]` if none.

    Example:
        >>> changes(Settings(), Settings.model_validate({"limits": {"max_queue": 9}}))
        ['limits.max_queue: 256 -> 9']
    """
    before, after = _values(old), _values(new)
    shown_before, shown_after = _shown_values(old), _shown_values(new)
    changes = []
    for key in dict.fromkeys([*before, *after]):
        if before.get(key, _ABSENT) == after.get(key, _ABSENT):
            continue
        was, now = shown_before.get(key, _ABSENT), shown_after.get(key, _ABSENT)
        changes.append(f"{key}: changed" if was == now else f"{key}: {_text(was)} -> {_text(now)}")
    return changes


def summary(differences: list[str]) -> str:
    """The changes in one line, of a length fit for a log."""
    rest = len(differences) - _MOST_SHOWN
    return ", ".join(differences[:_MOST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def needing_restart(differences: list[str]) -> list[str]:
    """The keys among changes that have no effect before a restart."""
    keys = [entry.partition(":")[0] for entry in differences]
    return [key for key in keys if key.partition(".")[0] in _ONCE]


def _values(settings: Settings) -> dict[str, Any]:
    return dict(leaves(_plain(settings.model_dump())))


def _shown_values(settings: Settings) -> dict[str, Any]:
    """As `config show` prints them, with secrets masked."""
    return dict(leaves(settings.model_dump(mode="json")))


def _plain(value: Any) -> Any:
    """Lists where the settings hold tuples, so that both forms have the same keys."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
