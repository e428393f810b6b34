"""Finds the scorer that the configuration names."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from gearshift import registry
from gearshift.errors import ConfigError, ModelFileError, PluginError, Problem
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import TierConfig, is_model_file
from gearshift.tiered_routing.tier_router import TieredModelRouter

_KEY: Final = "tiered_routing.scorer"
_SAMPLE: Final = "Explain async vs threads"


def load_scorer(config: TierConfig) -> Scorer:
    """The scorer that `config.scorer` names, made for `config`.

    A name in the registry, the path of a trained model, or `module:name` of a class or function
    that takes the `TierConfig` and returns a `Scorer`; one that is not ours is tried on a sample.

    Raises:
        ConfigError: It cannot be imported or read, or is not a scorer.
    """
    try:
        return _loaded(config)
    except ModelFileError as error:
        raise ConfigError([Problem(_KEY, str(error))]) from error


def scorer_or_rule(config: TierConfig) -> tuple[Scorer, str]:
    """The same, but where a model's file cannot be used, the rule and why it has to do.

    Raises:
        ConfigError: What is named is neither a model's file nor a scorer.
    """
    try:
        return _loaded(config), ""
    except ModelFileError as error:
        return TaskComplexityScorer(config), f"{error}; until then the rule scores"


def _loaded(config: TierConfig) -> Scorer:
    if is_model_file(config.scorer):
        # Here, not above: numpy is not loaded where the rule scores.
        from gearshift.tiered_routing.learned_file import read_model
        from gearshift.tiered_routing.learned_scorer import LearnedScorer

        return LearnedScorer(config, read_model(Path(config.scorer).expanduser()))
    if config.scorer in registry.SCORERS:
        built_in: Scorer = registry.find("scorers", config.scorer)(config)
        return built_in
    return _custom(config)


def _custom(config: TierConfig) -> Scorer:
    """Somebody's own scorer, tried on a sample, so that a mistake is told before a request."""
    advice = "module:name of something that takes the TierConfig and returns a scorer"
    try:
        made = registry.load if ":" in config.scorer else partial(registry.find, "scorers")
        scorer: Scorer = made(config.scorer)(config)
    except PluginError as error:
        raise ConfigError([Problem(_KEY, str(error))]) from error
    except (ImportError, AttributeError, TypeError) as error:
        message = f"{config.scorer!r} cannot be loaded: {error}"
        raise ConfigError([Problem(_KEY, message, advice)]) from error
    except Exception as error:  # whatever a stranger's constructor does
        message = f"{config.scorer!r} cannot be loaded: {type(error).__name__}: {error}"
        raise ConfigError([Problem(_KEY, message, advice)]) from error
    problem = _problem(scorer, config)
    if problem:
        raise ConfigError([Problem(_KEY, f"{config.scorer!r} is not a scorer, {problem}", advice)])
    return scorer


def _problem(scorer: Scorer, config: TierConfig) -> str:
    lacking = [name for name in ("name", "version", "score") if not hasattr(scorer, name)]
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    for name in ("name", "version"):
        value = getattr(scorer, name)
        if not isinstance(value, str) or not value.isprintable() or (name == "name" and not value):
            return f"its {name} must be a printable string"
    result = TieredModelRouter(config, scorer).score(_SAMPLE)
    return f"its score of {_SAMPLE!r} is unusable: {result.failure}" if result.failure else ""
