"""TierConfig: the `tiered_routing:` block of the configuration, validated and frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from gearshift.config_errors import problems_of
from gearshift.config_text import expand, read_yaml
from gearshift.constants.model_constants import (
    COMPLEX_TIER,
    COMPLEX_TIER_MODEL,
    COMPLEXITY_THRESHOLD,
    SIMPLE_TIER,
    SIMPLE_TIER_MODEL,
)
from gearshift.errors import ConfigError, Problem

ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
TierName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Score = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class TierModels(_Block):
    """The two-tier short form: one model for each tier."""

    simple: ModelName = SIMPLE_TIER_MODEL
    complex: ModelName = COMPLEX_TIER_MODEL


class TierLogging(_Block):
    """What is logged of each routed request; never the prompt, unless `log_prompts` says so."""

    log_scores: bool = True
    log_routing_decisions: bool = True
    log_prompts: bool = False


class Tier(_Block):
    """One tier: the scores it takes and the models that answer for it, best first.

    Attributes:
        name: Lower-case word, as in `x-gearshift-tier`.
        below: Exclusive upper bound of its scores (0-10); `None` for the last tier.
        deployments: Model names, or `upstream/model` for the model of one upstream.
    """

    name: TierName
    below: Score | None = None
    deployments: Annotated[tuple[ModelName, ...], Field(min_length=1)]


class TierConfig(_Block):
    """The settings of tiered routing; `TierConfig()` holds the design's defaults.

    Example:
        >>> TierConfig().tier_of(2.9).name, TierConfig().tier_of(3.0).name
        ('simple', 'complex')
    """

    enabled: bool = True
    complexity_threshold: Score = COMPLEXITY_THRESHOLD
    models: TierModels = TierModels()
    fallback_to_complex: bool = True
    fallback_to_simple: bool = True
    logging: TierLogging = TierLogging()
    scorer: Annotated[str, StringConstraints(min_length=1)] = "rule"
    escalate: bool = False
    tiers: tuple[Tier, ...] = ()

    @model_validator(mode="after")
    def _bounds_ascend(self) -> Self:
        if not self.tiers:
            return self
        if len(self.tiers) < 2:
            raise ValueError("tiers: at least two are needed, or none to use `models`")
        names = [tier.name for tier in self.tiers]
        if len(set(names)) != len(names):
            raise ValueError(f"tiers: names must differ, got {', '.join(names)}")
        bounds = [tier.below for tier in self.tiers[:-1]]
        if any(bound is None for bound in bounds):
            raise ValueError("tiers: every tier but the last needs `below`")
        known = [bound for bound in bounds if bound is not None]
        if sorted(set(known)) != known:
            raise ValueError(f"tiers: `below` must ascend, got {known}")
        if self.tiers[-1].below is not None:
            raise ValueError("tiers: the last tier takes every score above, so it has no `below`")
        return self

    @property
    def ordered_tiers(self) -> tuple[Tier, ...]:
        """The tiers in ascending order of score, whichever form was configured."""
        if self.tiers:
            return self.tiers
        return (
            Tier(
                name=SIMPLE_TIER,
                below=self.complexity_threshold,
                deployments=(self.models.simple,),
            ),
            Tier(name=COMPLEX_TIER, deployments=(self.models.complex,)),
        )

    def tier_of(self, score: float) -> Tier:
        """The tier that takes a score (0-10)."""
        tiers = self.ordered_tiers
        for tier in tiers[:-1]:
            if tier.below is not None and score < tier.below:
                return tier
        return tiers[-1]

    @classmethod
    def from_mapping(cls, block: Mapping[str, Any], source: str = "") -> Self:
        """Validate the content of a `tiered_routing:` block.

        Raises:
            ConfigError: With every problem and, for unknown keys, the nearest valid one.
        """
        try:
            return cls.model_validate(dict(block))
        except ValidationError as error:
            raise ConfigError(problems_of(error, cls, "tiered_routing"), source) from error

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """Read the `tiered_routing:` block of a YAML file; other blocks are not looked at.

        Raises:
            ConfigError: The file cannot be read, is not YAML, or a setting is wrong.
        """
        source = str(path)
        document, problems = expand(read_yaml(Path(path)), os.environ)
        problems = [p for p in problems if p.key.startswith("tiered_routing")]
        if problems:
            raise ConfigError(problems, source)
        block = document.get("tiered_routing") or {}
        if not isinstance(block, Mapping):
            raise ConfigError([Problem("tiered_routing", "a mapping is expected")], source)
        return cls.from_mapping(block, source)
