"""Finds the scorer that the configuration names."""

from __future__ import annotations

from gearshift import registry
from gearshift.errors import ConfigError, Problem
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import TierConfig


def load_scorer(config: TierConfig) -> Scorer:
    """The scorer that `config.scorer` names, made for `config`.

    A name in the registry, or `module:name` of a class or function that takes the `TierConfig`
    and returns a `Scorer`.

    Raises:
        ConfigError: It cannot be imported or is no scorer.
    """
    target = registry.SCORERS.get(config.scorer, config.scorer)
    try:
        scorer: Scorer = registry.load(target)(config)
    except (ImportError, AttributeError, TypeError) as error:
        advice = "module:name of something that takes the TierConfig and returns a scorer"
        message = f"{config.scorer!r} cannot be loaded: {error}"
        raise ConfigError([Problem("tiered_routing.scorer", message, advice)]) from error
    lacking = [name for name in ("name", "version", "score") if not hasattr(scorer, name)]
    if lacking:
        message = f"{config.scorer!r} is no scorer, it lacks {', '.join(lacking)}"
        raise ConfigError([Problem("tiered_routing.scorer", message)])
    return scorer
