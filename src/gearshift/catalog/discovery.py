"""Discovery: which upstreams to use when the configuration names none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gearshift.config.loading import Settings
from gearshift.extras import require
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.demo_model import CONTEXT_TOKENS, demo_models
from gearshift.providers.embedded_settings import EmbeddedOptions, embedded_upstream
from gearshift.providers.ollama import OllamaProvider
from gearshift.providers.ollama_settings import ollama_base_url
from gearshift.types import UpstreamState

UNDISCOVERED: Final = UpstreamConfig("ollama", "ollama", "")
"""What stands for the upstreams that nobody has named, until they are looked for."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Attributes:
        upstreams: At least one.
        notices: Lines for people: what was chosen, what is missing, what to do.
    """

    upstreams: tuple[UpstreamConfig, ...]
    notices: tuple[str, ...] = ()


async def discover(
    settings: Settings,
    *,
    environ: Mapping[str, str] | None = None,
    model_paths: Mapping[str, str] | None = None,
    demo: bool = False,
) -> Discovery:
    """Find upstreams: the configured ones, else Ollama, else GGUF files, else the demo pair.

    Args:
        settings: With or without configured upstreams.
        environ: Where `OLLAMA_HOST` is looked up; the process's environment otherwise.
        model_paths: GGUF file of each model, as given on the command line.
        demo: Take the demo pair whatever else there is.
    """
    models = tuple(
        dict.fromkeys(m for tier in settings.tiered_routing.ordered_tiers for m in tier.deployments)
    )
    if demo:
        return _demo(settings, "--demo")
    configured = settings.upstream_configs()
    if configured:
        return Discovery(configured)
    ollama = ollama_upstream(environ)
    state = await _probe(ollama, settings)
    if state.is_reachable:
        return Discovery((ollama,), _missing(models, state))
    if model_paths:
        return of_files(model_paths)
    return _demo(settings, f"no Ollama at {ollama.base_url}")


def of_files(model_paths: Mapping[str, str]) -> Discovery:
    """An engine here, with a GGUF file for each model."""
    options = EmbeddedOptions(model_paths=model_paths)
    return Discovery((embedded_upstream("embedded", options),))


def ollama_upstream(environ: Mapping[str, str] | None = None) -> UpstreamConfig:
    """Ollama where its own clients look for it: at `OLLAMA_HOST`, else at its usual port."""
    host = (os.environ if environ is None else environ).get("OLLAMA_HOST", "")
    return UpstreamConfig("ollama", "ollama", ollama_base_url(host))


async def _probe(ollama: UpstreamConfig, settings: Settings) -> UpstreamState:
    deadlines = settings.deadlines
    provider = OllamaProvider(ollama, deadlines)
    try:
        return await provider.probe()
    finally:
        await provider.aclose()


def _missing(models: tuple[str, ...], state: UpstreamState) -> tuple[str, ...]:
    if not state.lists_models:
        return ()
    present = {info.name for info in state.models}
    lacking = [m for m in models if m not in present and f"{m}:latest" not in present]
    command = OllamaProvider.pull_command
    return tuple(f"Ollama does not have {m} yet; run: {command(m)}" for m in lacking)


def _demo(settings: Settings, why: str) -> Discovery:
    require("embedded", f"{why}: the demo", "gguf", "xllamacpp")
    tiers = settings.tiered_routing.ordered_tiers
    files = demo_models({tier.name: tier.deployments[0] for tier in tiers})
    paths: dict[str, str] = {}
    for tier in tiers:
        for model in tier.deployments:
            paths.setdefault(model, str(files[tier.name]))
    commands = "; ".join(map(OllamaProvider.pull_command, paths))
    notice = (
        f"{why}: running tiny demo models that only say who they are. "
        f"For real answers install Ollama, then run: {commands}"
    )
    options = EmbeddedOptions(
        model_paths=paths,
        context_tokens=CONTEXT_TOKENS,
        parallel=4,
        threads=1,
        are_stand_ins=True,
    )
    return Discovery((embedded_upstream("demo", options),), (notice,))
