"""What a probe has found, written and read; and nothing that is anything else."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.pipeline.findings import decode, encode
from gearshift.types import Capability, ModelInfo, UpstreamState

MODEL = ModelInfo(
    "m:1",
    7,
    8,
    9,
    frozenset({Capability.TOOLS, Capability.VISION}),
    is_resident=True,
    loaded_context=10,
    details={"digest": "sha", "details": {"families": ["a"]}},
    aliases=("x*",),
)
STATE = UpstreamState(
    is_reachable=True, models=(MODEL, ModelInfo("n")), version="1", missing=frozenset({"b", "a"})
)


@pytest.mark.parametrize(
    "state",
    [
        STATE,
        UpstreamState(False, detail="refused"),
        UpstreamState(True, is_loading=True),
        UpstreamState(True, lists_models=False),
        UpstreamState(True, refuses_key=True),
        UpstreamState(True, models=(ModelInfo("m", is_resident=False, parameters=0),)),
    ],
)
def test_what_is_written_is_read(state):
    assert decode(encode(state)) == state
    assert encode(decode(encode(state)) or state) == encode(state)


def without(name):
    return {key: value for key, value in orjson.loads(encode(STATE)).items() if key != name}


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"junk",
        b"[]",
        b"7",
        orjson.dumps(without("models")),
        orjson.dumps({**without(""), "models": [7]}),
        orjson.dumps({**without(""), "models": [{"name": "m"}]}),
        orjson.dumps({**without(""), "is_reachable": "yes"}),
        orjson.dumps({**without(""), "missing": [1]}),
        orjson.dumps({**without(""), "version": 1}),
    ],
)
def test_what_is_something_else_is_none(junk):
    assert decode(junk) is None


@pytest.mark.parametrize(
    "junk",
    [
        {"name": 1},
        {"parameters": "7"},
        {"size_bytes": True},
        {"context_length": 1.5},
        {"loaded_context": [1]},
        {"capabilities": ["to fly"]},
        {"is_resident": "yes"},
        {"details": ["a"]},
        {"aliases": [1]},
    ],
    ids=repr,
)
def test_of_a_model_that_is_something_else_the_whole_is_none(junk):
    (known, _) = without("")["models"]
    model = orjson.dumps({**without(""), "models": [{**known, **junk}]})
    assert decode(model) is None


@given(st.binary())
def test_no_bytes_are_a_surprise(value):
    assert decode(value) is None


def test_only_what_a_state_has_is_written():
    with pytest.raises(TypeError):
        encode(UpstreamState(True, models=(ModelInfo("m", details={"a": object()}),)))
