"""`gearshift doctor`: checks everything a request needs, and says what to do about each failure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from gearshift import registry
from gearshift.cache.base import CacheConfig
from gearshift.cache.loading import open_backend
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings, unavailable
from gearshift.config.model import SharedStateSettings
from gearshift.dialects.loading import client_dialect
from gearshift.errors import GearshiftError, PluginError, UnavailableError
from gearshift.interface import LLMInterface
from gearshift.pipeline.health import DeploymentHealth
from gearshift.providers.base import EnginesProvider, Provider, PullingProvider, start_advice
from gearshift.shared_state.examination import examined
from gearshift.types import Capability, ModelInfo, Readiness

_GIB = 1024**3
_SHORTEST_CONTEXT = 4096
_CACHE_SECONDS = 5.0
_TRIVIAL = "What time is it?"
_REPAIR = "repair or uninstall it"
_DISCOVERED = "follow this advice, or name another server under `upstreams:`"
# Measured: anonymous memory of an engine is about the file's size at these models' quantisation.
_MEMORY_PER_FILE_BYTE = 1.2


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `remedy` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@click.command(name="doctor")
@config_option
@json_option
@click.pass_context
def command(context: click.Context, config: str | None, as_json: bool) -> None:
    """Check upstreams, models, memory and context lengths, and send each tier a short request."""
    checks = asyncio.run(_examine(load(config)))
    ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}")
            if not check.ok and check.remedy:
                click.echo(f"     → {check.remedy}")
    context.exit(0 if ok else 1)


async def _examine(settings: Settings) -> list[Check]:
    checks = [
        Check(f"setting {p.key}", False, p.message, p.suggestion) for p in unavailable(settings)
    ]
    checks += _guests()
    try:
        # On its own: what replicas share is none of its business, but for whether it can be had.
        alone = settings.model_copy(update={"shared_state": SharedStateSettings()})
        checks += await _served(LLMInterface(alone))
    except PluginError as error:
        checks.append(Check("upstreams", False, str(error), _REPAIR))
    if settings.decision_log.enabled:
        checks.append(_log(settings))
    if settings.cache.enabled:
        checks += [await _cache(settings, name, at) for name, at in settings.cache.places()]
    if settings.shared_state.redis_url is not None:
        checks.append(await _shared(settings.shared_state.redis_url))
    return checks


async def _shared(url: str) -> Check:
    """Whether the Redis that replicas share does all that is asked of it."""
    name = "shared state"
    remedy = "correct shared_state.redis_url, or what it names; each process goes on alone"
    try:
        async with asyncio.timeout(_CACHE_SECONDS):
            members = await examined(url)
    except Exception as error:  # noqa: BLE001 - whatever is in its way
        return Check(name, False, _told(error), remedy)
    return Check(name, True, f"takes writes; {members} processes share it now")


async def _served(interface: LLMInterface) -> list[Check]:
    """The upstreams with their models, and whether each tier answers."""
    async with interface as llm:
        return [
            *(Check("engine", False, notice, _DISCOVERED) for notice in llm.notices),
            *_upstreams(llm),
            *_models(llm),
            *_embeddings(llm),
            _memory(llm),
            *await _routes(llm),
        ]


def _guests() -> Iterator[Check]:
    """What other packages bring, and whether it can be loaded; dialects are also made."""
    for group in registry.GROUPS:
        for name, offers in registry.guests(group).items():
            try:
                _try(group, name)
            except GearshiftError as error:
                yield Check(f"plugin {name}", False, str(error), _REPAIR)
            else:
                yield Check(f"plugin {name}", True, registry.told(offers[0]))


def _try(group: str, name: str) -> None:
    if group == "client_dialects":
        client_dialect(name)
    elif group == "upstream_dialects":
        registry.made(group, name)
    else:  # what it is made with stands in the settings, where they name it
        registry.find(group, name)


async def _cache(settings: Settings, backend: str, location: str | None) -> Check:
    """Whether a back end gives back what it is given."""
    name, value = f"cache {backend}", os.urandom(16)
    key = f"doctor:{value.hex()}"
    remedy = "correct the `cache:` block, or what it names; requests are answered without it"
    try:
        opened = open_backend(backend, CacheConfig(settings.cache.max_bytes, location))
        async with asyncio.timeout(_CACHE_SECONDS):
            await opened.set(key, value, _CACHE_SECONDS)
            is_kept = await opened.get(key) == value
            await opened.delete(key)
            await opened.close()
    except Exception as error:  # noqa: BLE001 - whatever a back end does
        cause = (
            error if isinstance(error, UnavailableError | GearshiftError) else type(error).__name__
        )
        return Check(name, False, str(cause), remedy)
    return Check(name, is_kept, "keeps values" if is_kept else "loses what it keeps", remedy)


def _told(error: Exception) -> str:
    is_ours = isinstance(error, UnavailableError | GearshiftError)
    return str(error) if is_ours else type(error).__name__


def _log(settings: Settings) -> Check:
    from gearshift.decision_log.database import (
        DecisionLogError,
        default_url,
        open_database,
        shown,
        version_of,
    )

    url = settings.decision_log.url or default_url()
    try:
        engine = open_database(url)
    except DecisionLogError as error:
        remedy = "correct decision_log.url, or set decision_log.enabled to false"
        return Check("decision log", False, str(error), remedy)
    version = version_of(engine)
    engine.dispose()
    return Check("decision log", True, f"{shown(url)}, schema {version}")


def _upstreams(llm: LLMInterface) -> Iterator[Check]:
    for name in llm.providers:
        state = llm.upstream_states().get(name)
        reachable = state is not None and state.is_reachable and not state.refuses_key
        detail = state.detail if state else "no answer to the first probe"
        version = f", version {state.version}" if state and state.version else ""
        yield Check(
            f"upstream {name}",
            reachable,
            f"{detail or 'reachable'}{version}",
            "correct its api_key under `upstreams:`"
            if state and state.refuses_key
            else _revival(llm.providers[name]),
        )


def _revival(provider: Provider) -> str:
    if isinstance(provider, EnginesProvider):
        return "the log says why its engine ended"
    return f"{start_advice(provider)}, or correct its base_url under `upstreams:`"


def _models(llm: LLMInterface) -> Iterator[Check]:
    for tier, deployments in llm.tier_health().items():
        for health in deployments:
            yield _presence(f"tier {tier}", health, llm.providers[health.deployment.upstream])
            info = llm.model_info(health.deployment)
            if info is not None and health.readiness is Readiness.READY:
                yield _abilities(tier, info)


def _embeddings(llm: LLMInterface) -> Iterator[Check]:
    """Whether the model that answers `auto` for embeddings is there; nothing where none is set."""
    for health in llm.embeddings_health():
        yield _presence("embeddings", health, llm.providers[health.deployment.upstream])


def _presence(what: str, health: DeploymentHealth, provider: Provider) -> Check:
    correct = "correct the model's name, or add it to the upstream's `models:`"
    if isinstance(provider, PullingProvider):
        command = provider.pull_command(health.deployment.model)
        correct = f"{command} (or `gearshift pull`), or {correct}"
    remedies = {
        Readiness.MISSING_MODEL: correct,
        Readiness.LOADING: "wait until it has loaded",
    }
    remedy = remedies.get(health.readiness, "see the upstream above")
    words = health.readiness.value.replace("_", " ")
    detail = f"{health.deployment} is {words}"
    return Check(what, health.readiness is Readiness.READY, detail, remedy)


def _abilities(tier: str, info: ModelInfo) -> Check:
    context = f"context {info.context_length} tokens" if info.context_length else "context unknown"
    usable = min(filter(None, (info.context_length, info.loaded_context)), default=None)
    if usable != info.context_length:
        context += f", but loaded with {usable}: the oldest turns of what is longer are left out"
    if info.capabilities is None:
        abilities = "capabilities unknown"
    else:
        lacking = sorted(c.value for c in Capability if c not in info.capabilities)
        abilities = f"without {', '.join(lacking)}" if lacking else "tools, vision and thinking"
    return Check(
        f"model {info.name}",
        usable is None or usable >= _SHORTEST_CONTEXT,
        f"{context}; {abilities} (requests that need more go to another model)",
        f"tier {tier} cannot hold a longer conversation; raise its context length "
        "(Ollama: OLLAMA_CONTEXT_LENGTH, or num_ctx of the model)",
    )


def _memory(llm: LLMInterface) -> Check:
    sizes = {
        health.deployment: info.size_bytes
        for deployments in llm.tier_health().values()
        for health in deployments
        if (info := llm.model_info(health.deployment)) is not None and info.size_bytes
    }
    need = sum(sizes.values()) * _MEMORY_PER_FILE_BYTE
    have = _memory_bytes()
    if not sizes or have is None:
        return Check("memory", True, "the upstreams do not say how large their models are")
    return Check(
        "memory",
        need <= have,
        f"all tiers together need about {need / _GIB:.1f} of {have / _GIB:.1f} GiB",
        "swapping models costs more than routing saves: use smaller quantisations, or one "
        "model for both tiers",
    )


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


async def _routes(llm: LLMInterface) -> list[Check]:
    model, result = llm.router.route(_TRIVIAL)
    detail = f"{_TRIVIAL!r} scores {result.score:.2f} and goes to {result.tier}, {model}"
    lowest = next(iter(llm.tier_health()))
    checks = [
        Check(
            "route",
            result.tier == lowest or not llm.settings.tiered_routing.enabled,
            detail,
            "the threshold is so low that even this is not simple; raise complexity_threshold",
        )
    ]
    for tier in llm.tier_health():
        try:
            answer = await llm.chat_completion("Say hello.", tier=tier, max_tokens=1)
        except GearshiftError as error:
            checks.append(Check(f"answer {tier}", False, str(error), "see the checks above"))
            continue
        decision = answer.decision
        moved = decision.fallback is not None
        detail = f"{decision.model} on {decision.upstream} answers"
        if moved:
            detail = f"only after a fallback ({decision.fallback})"
        checks.append(Check(f"answer {tier}", not moved, detail, "see the checks above"))
    return checks
