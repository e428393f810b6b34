"""What is read of a request that changes models is what is sent on."""

import json

import pytest

from gearshift.dialects.ollama.changes import Change, read_change
from gearshift.errors import RequestError

WITH_PROGRESS = (Change.PULL, Change.PUSH, Change.CREATE)


def read(kind, **body):
    return read_change(kind, json.dumps(body).encode())


@pytest.mark.parametrize("kind", [kind for kind in Change if kind is not Change.COPY])
@pytest.mark.parametrize(
    "body",
    [
        {"model": "m"},
        {"name": "m"},
        {"model": "m", "name": "other"},
        {"model": "", "name": "m"},
        {"model": None, "name": "m"},
        {"MODEL": "m"},
        {"Name": "m"},
    ],
)
def test_a_model_is_named_in_either_way(kind, body):
    change = read(kind, **body)
    assert (change.model, change.names) == ("m", ("m",))
    sent = json.loads(change.written())
    assert (sent.get("model") or sent["name"]) == "m"


@pytest.mark.parametrize("kind", Change)
@pytest.mark.parametrize(("stream", "wants"), [(None, True), (True, True), (False, False)])
def test_progress_is_asked_for_wherever_there_is_some(kind, stream, wants):
    named = {"source": "m", "destination": "n"} if kind is Change.COPY else {"model": "m"}
    change = read(kind, **named, stream=stream)
    has_progress = kind in WITH_PROGRESS
    assert change.has_progress is has_progress
    assert change.wants_stream is (has_progress and wants)
    assert json.loads(change.written())["stream"] is (True if has_progress else stream)


def test_a_copy_names_two_models():
    change = read(Change.COPY, source="a", destination="b")
    assert (change.model, change.names) == ("a", ("a", "b"))


def test_a_new_model_may_have_a_base():
    assert read(Change.CREATE, model="m", **{"from": "b"}).base == "b"
    assert read(Change.CREATE, model="m", files={}).base == ""
    assert read(Change.PULL, model="m", **{"from": "b"}).base == ""


def test_what_is_not_read_is_sent_on_as_it_is():
    body = {"model": "m", "parameters": {"Temperature": 1.0}, "files": {"A.gguf": "sha256:x"}}
    more = {"messages": [{"role": "user", "content": "hi"}], "later": [1]}
    assert json.loads(read(Change.CREATE, **body, **more).written()) == {
        **body,
        **more,
        "stream": True,
    }


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        (Change.PULL, {}, "model"),
        (Change.PULL, {"model": ""}, "model"),
        (Change.PULL, {"model": 7}, "model"),
        (Change.PULL, {"name": ["m"]}, "name"),
        (Change.PUSH, {"model": "m", "stream": "no"}, "stream"),
        (Change.DELETE, {"name": None}, "model"),
        (Change.COPY, {"source": "a"}, "destination"),
        (Change.COPY, {"destination": "a"}, "source"),
        (Change.COPY, {"source": {}, "destination": "a"}, "source"),
        (Change.CREATE, {"model": "m", "from": 1}, "from"),
        (Change.CREATE, {"model": "m", "files": []}, "files"),
        (Change.CREATE, {"model": "m", "license": [1]}, "license"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(kind, body, field):
    with pytest.raises(RequestError) as caught:
        read_change(kind, json.dumps(body).encode())
    assert (caught.value.status, caught.value.field) == (400, field)
