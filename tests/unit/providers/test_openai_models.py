"""What the lists of many kinds of servers say of their models."""

import json

import pytest

from gearshift.providers.openai_models import described, kind_of, read_models
from gearshift.types import ModelInfo


def read(*entries):
    found = read_models(json.dumps({"object": "list", "data": list(entries)}).encode())
    assert found is not None
    return found


@pytest.mark.parametrize("body", [b"", b"<html>", b"[", b"7", b'{"error":{"message":"no"}}', b"{}"])
def test_what_is_no_list(body):
    assert read_models(body) is None


def test_an_empty_list_is_one():
    assert read() == ()


def test_sizes_and_contexts_as_servers_tell_them():
    meta = {"n_params": 7_000_000_000, "size": 4_000, "n_ctx_train": 32_768}
    (llama,) = read({"id": "m", "meta": meta})
    assert (llama.parameters, llama.size_bytes, llama.context_length) == (7e9, 4_000, 32_768)
    assert llama.is_resident is True
    (started,) = read({"id": "m", "meta": {**meta, "n_ctx": 4096}})
    assert started.context_length == 4096
    (vllm,) = read({"id": "m", "max_model_len": 8192})
    assert vllm.context_length == 8192


@pytest.mark.parametrize("meta", [None, [], "x", {"n_params": -1, "size": "big", "n_ctx": 0}])
def test_what_is_no_number_is_not_known(meta):
    (info,) = read({"id": "m", "meta": meta})
    assert (info.parameters, info.size_bytes, info.context_length) == (None, None, None)


@pytest.mark.parametrize(
    ("entry", "aliases"),
    [
        ({"id": "m", "aliases": ["m-latest", "", 7]}, ("m-latest",)),
        ({"id": "m", "aliases": "x"}, ()),
        ({"id": "a/m", "canonical_slug": "a/m-2025"}, ("a/m-2025",)),
        ({"id": "models/gemini"}, ("gemini",)),
        ({"id": "m"}, ()),
    ],
)
def test_other_names_for_a_model(entry, aliases):
    (info,) = read(entry)
    assert info.aliases == aliases
    assert info.details == entry


@pytest.mark.parametrize(
    ("owners", "kind"), [(["vllm", "vllm"], "vllm"), (["vllm", "me"], ""), ([], "")]
)
def test_whose_server_it_is(owners, kind):
    listed = read(*({"id": f"m{n}", "owned_by": owner} for n, owner in enumerate(owners)))
    assert kind_of(listed) == kind


def test_one_that_is_not_listed_is_only_a_name():
    listed = read({"id": "m", "max_model_len": 5})
    assert described("m", listed) is listed[0]
    assert described("n", listed) == ModelInfo("n")
