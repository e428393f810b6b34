import orjson
import pytest

from gearshift.dialects.refusals import EXTRAS, refused_fields
from gearshift.errors import FailureKind, UpstreamError
from gearshift.types import ChatRequest, Operation

SENT = {"top_k": 1, "min_p": 0.1, "temperature": 0.5, "stop": ["x"], "seed": 1, "max_tokens": 9}
SENT_EXTRAS = {"top_k", "min_p"}


def refused(words, *, status=400, fault=FailureKind.REJECTED, stream=False):
    messages = [{"role": "user", "content": "hi"}]
    request = ChatRequest(
        "ollama", Operation.CHAT, "auto", messages, stream=stream, options={**SENT, "tools": []}
    )
    body = words if isinstance(words, bytes) else orjson.dumps({"error": {"message": words}})
    said = words.decode() if isinstance(words, bytes) else words
    error = UpstreamError(f"{status}: {said}", fault=fault, status=status, body=body)
    return refused_fields(request, error)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Unrecognized request argument supplied: top_k", SENT_EXTRAS),
        ("Unrecognized request arguments supplied: min_p, top_k", SENT_EXTRAS),
        ('Unknown name "top_k": Cannot find field.', SENT_EXTRAS),
        ("extraneous key [top_k] is not permitted", SENT_EXTRAS),
        ("Model x does not support parameter topK.", SENT_EXTRAS),
        ("unknown field `min_p`, expected one of `temperature`, `stop`", SENT_EXTRAS),
        ("Unsupported parameter: 'stop' is not supported with this model.", {"stop"}),
        ("Unsupported value: 'temperature' does not support 0.5", {"temperature"}),
        ("property 'seed' is unsupported", {"seed"}),
        ("'max_tokens' is not supported. Use 'max_completion_tokens' instead.", {"max_tokens"}),
        ("'max_completion_tokens' is not supported", {"max_completion_tokens"}),
        (b'{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"input":1}]}', {"seed"}),
        ("Please stop: this is not supported", SENT_EXTRAS),  # names nothing
        ("something is wrong", SENT_EXTRAS),
        ("temperature must be at most 2", SENT_EXTRAS),
        ("Unsupported parameter: 'tools'", SENT_EXTRAS),
    ],
)
def test_what_is_left_out_by_an_upstreams_words(words, names):
    assert refused(words) == names


@pytest.mark.parametrize(
    "words",
    ["Bad Request", "", "参数有误: reasoning_effort", "logprobs is not a permitted parameter"],
)
def test_what_few_models_take_is_left_out_when_words_do_not_help(words):
    message = {"role": "user", "content": "hi"}
    sent = {"reasoning_effort": "high", "logprobs": True, "top_logprobs": 2, "seed": 1}
    request = ChatRequest("ollama", Operation.CHAT, "auto", [message], options=sent)
    error = UpstreamError(words, fault=FailureKind.REJECTED, status=400, body=words.encode())
    named = {name for name in sent if name in words}
    assert refused_fields(request, error) >= named
    assert refused_fields(request, error) <= set(sent) - {"seed"}
    assert refused_fields(request, error)


@pytest.mark.parametrize("status", [401, 429, 500, 503, None])
def test_other_failures_refuse_no_field(status):
    assert not refused("Unknown parameter: 'top_k'", status=status)


def test_a_404_may_be_of_a_field_or_of_the_path():
    assert refused("Unknown parameter: 'top_k'", status=404) == SENT_EXTRAS
    assert not refused("404 page not found", status=404, fault=FailureKind.FAILED)


def test_a_model_that_is_not_up_to_it_refuses_no_field():
    assert not refused("this model's context length is 10", fault=FailureKind.INCAPABLE)
    assert refused("'seed' is not supported", fault=FailureKind.INCAPABLE) == {"seed"}


def test_what_was_added_without_being_asked_for_goes_first():
    assert "stream_options" in EXTRAS
    assert "stream_options" in refused("bad request", stream=True)


def test_any_bytes_are_words():
    assert refused(b"\xff\xfe".decode("latin-1").encode()) == SENT_EXTRAS
