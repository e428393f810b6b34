"""What holds for every dialect of clients and upstreams, and for every two of them."""

import itertools
from typing import Any

import orjson
import pytest
from tests.fakes.asking import USER, parsed_by, sent_by

from gearshift import registry
from gearshift.dialects.loading import client_dialects, upstream_dialects
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import CHAT_OPERATIONS, ChatRequest, Operation

CLIENTS = client_dialects()
UPSTREAMS = upstream_dialects(registry.named("upstream_dialects"))
BOTH = [name for name in CLIENTS if name in UPSTREAMS]
REFUSAL = RequestError("no")
EXTRA: dict[str, Any] = {"options": {"seed": 8}, "keep_alive": "5m", "user": "me"}


@pytest.mark.parametrize(("client", "upstream"), [*itertools.product(BOTH, repeat=2)])
def test_an_upstreams_refusal_passes_unchanged_or_in_the_shape_of_the_client(client, upstream):
    said = CLIENTS[upstream].write_error(RequestError("bad top_p"))[2].replace(b'":', b'" : ')
    error = UpstreamError("422: bad", fault=FailureKind.REJECTED, status=422, body=said)
    status, headers, body = CLIENTS[client].write_error(error)
    assert status == 422
    assert "Retry-After" not in headers
    if client == upstream:
        assert body == said
    else:
        told, shape = (orjson.loads(CLIENTS[client].write_error(e)[2]) for e in (error, REFUSAL))
        assert type(told["error"]) is type(shape["error"])
        assert b"bad top_p" in body


@pytest.mark.parametrize("name", BOTH)
def test_changed_messages_are_written_with_the_rest_of_the_body(name):
    request = parsed_by(CLIENTS[name], messages=[{"role": "user", "content": "old"}], **EXTRA)
    changed = ChatRequest(
        name, Operation.CHAT, "auto", [USER], options=request.options, body=request.body
    )
    sent = orjson.loads(UPSTREAMS[name].upstream_body(changed, "m"))
    assert sent.pop("stream", False) is False
    body = {name: value for name, value in request.body.items() if name != "stream"}
    assert sent == {**body, "model": "m", "messages": [USER]}
    assert EXTRA.items() <= sent.items()


@pytest.mark.parametrize(("client", "upstream"), [*itertools.product(BOTH, repeat=2)])
@pytest.mark.parametrize("operation", CHAT_OPERATIONS)
def test_what_is_asked_is_asked_of_every_upstream(client, upstream, operation):
    words = {"prompt": "hi"} if operation is Operation.COMPLETION else {}
    sent = sent_by(UPSTREAMS[upstream], CLIENTS[client], operation, **words)
    assert sent["model"] == "m"
    assert sent.get("prompt") == "hi" or sent["messages"] == [USER]


@pytest.mark.parametrize("client", BOTH)
def test_a_chat_with_messages_loads_nothing_and_has_no_prompt_to_be_templated(client):
    request = parsed_by(CLIENTS[client])
    assert (request.loads_model, request.is_templated) == (False, False)
