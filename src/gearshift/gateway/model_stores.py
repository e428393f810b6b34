"""Where a request goes that changes models: to the upstream that is named, has it, or is first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gearshift.constants.model_constants import AUTO_MODEL
from gearshift.errors import RequestError
from gearshift.http.values import HttpRequest
from gearshift.interface import LLMInterface
from gearshift.pipeline.topology import canonical, is_listed
from gearshift.providers.base import ModelStoreProvider

NAMING_HEADER: Final = "x-gearshift-upstream"


@dataclass(frozen=True, slots=True)
class ModelStore:
    """An upstream whose models can be changed."""

    upstream: str
    provider: ModelStoreProvider


def check_names(llm: LLMInterface, names: Iterable[str]) -> None:
    """Refuse names that do not stand for a model.

    Raises:
        RequestError: 400.
    """
    own = set(map(canonical, (AUTO_MODEL, *llm.health.topology.tiers)))
    for name in names:
        if canonical(name) in own:
            raise RequestError(
                f"{name[:100]!r} is a name of gearshift's own, which routes requests; "
                "name a model instead",
                field="model",
                code="not_a_model",
            )


def first_store(llm: LLMInterface, received: HttpRequest) -> ModelStore:
    """The one that is named in a header, else the first one in the order of the settings.

    A model's parts and the request that makes it of them must go to the same.

    Raises:
        RequestError: 501 where there is none, 400 where it is named and not one of them.
    """
    return _named(llm, received) or _all(llm)[0]


async def store_with(
    llm: LLMInterface, received: HttpRequest, model: str, *, may_lack: bool
) -> ModelStore:
    """The one that is named in a header, else the one that has a model.

    Args:
        llm: Knows the upstreams.
        received: The request.
        model: What it is about.
        may_lack: It need not be there yet: then it is the first one that is taken.

    Raises:
        RequestError: As `first_store`; 404 where none has it, 400 where several have it.
    """
    if (named := _named(llm, received)) is not None:
        return named
    stores = _all(llm)
    if len(stores) == 1:
        return stores[0]
    await llm.health.probe([store.upstream for store in stores])
    owners = [store for store in stores if _has(llm, store, model)]
    if len(owners) > 1 and not may_lack:
        raise RequestError(
            f"several upstreams have {model[:100]!r}: {_listed(owners)}; say which one is meant "
            f"in the header {NAMING_HEADER}",
            field=NAMING_HEADER,
            code="ambiguous_upstream",
        )
    if owners or may_lack:
        return owners[0] if owners else stores[0]
    raise RequestError(
        f"model '{model[:200]}' not found", status=404, field="model", code="model_not_found"
    )


def owner_elsewhere(llm: LLMInterface, store: ModelStore, model: str) -> str | None:
    """The upstream that has a model, where it is another one than `store`, which has it not."""
    if _has(llm, store, model):
        return None
    return next((s.upstream for s in _all(llm) if _has(llm, s, model)), None)


def _has(llm: LLMInterface, store: ModelStore, model: str) -> bool:
    state = llm.upstream_states().get(store.upstream)
    return state is not None and any(is_listed(model, info) for info in state.models)


def _named(llm: LLMInterface, received: HttpRequest) -> ModelStore | None:
    name = received.headers.get(NAMING_HEADER)
    if name is None:
        return None
    stores = _all(llm)
    for store in stores:
        if store.upstream == name:
            return store
    raise RequestError(
        f"{NAMING_HEADER}: {name[:100]!r} is no upstream whose models can be changed; "
        f"these are: {_listed(stores)}",
        field=NAMING_HEADER,
        code="unknown_upstream",
    )


def _all(llm: LLMInterface) -> list[ModelStore]:
    stores = [
        ModelStore(upstream, provider)
        for upstream, provider in llm.providers.items()
        if isinstance(provider, ModelStoreProvider)
    ]
    if stores:
        return stores
    raise RequestError(
        "no upstream is an Ollama, which alone can pull, create, copy, delete and push models; "
        "add one to `upstreams`, or change the models of your engine where it runs",
        status=501,
        code="no_model_store",
    )


def _listed(stores: Iterable[ModelStore]) -> str:
    return ", ".join(store.upstream for store in stores)
