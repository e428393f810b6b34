"""router_for: the router that settings ask for, with the scorer loaded that they name."""

from __future__ import annotations

import logging
from typing import Final

from gearshift.tiered_routing.scorer_loading import scorer_or_rule
from gearshift.tiered_routing.tier_config import TierConfig, is_model_file
from gearshift.tiered_routing.tier_router import TieredModelRouter

_LOG: Final = logging.getLogger(__name__)


def router_for(routing: TierConfig, previous: TieredModelRouter | None = None) -> TieredModelRouter:
    """A router for these settings: the previous one where they are the same.

    It touches nothing that belongs to an event loop, so any thread may wait for it.

    Raises:
        ConfigError: A scorer of the user's own cannot be loaded.
    """
    # A model's file may hold another model by now.
    if previous is not None and previous.config == routing and not is_model_file(routing.scorer):
        return previous
    scorer, trouble = scorer_or_rule(routing)
    if trouble:
        _LOG.warning("%s", trouble)
    return TieredModelRouter(routing, scorer)
