"""UpstreamChoice: which upstreams `serve` uses, at the start and after a change of settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gearshift.catalog.discovery import Discovery, discover, of_files
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.providers.base import UpstreamConfig


@dataclass(frozen=True, slots=True)
class UpstreamChoice:
    """What the command line says about upstreams.

    Attributes:
        demo: The demo pair, whatever is configured.
        model_paths: GGUF files, as given: `FILE` or `MODEL=FILE`.
    """

    demo: bool
    model_paths: Sequence[str] = ()

    async def first(self, settings: Settings) -> Discovery:
        """The upstreams to begin with.

        Raises:
            GearshiftError: The command line does not fit the settings.
        """
        return await discover(settings, demo=self.demo, model_paths=self._paths(settings))

    async def again(
        self, settings: Settings, old: Settings, running: tuple[UpstreamConfig, ...]
    ) -> Discovery:
        """The upstreams for other settings.

        Those that were discovered stay of their kind: an Ollama that is down for a moment must
        not be replaced by demo models.

        Raises:
            GearshiftError: The command line does not fit the settings.
        """
        were_discovered = not old.upstreams or self.demo
        if settings.upstreams or not were_discovered:
            return await self.first(settings)
        if running[0].base_url:  # found where it listens, not started here
            return Discovery(running)
        paths = self._paths(settings)
        if paths and not self.demo:
            return of_files(paths)
        return await discover(settings, demo=True)

    def _paths(self, settings: Settings) -> dict[str, str]:
        """Which model each GGUF file stands for: named ones first, the rest tier by tier."""
        unnamed = iter([tier.name for tier in settings.tiered_routing.ordered_tiers])
        paths: dict[str, str] = {}
        for text in self.model_paths:
            name, separator, path = text.partition("=")
            if separator and not Path(text).exists():
                paths[name] = path
                continue
            tier = next(unnamed, None)
            if tier is None:
                raise GearshiftError(
                    f"--model-path {text}: there is no tier left; write MODEL=FILE"
                )
            paths[settings.first_model(tier)] = text
        for tier in unnamed if paths else ():
            # One file alone serves every tier.
            paths.setdefault(settings.first_model(tier), next(iter(paths.values())))
        return paths
