"""SettingsChange: changes routing while it runs, for the admin plane, and writes it down."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gearshift.admin.changing import Applied, RefusedChangeError
from gearshift.cli.reload import Reloader, Replace
from gearshift.config_edit import replace_value
from gearshift.config_errors import problems_of
from gearshift.decision_log.changes import Change
from gearshift.errors import GearshiftError
from gearshift.settings import Settings
from gearshift.settings_checks import deployment_problems
from gearshift.settings_sources import DEFAULT, leaves
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import JsonObject

_BLOCK: Final = "tiered_routing"


class SettingsChange:
    """Validates all, puts it in force in every worker, then writes what has changed into the file.

    Args:
        reloader: Knows what is in force, and where it came from.
        put: Puts settings in force.
    """

    def __init__(self, reloader: Reloader, put: Replace) -> None:
        self._reloader = reloader
        self._put = put

    async def apply(self, partial: JsonObject, who: str) -> Applied:
        """Change some of the settings of routing.

        Raises:
            RefusedChangeError: They are not valid, or come from the environment.
            GearshiftError: They cannot be put in force.
        """
        loaded = self._reloader.loaded
        old = loaded.settings.tiered_routing
        routing = _validated(old, partial, loaded.settings)
        before, after = (dict(leaves(one.model_dump(mode="json"))) for one in (old, routing))
        changed = [key for key in after if before.get(key) != after[key]]
        for key in changed:
            source = loaded.sources.get(f"{_BLOCK}.{key}", DEFAULT)
            if source.startswith("env ") or source == "argument":
                raise RefusedChangeError(key, f"is set by {source}; change it there")
        settings = loaded.settings.model_copy(update={_BLOCK: routing})
        if changed:
            await self._reloader.put(settings, self._put)
        now = time.time()
        done = [
            Change(0, now, key, before.get(key), after[key], who, _written(loaded.file, key, after))
            for key in changed
        ]
        return Applied(routing.model_dump(mode="json"), done)


def _validated(old: TierConfig, partial: JsonObject, settings: Settings) -> TierConfig:
    merged = _merged(old.model_dump(mode="json"), partial)
    try:
        routing = TierConfig.model_validate(merged)
        load_scorer(routing)
    except ValidationError as error:
        problem = problems_of(error, TierConfig)[0]
        raise RefusedChangeError(problem.key, str(problem)) from error
    except GearshiftError as error:
        raise RefusedChangeError("scorer", str(error)) from error
    for problem in deployment_problems(routing, settings.upstream_configs()):
        raise RefusedChangeError(problem.key.removeprefix(f"{_BLOCK}."), str(problem))
    return routing


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    found = dict(old)
    for key, value in new.items():
        known = found.get(key)
        is_block = isinstance(known, Mapping) and isinstance(value, Mapping)
        found[key] = _merged(known, value) if is_block else value  # type: ignore[arg-type]
    return found


def _written(file: Path | None, key: str, after: Mapping[str, Any]) -> bool:
    """Write one setting into the file; `False` where there is none, or it cannot be written."""
    value = after[key]
    if file is None or not isinstance(value, bool | int | float | str):
        return False
    try:
        replace_value(file, (_BLOCK, *key.split(".")), value)
    except GearshiftError:
        return False
    return True
