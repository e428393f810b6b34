"""What `/api/show` and `/api/version` say where no Ollama answers for itself."""

import json
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.catalog.served_models import ServedModel
from gearshift.errors import RequestError
from gearshift.gateway.endpoints import models, ollama, show
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.pipeline.topology import Topology
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Capability, Deployment, ModelInfo, UpstreamState

TOOLS, VISION = Capability.TOOLS, Capability.VISION


def gateway(small=None, large=None, *versions) -> Any:
    """One whose two tiers have a model each: its capabilities, context length, size."""
    known = {"s": small or (None, None, None), "l": large or (None, None, None)}
    tiers = {
        tier: (Candidate(Deployment("u", model), "openai", tier, able, context),)
        for (model, (able, context, _)), tier in zip(known.items(), ("low", "high"), strict=True)
    }
    infos = tuple(ModelInfo(name, parameters=size) for name, (_, _, size) in known.items())
    states = {f"u{i}": UpstreamState(True, version=v) for i, v in enumerate(versions)}
    states["u"] = UpstreamState(True, models=infos)
    served = [ServedModel("auto", "auto"), ServedModel("low", "tier"), ServedModel("high", "tier")]
    llm = SimpleNamespace(
        health=SimpleNamespace(topology=Topology(tiers)),
        provider_of=lambda name, allowed: None,
        served_models=lambda allowed: served,
        upstream_states=lambda: states,
        model_info=lambda deployment: next(i for i in infos if i.name == deployment.model),
    )
    return SimpleNamespace(llm=llm)


def decoded(response: HttpResponse) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


async def shown(of, name, allowed=None):
    request = HttpRequest(
        "POST", "/api/show", body=json.dumps({"model": name}).encode(), allowed_tiers=allowed
    )
    return decoded(await show.show(of, request))


async def test_auto_can_do_what_one_of_its_models_can():
    of = gateway((frozenset({TOOLS}), 8192, 2), (frozenset({VISION}), 32768, 7))
    told = await shown(of, "auto")
    assert told["capabilities"] == ["completion", "tools", "vision"]
    assert told["model_info"] == {
        "general.architecture": "gearshift",
        "general.basename": "auto",
        "general.name": "auto",
        "general.parameter_count": 7,
        "gearshift.context_length": 32768,
    }
    assert (await shown(of, "auto:latest"))["model_info"]["general.basename"] == "auto"


async def test_a_tier_can_do_what_its_own_models_can():
    of = gateway((frozenset({TOOLS}), 8192, 2), (frozenset({VISION}), 32768, 7))
    told = await shown(of, "low")
    assert told["capabilities"] == ["completion", "tools"]
    assert told["model_info"]["general.basename"] == "low"
    assert told["model_info"]["gearshift.context_length"] == 8192
    only = await shown(of, "auto", allowed=frozenset({"low"}))
    assert only["capabilities"] == ["completion", "tools"]


async def test_what_is_unknown_counts_as_capable_and_has_no_number():
    told = await shown(gateway((frozenset(), 8192, None)), "auto")
    assert set(told["capabilities"]) == {"completion", *Capability}
    assert told["model_info"]["gearshift.context_length"] == 8192
    nothing = (await shown(gateway(), "high"))["model_info"]
    assert set(nothing) == {"general.architecture", "general.basename", "general.name"}


async def test_a_name_that_nobody_has_is_a_404():
    with pytest.raises(RequestError) as caught:
        await shown(gateway(), "nobody")
    assert caught.value.status == 404


async def test_names_of_fields_may_be_in_capitals_as_for_ollama():
    request = HttpRequest("POST", "/api/show", body=b'{"Name": "auto"}')
    assert decoded(await show.show(gateway(), request))["model_info"]["general.name"] == "auto"


@pytest.mark.parametrize(
    ("upstreams", "told"),
    [
        ((), ollama.SPOKEN),
        (("0.5.1",), ollama.SPOKEN),
        (("0.0.0-fake", "no version", None), ollama.SPOKEN),
        (("0.5.1", "0.33.0-rc2"), "0.33.0-rc2"),
        (("0.9.6",), ollama.SPOKEN),
        (("1.0",), "1.0"),
    ],
)
async def test_the_version_is_one_that_clients_accept(upstreams, told):
    response = await ollama.version(gateway(None, None, *upstreams), HttpRequest("GET", ""))
    assert decoded(response) == {"version": told}
    assert response.headers["x-gearshift-version"] == version("gearshift")
    # Copilot refuses what is older.
    assert tuple(map(int, ollama.SPOKEN.split("."))) >= (0, 6, 4)


async def test_the_list_of_models_says_which_gearshift_this_is():
    response = await models.listing(gateway(), HttpRequest("GET", "/v1/models"))
    owners = {entry["owned_by"] for entry in decoded(response)["data"]}
    assert owners == {f"gearshift {version('gearshift')}"}
