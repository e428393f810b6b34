"""SettingsChange: changes routing while it runs, for the admin plane, and writes it down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gearshift.admin.changing import Applied, RefusedChangeError
from gearshift.config.checks import deployment_problems
from gearshift.config.loading import LoadedSettings, Settings
from gearshift.config.sources import DEFAULT, leaves
from gearshift.config_file.editing import replace_value
from gearshift.config_file.messages import problems_of
from gearshift.decision_log.changes import Change
from gearshift.errors import GearshiftError
from gearshift.serving.reload import Reloader, Replace
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import JsonObject

logger = logging.getLogger(__name__)

_BLOCK: Final = "tiered_routing"
_SHORT_FORM: Final = ("complexity_threshold", "models.")


class SettingsChange:
    """Validates all, activates it in every worker, then writes what has changed into the file.

    Args:
        reloader: Knows the active settings, and where they come from.
        put: Activates settings.
        told: Given old and new settings after a change that was made here.
    """

    def __init__(
        self,
        reloader: Reloader,
        put: Replace,
        told: Callable[[Settings, Settings], None] = lambda _, __: None,
    ) -> None:
        self._reloader = reloader
        self._put = put
        self._told = told

    async def apply(self, partial: JsonObject, who: str) -> Applied:
        """Change some of the settings of routing.

        Raises:
            RefusedChangeError: They are not valid, or come from the environment.
            GearshiftError: They cannot be activated.
        """
        return await self._apply(partial, who, self._told)

    async def follow(self, partial: JsonObject) -> None:
        """Make a change that was made at another replica.

        Raises:
            GearshiftError: As `apply`.
        """
        await self._apply(partial, "another replica", lambda _, __: None)

    async def _apply(
        self, partial: JsonObject, who: str, told: Callable[[Settings, Settings], None]
    ) -> Applied:
        changes: list[Change] = []

        def change(loaded: LoadedSettings) -> Settings:
            return _changed(loaded, partial)

        before_all: list[Settings] = []

        def written(before: Settings, after: Settings) -> dict[str, bool]:
            before_all.append(before)
            file = self._reloader.loaded.file
            changes.extend(_write(file, before, after, who))
            return {change.key: change.kept for change in changes}

        await self._reloader.update(change, self._put, written)
        for before in before_all:
            told(before, self._reloader.loaded.settings)
        routing = self._reloader.loaded.settings.tiered_routing
        return Applied(routing.model_dump(mode="json"), changes)


def _changed(loaded: LoadedSettings, partial: JsonObject) -> Settings:
    """The settings with some of routing changed, where that is possible at all."""
    old = loaded.settings
    routing = _validated(old.tiered_routing, partial, old)
    settings = old.model_copy(update={_BLOCK: routing})
    for key in _different(old, settings):
        source = loaded.sources.get(f"{_BLOCK}.{key}", DEFAULT)
        if source.startswith("env ") or source == "argument":
            raise RefusedChangeError(key, f"is set by {source}; change it there")
        if routing.tiers and key.startswith(_SHORT_FORM):
            raise RefusedChangeError(key, "has no effect while `tiers` is set; change `tiers`")
    return settings


def _different(before: Settings, after: Settings) -> list[str]:
    old, new = _values(before), _values(after)
    return [key for key in new if old.get(key) != new[key]]


def _values(settings: Settings) -> dict[str, Any]:
    return dict(leaves(settings.tiered_routing.model_dump(mode="json")))


def _write(file: Path | None, before: Settings, after: Settings, who: str) -> list[Change]:
    """Write what has changed into the file, as far as it can take it."""
    old, new, now = _values(before), _values(after), time.time()
    return [
        Change(0, now, key, old.get(key), new[key], who, _written(file, key, new))
        for key in _different(before, after)
    ]


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
    merged = dict(old)
    for key, value in new.items():
        current = merged.get(key)
        if isinstance(current, Mapping) and isinstance(value, Mapping):
            value = _merged(current, value)
        merged[key] = value
    return merged


def _written(file: Path | None, key: str, after: Mapping[str, Any]) -> bool:
    """Write one setting into the file; `False` where there is none, or it cannot be written."""
    value = after[key]
    if file is None or not isinstance(value, bool | int | float | str):
        return False
    try:
        replace_value(file, (_BLOCK, *key.split(".")), value)
    except GearshiftError as error:
        logger.warning("%s.%s is changed until the next start only: %s", _BLOCK, key, error)
        return False
    return True
