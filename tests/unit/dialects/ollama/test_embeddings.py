"""Ollama's embeddings, in both of its ways: what is read, refused, sent on and written."""

import orjson
import pytest
from tests.unit.dialects.test_vectors import packed

from gearshift.dialects.ollama.embeddings import OllamaEmbeddings
from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.errors import FailureKind, RequestError, UntranslatableError, UpstreamError
from gearshift.types import Chunk, EmbeddingResponse, Frame, Operation, Usage

OURS = OllamaEmbeddings()
OPENAI = OpenAIEmbeddings()
OLDER = Operation.PROMPT_EMBEDDING


def parsed(operation=Operation.EMBEDDING, **body):
    return OURS.parse(operation, orjson.dumps(body))


def of_openai(**body):
    return OPENAI.parse(Operation.EMBEDDING, orjson.dumps(body))


@pytest.mark.parametrize(
    ("operation", "body", "inputs"),
    [
        (Operation.EMBEDDING, {"input": "a"}, ["a"]),
        (Operation.EMBEDDING, {"input": ["a", ""]}, ["a", ""]),
        (Operation.EMBEDDING, {"Input": ["a"], "Model": "m"}, ["a"]),
        (OLDER, {"prompt": "a"}, ["a"]),
        *((Operation.EMBEDDING, body, []) for body in ({}, {"input": ""}, {"input": []})),
        *((OLDER, body, []) for body in ({}, {"prompt": ""}, {"prompt": None, "input": "a"})),
    ],
)
def test_without_input_the_model_is_loaded(operation, body, inputs):
    request = parsed(operation, **body)
    assert request.inputs == inputs
    assert request.loads_model is not bool(inputs)


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        (Operation.EMBEDDING, {"input": 7}, "input"),
        (Operation.EMBEDDING, {"input": ["a", 7]}, "input"),
        (Operation.EMBEDDING, {"input": [[1]]}, "input"),
        (Operation.EMBEDDING, {"input": "a", "truncate": "yes"}, "truncate"),
        (Operation.EMBEDDING, {"input": "a", "options": []}, "options"),
        (Operation.EMBEDDING, {"input": "a", "keep_alive": []}, "keep_alive"),
        (Operation.EMBEDDING, {"input": "a", "dimensions": "8"}, "dimensions"),
        (OLDER, {"prompt": ["a"]}, "prompt"),
        (OLDER, {"model": 7, "prompt": "a"}, "model"),
    ],
)
def test_bad_input_names_the_field(operation, body, field):
    with pytest.raises(RequestError) as caught:
        parsed(operation, **body)
    assert (caught.value.status, caught.value.field) == (400, field)


def test_own_bytes_pass_but_for_the_model():
    raw = b'{"model":"auto","input":"a", "truncate": false,"keep_alive":"5m","y":1}'
    request = OURS.parse(Operation.EMBEDDING, raw)
    assert OURS.upstream_body(request, "m") == raw.replace(b"auto", b"m")
    assert OURS.path(request) == "/api/embed"
    assert OURS.path(parsed(OLDER, prompt="a")) == "/api/embeddings"


def test_dimensions_below_one_and_of_the_older_way_say_nothing():
    assert parsed(input="a", dimensions=8).dimensions == 8
    assert parsed(input="a", dimensions=0).dimensions is None
    assert parsed(input="a", dimensions=-1).dimensions is None
    assert parsed(OLDER, prompt="a", dimensions=8).dimensions is None


def test_a_request_of_openai_in_ollamas_words():
    request = of_openai(input=["a"], dimensions=4, user="u", encoding_format="base64")
    assert orjson.loads(OURS.upstream_body(request, "m")) == {
        "model": "m", "input": ["a"], "dimensions": 4,
    }  # fmt: skip
    request = of_openai(input="a", truncate=False, keep_alive="1h")
    sent = orjson.loads(OURS.upstream_body(request, "m"))
    assert sent == {"model": "m", "input": ["a"], "truncate": False, "keep_alive": "1h"}
    assert OURS.path(request) == "/api/embed"


def test_token_ids_have_no_words_in_ollamas_dialect():
    with pytest.raises(UntranslatableError, match="token ids"):
        OURS.upstream_body(of_openai(input=[1, 2]), "m")


def test_answers_of_both_ways_are_read():
    raw = b'{"model":"m","embeddings":[[1],[2]],"load_duration":1500000000,"prompt_eval_count":5}'
    response = OURS.decode_response(parsed(input=["a", "b"]), raw)
    assert response.vectors == (b"[1]", b"[2]")
    chunk = Chunk(usage=Usage(5), model="m", load_seconds=1.5)
    assert response.frame == Frame(raw, chunk, is_end=True)
    response = OURS.decode_response(parsed(OLDER, prompt="a"), b'{"embedding":[1]}')
    assert response.vectors == (b"[1]",)
    assert response.frame.chunk == Chunk()


@pytest.mark.parametrize(
    ("operation", "raw"),
    [
        (Operation.EMBEDDING, b"{}"),
        (Operation.EMBEDDING, b'{"embeddings":[]}'),
        (Operation.EMBEDDING, b'{"embeddings":[[1],[2]]}'),
        (Operation.EMBEDDING, b'{"embedding":[1]}'),
        (OLDER, b'{"embedding":[]}'),
        (OLDER, b'{"embeddings":[[1]]}'),
        (OLDER, b'{"error":"answer is late"}'),
    ],
)
def test_what_is_no_answer_is_a_failure(operation, raw):
    with pytest.raises(ValueError, match="answer"):
        OURS.decode_response(parsed(operation, input="a", prompt="a"), raw)


def test_an_answer_tells_times_that_are_never_0():
    chunk = Chunk(usage=Usage(7), load_seconds=0.25)
    response = EmbeddingResponse(Frame(b"", chunk), (b"[0.5]", packed(1)))
    written = OURS.encode_response(parsed(input=["a", "b"]), response, "m", 2.0)
    assert orjson.loads(written) == {
        "model": "m",
        "embeddings": [[0.5], [1.0]],
        "total_duration": 2_000_000_000,
        "load_duration": 250_000_000,
        "prompt_eval_count": 7,
    }
    bare = EmbeddingResponse(Frame(b""), (b"[0.5]",))
    written = orjson.loads(OURS.encode_response(parsed(input="a"), bare, "m", 0.0))
    assert (written["total_duration"], written["load_duration"]) == (1, 1)
    older = OURS.encode_response(parsed(OLDER, prompt="a"), bare, "m", 0.0)
    assert older == b'{"embedding":[0.5]}'


def test_nothing_is_left_out():
    error = UpstreamError("dimensions", fault=FailureKind.REJECTED, status=400)
    assert not OURS.refused(of_openai(input="a"), error)
