"""Embeddings as a Python program asks for them and gets them."""

import pytest

from gearshift.client.embeddings import embedding_request, embeddings_of
from gearshift.errors import RequestError
from gearshift.types import (
    Cause,
    ChatResponse,
    Chunk,
    Decision,
    EmbeddingResponse,
    Frame,
    Usage,
)

DECISION = Decision(
    "dec-1", 0.0, "embeddings", "m", "u", "openai", None, {}, {}, "why", Cause.FORCED,
    "none", "", 3.0, "hash",
)  # fmt: skip


def test_a_request_is_what_an_openai_client_would_send():
    request = embedding_request(("a", "b"), model="m", options={"dimensions": 4})
    assert (request.dialect, request.model, request.dimensions) == ("openai", "m", 4)
    assert request.inputs == ["a", "b"]
    assert request.body == {"dimensions": 4, "model": "m", "input": ["a", "b"]}
    assert embedding_request("a").inputs == ["a"]
    assert embedding_request("a").model == "auto"


@pytest.mark.parametrize(("inputs", "words"), [([], "empty"), ([object()], "JSON"), ("", "empty")])
def test_what_a_client_could_not_send_is_refused(inputs, words):
    with pytest.raises(RequestError, match=words):
        embedding_request(inputs)


@pytest.mark.parametrize(("chunk", "usage"), [(Chunk(usage=Usage(3)), Usage(3)), (None, None)])
def test_vectors_are_lists_of_numbers(chunk, usage):
    answer = EmbeddingResponse(Frame(b"", chunk), (b"[1,2.5]", "AACAPw=="))
    found = embeddings_of(ChatResponse(DECISION, "openai", answer))
    assert found.vectors == [[1, 2.5], [1.0]]
    assert (found.model, found.usage, found.decision) == ("m", usage, DECISION)
