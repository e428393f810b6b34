"""The scorer that a worker needs, loaded once in each process."""

from __future__ import annotations

from functools import lru_cache

from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig


def scorer_of(config: TierConfig) -> Scorer:
    """The scorer of a configuration.

    Raises:
        ConfigError: It cannot be loaded here.
    """
    return _loaded(config.model_dump_json())


@lru_cache(maxsize=4)
def _loaded(config: str) -> Scorer:
    return load_scorer(TierConfig.model_validate_json(config))
