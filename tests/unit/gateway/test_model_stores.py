"""Which upstream a change of models goes to, where there is none, one, or several."""

from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.errors import RequestError
from gearshift.gateway.model_stores import check_names, first_store, owner_elsewhere, store_with
from gearshift.http.values import HttpRequest
from gearshift.types import ModelInfo, UpstreamState


class Store:
    async def ask_store(self, method, path, body=None):
        raise NotImplementedError


def interface(**upstreams) -> Any:
    """An interface whose upstreams have these models; `None`: of a kind that keeps none."""
    probed: list[str] = []

    async def probe(names):
        probed.extend(names)

    states = {
        name: UpstreamState(True, models=tuple(map(ModelInfo, models or ())))
        for name, models in upstreams.items()
    }
    tiers = {"simple": (), "complex": ()}
    return SimpleNamespace(
        providers={n: object() if m is None else Store() for n, m in upstreams.items()},
        upstream_states=lambda: states,
        health=SimpleNamespace(probe=probe, probed=probed, topology=SimpleNamespace(tiers=tiers)),
    )


def asking(upstream=None):
    headers = {} if upstream is None else {"x-gearshift-upstream": upstream}
    return HttpRequest("POST", "/api/pull", headers)


def refused(error, status, *words):
    assert error.value.status == status
    assert all(word in str(error.value) for word in words), str(error.value)


async def chosen(llm, model="m", upstream=None, *, may_lack=False):
    return (await store_with(llm, asking(upstream), model, may_lack=may_lack)).upstream


async def test_the_only_one_is_asked_whatever_is_known_of_it():
    llm = interface(engine=None, a=[])
    assert await chosen(llm) == "a"
    assert first_store(llm, asking()).upstream == "a"
    assert llm.health.probed == []


async def test_of_several_the_one_that_has_it_by_the_newest_word():
    llm = interface(a=["x"], b=["m:latest"], c=None)
    assert await chosen(llm) == "b"
    assert await chosen(llm, may_lack=True) == "b"
    assert llm.health.probed == ["a", "b"] * 2
    assert first_store(llm, asking()).upstream == "a"


async def test_what_nobody_has_is_pulled_to_the_first_and_else_not_found():
    llm = interface(a=["x"], b=["y"])
    assert await chosen(llm, may_lack=True) == "a"
    with pytest.raises(RequestError) as caught:
        await chosen(llm)
    refused(caught, 404, "model 'm' not found")


async def test_what_several_have_must_be_said_unless_it_only_comes_anew():
    llm = interface(a=["m"], b=["m:latest"])
    with pytest.raises(RequestError) as caught:
        await chosen(llm)
    refused(caught, 400, "a, b", "x-gearshift-upstream")
    assert await chosen(llm, may_lack=True) == "a"
    assert await chosen(llm, upstream="b") == "b"


async def test_a_named_one_is_taken_at_its_name():
    llm = interface(a=["m"], b=[], c=None)
    assert await chosen(llm, upstream="b") == "b"
    assert first_store(llm, asking("b")).upstream == "b"
    for name in ("c", "nobody", ""):
        with pytest.raises(RequestError) as caught:
            await chosen(llm, upstream=name)
        refused(caught, 400, "a, b")


@pytest.mark.parametrize("upstream", [None, "engine"])
async def test_where_there_is_none_it_is_told_what_to_do(upstream):
    with pytest.raises(RequestError) as caught:
        await chosen(interface(engine=None), upstream=upstream)
    refused(caught, 501, "Ollama", "upstreams")


@pytest.mark.parametrize(
    "name",
    ["auto", "AUTO", "auto:latest", "simple", "Complex:latest", "simple:LATEST", "library/auto"],
)
def test_names_that_route_are_no_models(name):
    with pytest.raises(RequestError) as caught:
        check_names(interface(a=[]), ["m", name])
    refused(caught, 400, name)
    check_names(interface(a=[]), ["m", "automatic", "simple:2b", "me/simple"])


def test_a_base_that_only_another_one_has():
    llm = interface(a=["x"], b=["m"])
    store = first_store(llm, asking())
    assert owner_elsewhere(llm, store, "m") == "b"
    assert owner_elsewhere(llm, store, "x") is None
    assert owner_elsewhere(llm, store, "on-the-registry") is None
