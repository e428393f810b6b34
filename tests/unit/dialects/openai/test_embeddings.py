"""OpenAI's embeddings: what is read, refused, sent on and written."""

import orjson
import pytest
from tests.unit.dialects.test_vectors import packed

from gearshift.dialects.ollama.embeddings import OllamaEmbeddings
from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import Chunk, EmbeddingResponse, Frame, Operation, Usage

OURS = OpenAIEmbeddings()
OLLAMA = OllamaEmbeddings()


def parsed(**body):
    return OURS.parse(Operation.EMBEDDING, orjson.dumps(body))


def answer(*vectors, **more):
    data = [{"embedding": v, "index": n} for n, v in enumerate(vectors)]
    return orjson.dumps({"object": "list", "data": data, "model": "m", **more})


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([1, 2], [[1, 2]]),
        ([1.0, 2], [[1.0, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        (" ", [" "]),
    ],
)
def test_every_form_of_input(given, inputs):
    request = parsed(input=given, model="m", dimensions=8, encoding_format="base64", user="u")
    assert request.inputs == inputs
    assert (request.model, request.dimensions, request.encoding) == ("m", 8, "base64")
    assert (request.stream, request.loads_model, request.messages) == (False, False, ())


def test_nothing_said_is_the_default():
    request = parsed(input="a", model=None, dimensions=None, encoding_format=None, user=None)
    assert (request.model, request.dimensions, request.encoding) == ("auto", None, "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": ["a", ""]}, "input.1"),
        ({"input": ["a", 1]}, "input.1"),
        ({"input": ["a", None]}, "input.1"),
        ({"input": [1, "a"]}, "input.0"),
        ({"input": [True]}, "input.0"),
        ({"input": [1.5]}, "input.0"),
        ({"input": [[1], []]}, "input.1"),
        ({"input": [[1], ["a"]]}, "input.1"),
        ({"input": [{"text": "a"}]}, "input.0"),
        ({"input": "a", "model": 7}, "model"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": 1.5}, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "a", "user": 7}, "user"),
    ],
)
def test_bad_input_names_the_field(body, field):
    with pytest.raises(RequestError) as caught:
        parsed(**body)
    assert (caught.value.status, caught.value.field) == (400, field)


def test_as_many_tokens_as_openai_takes_are_read_and_no_end_of_them_is_not():
    assert len(parsed(input=[[1] * 100_000] * 3).inputs) == 3
    with pytest.raises(RequestError, match="too many JSON values") as caught:
        parsed(input=[1] * 500_000)
    assert caught.value.status == 413


def test_own_bytes_pass_but_for_the_model():
    raw = b'{ "input":["\\u00e4", "b"], "model":"auto", "x": 1.0}'
    request = OURS.parse(Operation.EMBEDDING, raw)
    assert OURS.upstream_body(request, "m") == raw.replace(b"auto", b"m")
    assert OURS.path(request) == "/embeddings"


def test_a_request_of_ollama_says_what_openai_has_words_for():
    body = {"input": ["a"], "dimensions": 4, "truncate": True, "keep_alive": 0, "options": {}}
    request = OLLAMA.parse(Operation.EMBEDDING, orjson.dumps(body))
    sent = orjson.loads(OURS.upstream_body(request, "m"))
    assert sent == {"model": "m", "input": ["a"], "dimensions": 4}
    older = OLLAMA.parse(Operation.PROMPT_EMBEDDING, b'{"prompt":"a","dimensions":4}')
    assert orjson.loads(OURS.upstream_body(older, "m")) == {"model": "m", "input": ["a"]}


def test_vectors_are_read_in_the_order_of_the_inputs():
    data = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    raw = orjson.dumps({"data": data, "model": "m", "usage": {"prompt_tokens": 5}})
    response = OURS.decode_response(parsed(input=["a", "b"]), raw)
    assert response.vectors == (b"[1]", b"[2]")
    assert response.frame == Frame(raw, Chunk(usage=Usage(5), model="m"), is_end=True)


@pytest.mark.parametrize("indices", [(0, 0), (None, 1), ("1", "0")])
def test_indices_that_are_none_do_not_count(indices):
    data = [{"index": i, "embedding": [n]} for n, i in enumerate(indices, 1)]
    response = OURS.decode_response(parsed(input=["a", "b"]), orjson.dumps({"data": data}))
    assert response.vectors == (b"[1]", b"[2]")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"data":{}}',
        b'{"data":[[1]]}',
        b'{"data":[]}',
        b'{"data":[{"embedding":[1]},{"embedding":[2]}]}',
        b'{"data":[{"embedding":null}]}',
        b'{"object":"error","message":"it broke"}',
    ],
)
def test_what_is_no_answer_is_a_failure(raw):
    with pytest.raises(ValueError, match=r"answer|broke"):
        OURS.decode_response(parsed(input="a"), raw)


@pytest.mark.parametrize(
    ("encoding", "vector", "is_other"),
    [("base64", [1.0], True), ("base64", packed(1), False), ("float", packed(1), True)],
)
def test_another_form_than_the_client_wants_is_written_anew(encoding, vector, is_other):
    request = parsed(input="a", encoding_format=encoding)
    response = OURS.decode_response(request, answer(vector))
    assert response.frame.is_other_shape is is_other
    written = orjson.loads(OURS.encode_response(request, response, "m", 0.0))
    wanted = packed(1) if encoding == "base64" else [1.0]
    assert written["data"] == [{"object": "embedding", "index": 0, "embedding": wanted}]


def test_an_answer_says_its_model_and_tokens():
    response = EmbeddingResponse(Frame(b"", Chunk(usage=Usage(7))), (b"[0.5]",))
    written = orjson.loads(OURS.encode_response(parsed(input="a"), response, "m", 0.0))
    assert written == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "model": "m",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
    without = EmbeddingResponse(Frame(b""), (b"[0.5]",))
    written = orjson.loads(OURS.encode_response(parsed(input="a"), without, "m", 0.0))
    assert written["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


def refusal(message, status=400):
    return UpstreamError(message, fault=FailureKind.REJECTED, status=status)


def test_a_server_with_one_form_is_asked_without_the_other():
    request = parsed(input="a", model="auto", encoding_format="base64", user="u")
    refused = OURS.refused(request, refusal("encoding_format: only 'float' is supported"))
    assert refused == {"encoding_format"}
    sent = orjson.loads(OURS.upstream_body(request, "m", refused))
    assert sent == {"model": "m", "input": "a", "user": "u"}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"encoding_format": "base64"}, refusal("dimensions is too large")),
        ({"encoding_format": "base64"}, refusal("base64", 500)),
        ({}, refusal("encoding_format")),
    ],
)
def test_other_refusals_are_the_clients_business(body, error):
    assert not OURS.refused(parsed(input="a", **body), error)
