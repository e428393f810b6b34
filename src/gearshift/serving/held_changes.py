"""HeldChanges: settings of routing changed while running that no file could take."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from gearshift.config.checks import deployment_problems
from gearshift.config.loading import Settings
from gearshift.config.sources import leaves
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import JsonObject

logger = logging.getLogger(__name__)

_BLOCK: Final = "tiered_routing"


class HeldChanges:
    """Lays them over whatever is loaded, until the next start or until the file itself says more.

    A key is let go as soon as the file says something else of it than when it was changed.
    """

    def __init__(self) -> None:
        self._held: dict[str, tuple[Any, Any]] = {}

    def note(self, before: Settings, after: Settings, written: Mapping[str, bool]) -> None:
        """Remember the changes that were not written.

        Args:
            before: The settings that were active before.
            after: Those that are active now.
            written: By dotted key below `tiered_routing`, whether the file has it.
        """
        old, new = routing_values(before), routing_values(after)
        for key, is_written in written.items():
            name = _whole(key)
            in_file = self._held.pop(name, (old.get(name), None))[0]
            if not is_written and in_file != new.get(name):
                self._held[name] = in_file, new.get(name)

    def over(self, loaded: Settings) -> Settings:
        """The settings to activate."""
        values = routing_values(loaded)
        self._held = {k: v for k, v in self._held.items() if values.get(k) == v[0]}
        if not self._held:
            return loaded
        block = loaded.tiered_routing.model_dump(mode="json")
        for key, (_, value) in self._held.items():
            _put(block, key.split("."), value)
        try:
            routing = TierConfig.model_validate(block)
            fits = not deployment_problems(routing, loaded.upstream_configs())
        except ValidationError:
            fits = False
        if not fits:
            names = ", ".join(self._held)
            logger.warning("settings changed at run time that no longer fit are dropped: %s", names)
            self._held.clear()
            return loaded
        logger.info("settings changed at run time are kept: %s", ", ".join(self._held))
        return loaded.model_copy(update={_BLOCK: routing})


def routing_values(settings: Settings) -> dict[str, Any]:
    """The settings of routing by dotted key; the list of tiers is one of them."""
    block = settings.tiered_routing.model_dump(mode="json")
    tiers = block.pop("tiers")
    return {**dict(leaves(block)), "tiers": tiers}


def _whole(key: str) -> str:
    return "tiers" if key.startswith("tiers.") else key


def _put(block: JsonObject, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        block = block[part]
    block[path[-1]] = value
