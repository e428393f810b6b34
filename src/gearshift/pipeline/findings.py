"""Findings: what a probe has found, as bytes that another process can read."""

from __future__ import annotations

from typing import Any, Final

import orjson

from gearshift.types import Capability, ModelInfo, UpstreamState

LONGEST: Final = 1_000_000
"""Bytes of a finding; an upstream that has more to say is probed by each process."""


def encode(state: UpstreamState) -> bytes:
    """A state as bytes."""
    return orjson.dumps(state, default=_listed)


def _listed(value: Any) -> list[str]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError


def decode(value: bytes) -> UpstreamState | None:
    """The state; `None` where it is anything else."""
    try:
        return _state(orjson.loads(value))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _state(data: dict[str, Any]) -> UpstreamState:
    version = data["version"]
    return UpstreamState(
        is_reachable=_flag(data["is_reachable"]),
        is_loading=_flag(data["is_loading"]),
        models=tuple(map(_model, data["models"])),
        version=None if version is None else _text(version),
        detail=_text(data["detail"]),
        lists_models=_flag(data["lists_models"]),
        refuses_key=_flag(data["refuses_key"]),
        missing=frozenset(map(_text, data["missing"])),
    )


def _model(data: dict[str, Any]) -> ModelInfo:
    capabilities, resident = data["capabilities"], data["is_resident"]
    return ModelInfo(
        name=_text(data["name"]),
        parameters=_count(data["parameters"]),
        size_bytes=_count(data["size_bytes"]),
        context_length=_count(data["context_length"]),
        capabilities=None if capabilities is None else frozenset(map(Capability, capabilities)),
        is_resident=None if resident is None else _flag(resident),
        loaded_context=_count(data["loaded_context"]),
        details=dict(data["details"].items()),
        aliases=tuple(map(_text, data["aliases"])),
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _count(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError
    return value
