"""Finds the scorer that the configuration names."""

from __future__ import annotations

from pathlib import Path

from gearshift import registry
from gearshift.errors import ConfigError, ModelFileError, Problem
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import TierConfig, is_model_file

_KEY = "tiered_routing.scorer"


def load_scorer(config: TierConfig) -> Scorer:
    """The scorer that `config.scorer` names, made for `config`.

    A name in the registry, the path of a trained model, or `module:name` of a class or function
    that takes the `TierConfig` and returns a `Scorer`.

    Raises:
        ConfigError: It cannot be imported or read, or is no scorer.
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
    target = registry.SCORERS.get(config.scorer, config.scorer)
    try:
        scorer: Scorer = registry.load(target)(config)
    except (ImportError, AttributeError, TypeError) as error:
        advice = "module:name of something that takes the TierConfig and returns a scorer"
        message = f"{config.scorer!r} cannot be loaded: {error}"
        raise ConfigError([Problem(_KEY, message, advice)]) from error
    lacking = [name for name in ("name", "version", "score") if not hasattr(scorer, name)]
    if lacking:
        message = f"{config.scorer!r} is no scorer, it lacks {', '.join(lacking)}"
        raise ConfigError([Problem(_KEY, message)])
    return scorer
