"""Which names stand for which classes: a line in a table here, or an entry point elsewhere.

Both come in by the same door. A package that is installed beside gearshift offers what it has as
entry points of the groups `gearshift.scorers`, `.providers`, `.dialects` (of clients),
`.upstream_dialects`, `.judges` and `.caches` (docs/extending.md). They are looked for only where a
name is none of ours, or all are wanted, since that reads what every installed package says of
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from gearshift.errors import GearshiftError, PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from logging import Logger

CLIENT_DIALECTS: Final = {
    "openai": "gearshift.dialects.openai.dialect:OpenAIDialect",
    "ollama": "gearshift.dialects.ollama.dialect:OllamaDialect",
    "anthropic": "gearshift.dialects.anthropic.dialect:AnthropicDialect",
    "responses": "gearshift.dialects.responses.dialect:ResponsesDialect",
}
"""In which clients ask."""

UPSTREAM_DIALECTS: Final = {
    "openai": "gearshift.dialects.openai.dialect:OpenAIDialect",
    "ollama": "gearshift.dialects.ollama.dialect:OllamaDialect",
    "anthropic": "gearshift.dialects.anthropic.dialect:AnthropicDialect",
}
"""In which upstreams are asked; bytes pass through between two of the same name."""

PROVIDERS: Final = {
    "ollama": "gearshift.providers.ollama:OllamaProvider",
    "openai": "gearshift.providers.openai_compatible:OpenAICompatibleProvider",
    "anthropic": "gearshift.providers.anthropic:AnthropicProvider",
    "embedded": "gearshift.providers.embedded:EmbeddedProvider",
}

PROVIDER_SETTINGS: Final = {
    "ollama": "gearshift.providers.ollama_settings:OllamaSettings",
    "openai": "gearshift.providers.openai_settings:OpenAISettings",
    "anthropic": "gearshift.providers.anthropic_settings:AnthropicSettings",
    "embedded": "gearshift.providers.embedded_settings:EmbeddedSettings",
}
"""The `settings` of our providers, which a command that asks no upstream reads without them."""

SCORERS: Final = {
    "rule": "gearshift.tiered_routing.complexity_scorer:TaskComplexityScorer",
    "learned": "gearshift.tiered_routing.learned_scorer:LearnedScorer",
}

JUDGES: Final = {
    "checks": "gearshift.quality.checks_judge:ChecksJudge",
    "model": "gearshift.quality.model_judge:ModelJudge",
}

CACHES: Final = {
    "memory": "gearshift.cache.memory:MemoryCache",
    "redis": "gearshift.cache.redis:RedisCache",
}
"""What keeps answers."""

PEERS: Final = {
    "litellm": "gearshift.evaluation.peers:litellm_rule",
    "litellm-v2": "gearshift.evaluation.peers:litellm_fitted",
}
"""Scorers of other projects that `evaluate` can measure where their packages are installed."""

GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "client_dialects": CLIENT_DIALECTS,
    "upstream_dialects": UPSTREAM_DIALECTS,
    "providers": PROVIDERS,
    "scorers": SCORERS,
    "judges": JUDGES,
    "caches": CACHES,
}
"""What other packages may add to."""

_ENTRY_POINTS: Final = {group: f"gearshift.{group}" for group in GROUPS} | {
    "client_dialects": "gearshift.dialects"
}


def find(group: str, name: str) -> Any:
    """What a name stands for: one of ours, else that of an installed package.

    Raises:
        LookupError: Nobody offers it.
        PluginError: A package does, but it cannot be loaded, or it is not the only one.
    """
    ours = GROUPS[group].get(name)
    return load(ours) if ours is not None else _loaded(group, name)


def made(group: str, name: str, *given: Any) -> Any:
    """What a name stands for, called with what is given.

    Raises:
        LookupError: Nobody offers it.
        PluginError: A package does, but it cannot be loaded or made, or it is not the only one.
    """
    part = find(group, name)
    if name in GROUPS[group]:
        return part(*given)
    try:
        return part(*given)
    except GearshiftError:  # it says what is wrong itself
        raise
    except Exception as error:  # whatever a stranger's constructor does
        why = f"{type(error).__name__}: {error}"
        whose = told(guests(group)[name][0])
        raise PluginError(f"{whose} cannot be made: {why}") from error


def named(group: str) -> tuple[str, ...]:
    """Every name of a group: ours, then those of installed packages."""
    return (*GROUPS[group], *sorted(guests(group)))


def every(group: str) -> dict[str, Any]:
    """What all names of a group stand for; a guest that cannot be loaded is told and left out."""
    parts = {}
    for name in named(group):
        try:
            parts[name] = find(group, name)
        except PluginError as error:
            _log().error("%s", error)
    return parts


def has(group: str, name: str) -> bool:
    """Whether `find` would look somewhere; nothing is imported."""
    return name in GROUPS[group] or name in guests(group)


@cache
def guests(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """What installed packages offer, by name; none of ours is replaced."""
    # It takes longer to import than all that the command line needs of this package.
    from importlib.metadata import entry_points

    offers: dict[str, tuple[EntryPoint, ...]] = {}
    for offer in entry_points(group=_ENTRY_POINTS[group]):
        if offer.name in GROUPS[group]:
            _log().warning("%s is left out: gearshift has a built-in %r", told(offer), offer.name)
        elif offer not in offers.get(offer.name, ()):
            offers[offer.name] = (*offers.get(offer.name, ()), offer)
    return offers


def left_out(group: str, name: str, error: Exception) -> None:
    """Log that a guest cannot be used, whose it is and why."""
    whose = " and ".join(told(offer) for offer in guests(group)[name])
    kind = "" if isinstance(error, PluginError) else f"{type(error).__name__}: "
    _log().error("%s is left out: %s%s", whose, kind, error)


def told(offer: EntryPoint) -> str:
    """An entry point in words: its package, group and name."""
    package = f"{offer.dist.name} {offer.dist.version}" if offer.dist else "an unknown package"
    return f"{offer.name!r} in {offer.group} of {package}"


def _log() -> Logger:
    import logging  # so does this

    return logging.getLogger(__name__)


def _loaded(group: str, name: str) -> Any:
    offers = guests(group).get(name)
    if not offers:
        raise LookupError(f"nothing in {group} is called {name!r}")
    if len(offers) > 1:
        whose = " and ".join(told(offer) for offer in offers)
        raise PluginError(f"{name!r} is offered twice: {whose}; uninstall one of them")
    try:
        return offers[0].load()
    except Exception as error:  # whatever a stranger's module does while it is imported
        why = f"{type(error).__name__}: {error}"
        raise PluginError(f"{told(offers[0])} cannot be loaded: {why}") from error


def load(target: str) -> Any:
    """The object that `module:name` stands for.

    Raises:
        ImportError: There is no such module.
        AttributeError: The module has no such name.
    """
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
