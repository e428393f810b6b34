"""What can be asked: models on upstreams, what they can do and how they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Capability(StrEnum):
    """What a request needs of a model, beside being clever enough."""

    TOOLS = "tools"
    VISION = "vision"
    THINKING = "thinking"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One model on one upstream."""

    upstream: str
    model: str

    def __str__(self) -> str:
        return f"{self.upstream}/{self.model}"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What an upstream says of one of its models; `None` where it does not say.

    Attributes:
        name: As the upstream spells it.
        parameters: Number of weights.
        size_bytes: File size.
        context_length: Tokens, as many as it was made for.
        loaded_context: Tokens of the context that it is in memory with.
        capabilities: `None` when unknown, which counts as capable.
        is_resident: Loaded in memory now.
        details: The upstream's own object, for `/api/tags` and `/api/show`.
        aliases: Other names that it answers under, `*` standing for any letters.
    """

    name: str
    parameters: int | None = None
    size_bytes: int | None = None
    context_length: int | None = None
    capabilities: frozenset[Capability] | None = None
    is_resident: bool | None = None
    loaded_context: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class Readiness(StrEnum):
    """The three levels of health of a deployment, and the ways to fall short."""

    READY = "ready"  # reachable, has the model, answers
    LOADING = "loading"  # reachable, has the model, not yet answering
    MISSING_MODEL = "missing_model"  # reachable, does not have the model
    REFUSED = "refused"  # reachable, but it does not take our key
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # not probed yet


@dataclass(frozen=True, slots=True)
class UpstreamState:
    """What one probe of an upstream found.

    Attributes:
        is_reachable: The server answers.
        is_loading: The server answers, but a model is still being loaded.
        models: What it serves: what it lists, and what it has answered under.
        lists_models: It says what it serves; where it does not, it may have any model.
        refuses_key: It does not take our key, as far as is known.
        missing: Models that it has refused to know, whatever it lists.
        version: The server's own version.
        detail: One line for people: what was asked and what came back.
    """

    is_reachable: bool
    is_loading: bool = False
    models: tuple[ModelInfo, ...] = ()
    version: str | None = None
    detail: str = ""
    lists_models: bool = True
    refuses_key: bool = False
    missing: frozenset[str] = frozenset()
