"""What is read of a request that changes models is what is sent on."""

import json

import pytest

from gearshift.dialects.ollama.changes import ChangeKind, read_change
from gearshift.errors import RequestError

WITH_PROGRESS = (ChangeKind.PULL, ChangeKind.PUSH, ChangeKind.CREATE)


def read(kind, **body):
    return read_change(kind, json.dumps(body).encode())


@pytest.mark.parametrize("kind", [kind for kind in ChangeKind if kind is not ChangeKind.COPY])
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


@pytest.mark.parametrize("kind", ChangeKind)
@pytest.mark.parametrize(("stream", "wants"), [(None, True), (True, True), (False, False)])
def test_progress_is_asked_for_wherever_there_is_some(kind, stream, wants):
    named = {"source": "m", "destination": "n"} if kind is ChangeKind.COPY else {"model": "m"}
    change = read(kind, **named, stream=stream)
    has_progress = kind in WITH_PROGRESS
    assert change.has_progress is has_progress
    assert change.wants_stream is (has_progress and wants)
    assert json.loads(change.written())["stream"] is (True if has_progress else stream)


def test_a_copy_names_two_models():
    change = read(ChangeKind.COPY, source="a", destination="b")
    assert (change.model, change.names) == ("a", ("a", "b"))


def test_a_new_model_may_have_a_base():
    assert read(ChangeKind.CREATE, model="m", **{"from": "b"}).base == "b"
    assert read(ChangeKind.CREATE, model="m", files={}).base == ""
    assert read(ChangeKind.PULL, model="m", **{"from": "b"}).base == ""


def test_what_is_not_read_is_sent_on_as_it_is():
    body = {"model": "m", "parameters": {"Temperature": 1.0}, "files": {"A.gguf": "sha256:x"}}
    more = {"messages": [{"role": "user", "content": "hi"}], "later": [1]}
    assert json.loads(read(ChangeKind.CREATE, **body, **more).written()) == {
        **body,
        **more,
        "stream": True,
    }


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        (ChangeKind.PULL, {}, "model"),
        (ChangeKind.PULL, {"model": ""}, "model"),
        (ChangeKind.PULL, {"model": 7}, "model"),
        (ChangeKind.PULL, {"name": ["m"]}, "name"),
        (ChangeKind.PUSH, {"model": "m", "stream": "no"}, "stream"),
        (ChangeKind.DELETE, {"name": None}, "model"),
        (ChangeKind.COPY, {"source": "a"}, "destination"),
        (ChangeKind.COPY, {"destination": "a"}, "source"),
        (ChangeKind.COPY, {"source": {}, "destination": "a"}, "source"),
        (ChangeKind.CREATE, {"model": "m", "from": 1}, "from"),
        (ChangeKind.CREATE, {"model": "m", "files": []}, "files"),
        (ChangeKind.CREATE, {"model": "m", "license": [1]}, "license"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(kind, body, field):
    with pytest.raises(RequestError) as caught:
        read_change(kind, json.dumps(body).encode())
    assert (caught.value.status, caught.value.field) == (400, field)
