"""Experiments: arms that differ in one thing, and which of them somebody gets. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_SPACE: Final = 2**64


class Dimension(StrEnum):
    """What the arms of an experiment differ in."""

    THRESHOLD = "threshold"
    SCORER = "scorer"
    MODELS = "model"


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of doing it; what is empty stays as it is configured.

    Attributes:
        threshold: 0-10.
        scorer: As in the configuration.
        models: By tier, the model that answers there.
    """

    name: str
    threshold: float | None = None
    scorer: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A comparison of arms on live traffic.

    Attributes:
        arms: At least two; the first is the one that the others are compared with.
        share: Share of the sessions that take part, above 0; the arms get equal parts of it.
        started: Seconds since 1970; part of the hash, so that a repetition is assigned anew.
    """

    name: str
    dimension: Dimension
    arms: tuple[Arm, ...]
    share: float = 1.0
    started: float = 0.0

    def arm_of(self, unit: str) -> Arm | None:
        """The arm of a session, always the same; `None` where it does not take part.

        Experiments hash with their own names, so what one assigns says nothing about another.
        """
        salted = f"{self.name}\0{self.started!r}\0{unit}".encode("utf-8", "replace")
        digest = hashlib.blake2b(salted, digest_size=16).digest()
        if int.from_bytes(digest[:8]) >= self.share * _SPACE:
            return None
        return self.arms[int.from_bytes(digest[8:]) * len(self.arms) // _SPACE]
