"""TierConfig: the `tiered_routing:` block of the configuration, validated and frozen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from gearshift import registry
from gearshift.config_file.messages import nearest, problems_of, setting_error
from gearshift.config_file.model import SettingsModel, reject_bool
from gearshift.config_file.text import expand, read_document
from gearshift.constants.model_constants import (
    AUTO_MODEL,
    COMPLEX_TIER,
    COMPLEX_TIER_MODEL,
    COMPLEXITY_THRESHOLD,
    EMBEDDINGS,
    SIMPLE_TIER,
    SIMPLE_TIER_MODEL,
)
from gearshift.errors import ConfigError, Problem

BLOCK: Final = "tiered_routing"
MODEL_SUFFIX: Final = ".npz"
"""How the names of trained models end."""


ModelName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f]*$")
]
TierName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Score = Annotated[float, BeforeValidator(reject_bool), Field(ge=0, le=10, allow_inf_nan=False)]


class TierModels(SettingsModel):
    """The short form: one model for each of two tiers.

    Attributes:
        simple: Answers scores below the threshold; a model's name, or `upstream/model`.
        complex: Answers all others; a model's name, or `upstream/model`.

    Example:
        >>> TierModels(simple="qwen2.5:1.5b").complex
        'mistral:7b-instruct'
    """

    simple: ModelName = SIMPLE_TIER_MODEL
    complex: ModelName = COMPLEX_TIER_MODEL


class TierLogging(SettingsModel):
    """What is logged about each routed request; prompts only if `log_prompts` is set.

    Attributes:
        log_scores: The score and its factors.
        log_routing_decisions: The tier, the model and the reason.
        log_prompts: The prompt itself.

    Example:
        >>> TierLogging().log_prompts
        False
    """

    log_scores: bool = True
    log_routing_decisions: bool = True
    log_prompts: bool = False


class Tier(SettingsModel):
    """One tier: the scores it takes and the models that answer for it, best first.

    Attributes:
        name: Lower-case word, as in `x-gearshift-tier`.
        below: Exclusive upper bound of its scores (0-10); `None` for the last tier.
        deployments: Model names, or `upstream/model` for the model of one upstream.
    """

    name: TierName
    below: Score | None = None
    deployments: Annotated[tuple[ModelName, ...], Field(min_length=1)]


def is_model_file(scorer: str) -> bool:
    """Whether a scorer's name is the path of a trained model."""
    return scorer.endswith(MODEL_SUFFIX)


class TierConfig(SettingsModel):
    """The settings of tiered routing, frozen; `TierConfig()` has the defaults.

    Attributes:
        enabled: If false, every request goes to the last tier.
        complexity_threshold: 0-10; scores below it go to the simple tier. Only for the short form.
        models: The short form: one model for each of two tiers.
        fallback_to_complex: If a tier fails, higher tiers may answer.
        fallback_to_simple: If neither a tier nor a higher one can answer, lower ones may.
        logging: What is logged about each request.
        scorer: `rule`, `learned`, the path of a trained model (`.npz`), or `module:name`.
        escalate: Accepted, but without effect in this version.
        tiers: Two tiers or more in ascending order; empty for the short form.

    Raises:
        pydantic.ValidationError: A value is wrong; `from_yaml` and `from_mapping` raise a
            `ConfigError` instead.

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

    @field_validator("scorer")
    @classmethod
    def _scorer_is_available(cls, name: str) -> str:
        module, separator, attribute = name.partition(":")
        if is_model_file(name):
            return name
        if separator and _is_dotted(module) and attribute.isidentifier():
            return name
        if registry.has("scorers", name):
            return name
        names = registry.named("scorers")
        guess = nearest(name, names)
        others = f"{', '.join(names)}, a trained model's file ({MODEL_SUFFIX}) or module:name"
        raise setting_error(
            "", f"no scorer {name!r}", f"did you mean {guess!r}?" if guess else others
        )

    @field_validator("tiers")
    @classmethod
    def _tiers_are_ordered(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        if len(tiers) == 1:
            raise setting_error("", "at least two tiers are needed", "or none, to use `models`")
        for finding in (*_naming_faults(tiers), *_bound_faults(tiers)):
            raise finding
        return tiers

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
        """Return the tier that a score selects.

        Args:
            score: 0-10.

        Example:
            >>> TierConfig(complexity_threshold=5).tier_of(4.9).deployments
            ('gemma2:2b',)
        """
        tiers = self.ordered_tiers
        for tier in tiers[:-1]:
            if tier.below is not None and score < tier.below:
                return tier
        return tiers[-1]

    @classmethod
    def from_mapping(cls, block: Mapping[str, Any], source: str = "") -> Self:
        """Validate the content of a `tiered_routing:` block.

        Args:
            block: The keys and values of the block.
            source: Where the block comes from, such as a file name; shown in messages.

        Raises:
            ConfigError: With every problem and, for unknown keys, the nearest valid one.

        Example:
            >>> TierConfig.from_mapping({"models": {"simple": "qwen2.5:1.5b"}}).models.simple
            'qwen2.5:1.5b'
        """
        try:
            return cls.model_validate(dict(block))
        except ValidationError as error:
            raise ConfigError(problems_of(error, cls, BLOCK), source) from error

    @classmethod
    def from_yaml(cls, path: str | Path, *, environ: Mapping[str, str] | None = None) -> Self:
        """Read the `tiered_routing:` block of a YAML file; other blocks are ignored.

        Args:
            path: The file.
            environ: Where `${VAR}` is looked up; the process's environment otherwise.

        Raises:
            ConfigError: The file cannot be read, is not YAML, or a setting is wrong.

        Example:
            >>> TierConfig.from_yaml("config/ssot_config.yaml") == TierConfig()
            True
        """
        source = str(path)
        document = read_document(Path(path), source=source)
        block = document.values.get(BLOCK)
        if block is None:
            guess = nearest(BLOCK, list(map(str, document.values)), cutoff=0.8)
            if guess and guess != BLOCK:
                raise ConfigError(
                    [Problem(guess, "unknown key", f"did you mean {BLOCK!r}?")], source
                )
            return cls()
        if not isinstance(block, Mapping):
            raise ConfigError([Problem(BLOCK, "a mapping of settings is expected")], source)
        expanded, problems = expand(block, os.environ if environ is None else environ, BLOCK)
        if problems:
            raise ConfigError(problems, source)
        return cls.from_mapping(expanded, source)


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _naming_faults(tiers: tuple[Tier, ...]) -> Iterator[Exception]:
    names = [tier.name for tier in tiers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield setting_error(f"{index}.name", f"duplicate tier name {name!r}")
        if name == AUTO_MODEL:
            yield setting_error(f"{index}.name", f"{AUTO_MODEL!r} means that the score decides")
        if name == EMBEDDINGS:
            yield setting_error(f"{index}.name", f"{EMBEDDINGS!r} stands for requests of that kind")


def _bound_faults(tiers: tuple[Tier, ...]) -> Iterator[Exception]:
    lowest = -1.0
    for index, tier in enumerate(tiers[:-1]):
        if tier.below is None:
            yield setting_error(f"{index}.below", "is required in every tier but the last")
            return
        if tier.below <= lowest:
            yield setting_error(f"{index}.below", f"must be above {lowest:g}, got {tier.below:g}")
        lowest = tier.below
    if tiers and tiers[-1].below is not None:
        advice = "the last tier takes every higher score; remove it"
        yield setting_error(f"{len(tiers) - 1}.below", "has no meaning in the last tier", advice)
