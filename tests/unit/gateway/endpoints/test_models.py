"""OpenAI's list of models: whatever may stand in `model`, and nothing else."""

import json
from importlib.metadata import version

import pytest

from gearshift.http.values import HttpRequest

ALL = ["auto", "simple", "complex", "gemma2:2b", "mistral:7b-instruct", "hf.co/x/y:Q4"]
MODELS = ALL[3:]


async def test_auto_the_tiers_and_the_models_of_upstreams(planes):
    found = await (await planes(MODELS)).json("/v1/models")
    assert found["object"] == "list"
    assert [one["id"] for one in found["data"]] == ALL
    owners = {one["id"]: one["owned_by"] for one in found["data"]}
    assert owners["gemma2:2b"] == "here"
    assert owners["auto"] == owners["simple"] == f"gearshift {version('gearshift')}"
    assert all((type(one["created"]), one["object"]) == (int, "model") for one in found["data"])


@pytest.mark.parametrize("name", ALL)
async def test_each_of_them_alone(planes, name):
    plane = await planes(MODELS)
    assert (await plane.json(f"/v1/models/{name}"))["id"] == name


@pytest.mark.parametrize("name", ["auto", "simple", "phi3", "org/phi4"])
async def test_a_name_and_its_latest_are_the_same(planes, name):
    plane = await planes(["phi3:latest", "org/phi4"])
    ids = {(await plane.json(f"/v1/models/{name}{tag}"))["id"] for tag in ("", ":latest")}
    assert len(ids) == 1


@pytest.mark.parametrize("name", ["nobody", "x" * 300, "gemma2:2b/x"])
async def test_one_that_there_is_not(planes, name):
    response = await (await planes()).ask(f"/v1/models/{name}")
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert len(error["message"]) < 250


async def test_a_key_sees_what_it_may_use(planes):
    key = {"name": "app", "key": "a-key-of-some-length", "tiers": ["simple"]}
    plane = await planes(MODELS, auth={"api_keys": [key]})
    headers = {"host": "localhost", "authorization": "Bearer a-key-of-some-length"}

    async def asked(path):
        return await plane.handle(HttpRequest("GET", path, headers))

    names = [one["id"] for one in json.loads((await asked("/v1/models")).body)["data"]]
    assert "simple" in names
    assert "complex" not in names
    assert "mistral:7b-instruct" not in names
    assert (await asked("/v1/models/mistral:7b-instruct")).status == 404
