"""What an OpenAI-compatible upstream tells of itself, and how requests reach it."""

import dataclasses
import time

import orjson
import pytest
from tests.fakes.upstream import WORDS, FaultUpstream

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.dialects.tool_calls import accepted_id
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.topology import is_listed
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Operation

PATIENT = Deadlines(20, first_token_seconds=20, idle_seconds=20, total_seconds=40)
KEY = "sk-very-secret"


def request(*, stream: bool, dialect: str = "ollama") -> ChatRequest:
    messages = [{"role": "user", "content": "hi"}]
    return ChatRequest(dialect, Operation.CHAT, "auto", messages, stream=stream)


@pytest.fixture
async def upstream():
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def provider(upstream):
    config = UpstreamConfig("u", "openai", f"{upstream.url}/v1", api_key=KEY)
    provider = OpenAICompatibleProvider(config, PATIENT)
    yield provider
    await provider.aclose()


async def text(stream) -> str:
    said = ""
    while (frame := await stream.read()) is not None:
        said += frame.chunk.content if frame.chunk else ""
    return said


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_and_the_key_that_paid_for_it(provider, upstream, stream):
    frames = await provider.send(request(stream=stream), "m")
    assert await text(frames) == "".join(WORDS)
    await frames.aclose()
    (asked,) = upstream.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.json["model"] == "m"


async def test_the_key_is_in_no_message_and_no_repr(provider, upstream):
    assert KEY not in repr(UpstreamConfig("u", "openai", "http://h/v1", api_key=KEY))
    for fault in ("unauthorised", "reset", "garbage", "html", "failed", "echoes_key"):
        upstream.fault = fault
        with pytest.raises(UpstreamError) as caught:
            await provider.send(request(stream=False), "m")
        assert KEY not in str(caught.value)
        assert KEY not in repr(caught.value)
        assert KEY.encode() not in caught.value.body


async def test_models_are_asked_for_unless_the_operator_names_them(upstream, provider):
    state = await provider.probe()
    assert [info.name for info in state.models] == ["gemma2:2b", "mistral:7b-instruct"]
    config = UpstreamConfig("u", "openai", f"{upstream.url}/v1", models=("own",))
    declared = OpenAICompatibleProvider(config, PATIENT)
    state = await declared.probe()
    await declared.aclose()
    assert [info.name for info in state.models] == ["own"]


async def test_the_first_token_has_a_deadline_of_its_own(upstream):
    upstream.fault = "stall_after_head"
    provider = OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", f"{upstream.url}/v1"),
        dataclasses.replace(PATIENT, first_token_seconds=0.3),
    )
    started = time.monotonic()
    with pytest.raises(UpstreamError) as caught:
        await provider.send(request(stream=True), "m")
    assert caught.value.fault is FailureKind.TIMEOUT
    assert time.monotonic() - started < PATIENT.idle_seconds
    await provider.aclose()


async def test_strict_templates_get_folded_messages_from_then_on(upstream, provider):
    upstream.fault = "strict_template"
    system = {"role": "system", "content": "Be brief."}
    strict = ChatRequest(
        "openai", Operation.CHAT, "auto", [system, {"role": "user", "content": "hi"}]
    )
    for _ in range(2):
        frames = await provider.send(strict, "m")
        await frames.aclose()
    roles = [[m["role"] for m in asked.json["messages"]] for asked in upstream.asked]
    assert roles == [["system", "user"], ["user"], ["user"]]


async def test_a_connection_that_was_closed_meanwhile_is_replaced(provider, upstream):
    for _ in range(3):  # the fake closes after every answer
        frames = await provider.send(request(stream=False), "m")
        await frames.aclose()
    assert len(upstream.asked) == 3


async def test_a_server_that_ignores_names_is_not_asked_for_a_model_it_has_not(upstream, provider):
    upstream.owner = "llamacpp"
    await provider.probe()
    with pytest.raises(UpstreamError) as caught:
        await provider.send(request(stream=False), "another")
    assert caught.value.fault is FailureKind.MISSING_MODEL
    frames = await provider.send(request(stream=False), "gemma2:2b")
    await frames.aclose()
    assert len(upstream.asked) == 1


async def test_what_another_process_has_found_counts_as_probed(upstream, provider):
    upstream.owner = "llamacpp"
    other = probed(upstream)
    provider.inform(await other.probe())
    with pytest.raises(UpstreamError) as caught:
        await provider.send(request(stream=False), "another")
    assert caught.value.fault is FailureKind.MISSING_MODEL
    assert not upstream.asked
    await other.aclose()


async def test_silence_before_the_first_content_is_not_yet_idleness(upstream):
    upstream.fault, upstream.pause_seconds = "slow_first", 0.8
    deadlines = dataclasses.replace(PATIENT, idle_seconds=0.4)
    provider = OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", f"{upstream.url}/v1"), deadlines
    )
    frames = await provider.send(request(stream=True), "m")
    assert await text(frames) == "".join(WORDS)
    await frames.aclose()
    await provider.aclose()


async def test_nothing_is_waited_for_after_the_end_mark(provider, upstream):
    upstream.fault = "chatty_end"
    frames = await provider.send(request(stream=True), "m")
    started = time.monotonic()
    assert await text(frames) == "".join(WORDS)
    await frames.aclose()
    assert time.monotonic() - started < PATIENT.idle_seconds
    await upstream.idle.wait()


def probed(upstream, **more):
    base_url = f"{upstream.url}/v1"
    return OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", base_url, api_key=KEY, **more), PATIENT
    )


async def test_of_an_unknown_server_nothing_is_asked_but_its_list_and_that_seldom(upstream):
    provider = probed(upstream)
    states = [await provider.probe() for _ in range(5)]
    await provider.aclose()
    assert states == states[:1] * 5
    assert [asked.path for asked in upstream.received] == ["/v1/models"]


# --- what it says of its models, or does not


EMPTY, PAGE = b'{"object":"list","data":[]}', b"<!doctype html><title>hello</title>"


@pytest.mark.parametrize(
    ("status", "body", "is_reachable", "lists", "refuses"),
    [
        (200, EMPTY, True, True, False),
        (200, PAGE, True, False, False),
        (200, b"{}", True, False, False),
        (200, b"", True, False, False),
        (200, b"OK", True, False, False),
        (200, b'{"data":null}', True, False, False),
        (204, b"", True, False, False),
        (301, b"", True, False, False),
        (400, b"{}", True, False, False),
        (404, b'{"detail":"Not Found"}', True, False, False),
        (404, PAGE, True, False, False),
        (405, b"", True, False, False),
        (410, b"", True, False, False),
        (422, b"", True, False, False),
        (429, b'{"error":{"message":"slow down"}}', True, False, False),
        (501, b"", True, False, False),
        (401, b'{"error":{"message":"bad key"}}', True, False, True),
        (403, b'{"error":"missing scope"}', True, False, True),
        (407, b"", True, False, True),
        (500, b"it broke", False, True, False),
        (502, b"", False, True, False),
        (504, b"", False, True, False),
        (521, b"", False, True, False),
    ],
)
async def test_what_each_answer_about_its_models_says(
    upstream, status, body, is_reachable, lists, refuses
):
    upstream.answers = {"/v1/models": (status, body)}
    provider = probed(upstream)
    state = await provider.probe()
    again = await provider.probe()
    await provider.aclose()
    assert (state.is_reachable, state.lists_models, state.refuses_key) == (
        is_reachable,
        lists,
        refuses,
    )
    assert (state.models, state.is_loading) == ((), False)
    assert again == state
    assert status == 200 or str(status) in state.detail
    asked = [one.path for one in upstream.received]
    assert asked == ["/v1/models"] * (1 if is_reachable else 2)


async def test_a_list_that_is_not_to_be_had_just_now_is_not_forgotten(upstream):
    provider = probed(upstream)
    first = await provider.probe()
    upstream.answers = {"/v1/models": (429, b"slow down")}
    provider._known = None
    state = await provider.probe()
    await provider.aclose()
    assert (state.models, state.lists_models) == (first.models, True)


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500, 503])
async def test_a_model_that_answers_is_there_whatever_the_list_says(upstream, status):
    upstream.answers = {"/v1/models": (status, b'{"data":[{"id":"other"}]}')}
    provider = probed(upstream)
    before = await provider.probe()
    assert "mine" not in [info.name for info in before.models]
    frames = await provider.send(request(stream=False), "mine")
    await frames.aclose()
    state = await provider.probe()
    assert "mine" in [info.name for info in state.models]
    assert (state.is_reachable, state.refuses_key, state.is_loading) == (True, False, False)
    upstream.fault = "missing_model"
    with pytest.raises(UpstreamError):
        await provider.send(request(stream=False), "mine")
    state = await provider.probe()
    assert "mine" not in [info.name for info in state.models]
    assert state.missing == {"mine"} or not state.is_reachable
    await provider.aclose()


async def test_what_was_refused_by_name_is_missing_until_the_list_changes(upstream, monkeypatch):
    upstream.fault = "missing_model"
    provider = probed(upstream)
    await provider.probe()
    with pytest.raises(UpstreamError):
        await provider.send(request(stream=False), "gemma2:2b")
    for _ in range(2):
        assert (await provider.probe()).missing == {"gemma2:2b"}
    upstream.models = ("gemma2:2b", "new")
    provider._known = None
    assert (await provider.probe()).missing == set()
    await provider.aclose()


@pytest.mark.parametrize("status", [401, 500])
async def test_who_says_what_there_is_needs_no_list_but_hears_of_a_refused_key(upstream, status):
    upstream.answers = {"/v1/models": (status, b'{"error":"who are you"}')}
    provider = probed(upstream, models=("own",))
    state = await provider.probe()
    await provider.aclose()
    assert (state.is_reachable, state.refuses_key) == (True, False)
    assert [info.name for info in state.models] == ["own"]
    assert ("api_key" in state.detail) == (status == 401)


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        (
            {"id": "mistral-small-2503", "aliases": ["mistral-small-latest", 7]},
            "mistral-small-latest",
        ),
        ({"id": "models/gemini-2.0-flash"}, "gemini-2.0-flash"),
        ({"id": "openai/*"}, "openai/gpt-4o"),
        ({"id": "*"}, "anything"),
    ],
)
async def test_other_names_that_the_list_gives_a_model(upstream, entry, names):
    upstream.documents = {"/v1/models": orjson.dumps({"data": [entry]})}
    provider = probed(upstream)
    (info,) = (await provider.probe()).models
    await provider.aclose()
    assert is_listed(names, info)
    assert is_listed(entry["id"], info)
    assert not is_listed("other/thing", info) or entry["id"] == "*"


@pytest.mark.parametrize("owner", ["openai", "sglang", "organization_owner", "library", ["vllm"]])
async def test_health_is_not_asked_where_it_might_cost_an_answer(upstream, owner):
    upstream.owner = owner
    provider = probed(upstream)
    await provider.probe()
    await provider.aclose()
    assert {asked.path for asked in upstream.received} == {"/v1/models"}


@pytest.mark.parametrize("owner", ["llamacpp", "vllm"])
async def test_where_it_is_known_to_be_free_it_is_asked_without_the_key(upstream, owner):
    upstream.owner = owner
    provider = probed(upstream)
    for _ in range(3):
        assert (await provider.probe()).is_reachable
    upstream.health_status = 503
    state = await provider.probe()
    assert (state.is_reachable, state.detail) == (False, "its /health answers 503")
    upstream.health_status = 200
    assert (await provider.probe()).is_reachable
    await provider.aclose()
    looked = [asked for asked in upstream.received if asked.path == "/health"]
    assert len(looked) == 6  # at the first sign of trouble once more, after the list
    assert all("authorization" not in asked.headers for asked in looked)


async def test_a_configured_path_is_asked_below_the_prefix(upstream):
    provider = OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", f"{upstream.url}/v1", health_path="/ready", models=("m",)),
        PATIENT,
    )
    upstream.health_status = 503  # of /health, which is not asked
    assert (await provider.probe()).is_reachable
    await provider.aclose()
    below = OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", f"{upstream.url}/team-a/v1", health_path="/ready"), PATIENT
    )
    await below.probe()
    await below.aclose()
    paths = [asked.path for asked in upstream.received]
    assert paths == ["/v1/models", "/ready", "/team-a/v1/models", "/team-a/ready"]


async def test_a_request_that_fails_has_the_next_probe_look_closely(upstream):
    provider = probed(upstream)
    await provider.probe()
    upstream.fault = "failed"
    with pytest.raises(UpstreamError):
        await provider.send(request(stream=False), "m")
    await provider.probe()
    await provider.aclose()
    assert [asked.path for asked in upstream.received if asked.method == "GET"] == [
        "/v1/models",
        "/v1/models",
    ]


async def test_a_server_that_is_gone_is_noticed_without_a_question(upstream):
    provider = probed(upstream)
    assert (await provider.probe()).is_reachable
    await upstream.__aexit__()
    assert not (await provider.probe()).is_reachable
    await provider.aclose()


@pytest.mark.parametrize(("size", "seconds"), [(0, 60), (100_000, 100), (10_000_000, 600)])
async def test_a_long_list_is_asked_for_less_often(upstream, monkeypatch, size, seconds):
    now = 1000.0
    monkeypatch.setattr("gearshift.providers.openai_compatible.time.monotonic", lambda: now)
    upstream.owner = "x" * (size // 2)  # two models
    provider = probed(upstream)
    for now in (1000.0, 1000.0 + seconds - 1, 1000.0 + seconds * 1.1 + 1):  # noqa: B007
        await provider.probe()
    await provider.aclose()
    assert len(upstream.received) == 2


@pytest.mark.parametrize("framing", [b"%s\n", b"data: %s\n", b"data: %s\r\r", b"data: %s\n\n"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_stream_in_any_framing_is_read_and_framed_for_the_client(
    provider, upstream, framing, stream
):
    deltas = [{"delta": {"content": word}} for word in WORDS]
    choices = [*deltas, {"delta": {}, "finish_reason": "stop"}]
    pieces = [orjson.dumps({"model": "m", "choices": [choice]}) for choice in choices]
    upstream.says = b"".join(framing % piece for piece in pieces)
    frames = await provider.send(request(stream=stream, dialect="openai"), "m")
    said, raw, shapes = "", b"", set()
    while (frame := await frames.read()) is not None:
        shapes.add(frame.is_other_shape)
        said, raw = said + (frame.chunk.content if frame.chunk else ""), raw + frame.raw
    assert said == "".join(WORDS)
    if stream:
        blocks = raw.replace(b"\r", b"\n").split(b"\n\n")
        assert [block.removeprefix(b"data: ") for block in blocks if block] == pieces
    assert shapes == {not stream}  # as it was not asked for: the gateway writes it anew


# --- what it does not take


def of_ollama(**settings: object) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": False, **settings}
    return OllamaDialect().parse(Operation.CHAT, orjson.dumps(body))


ALL_SETTINGS = {
    "think": False,
    "options": {"top_k": 40, "min_p": 0.05, "repeat_penalty": 1.1, "temperature": 0.5, "seed": 1},
}
EXTRAS = ("chat_template_kwargs", "top_k", "min_p", "repeat_penalty")


@pytest.mark.parametrize(
    "words",
    [
        "Unrecognized request argument supplied: {name}",
        "Unknown parameter: '{name}'.",
        "property '{name}' is unsupported",
        "[{{'type': 'extra_forbidden', 'loc': ('body', '{name}'), 'msg': 'Extra inputs are not "
        "permitted', 'input': 1}}]",
        'json: unknown field "{name}"',
        "unknown field `{name}`, expected one of `temperature`, `seed`, `messages`",
        "this is not a valid request",
    ],
)
async def test_what_goes_beyond_openais_api_is_sent_once_and_refused_once(
    provider, upstream, words
):
    upstream.refuses = {name: words.format(name=name) for name in EXTRAS}
    for _ in range(2):
        frames = await provider.send(of_ollama(**ALL_SETTINGS), "m")
        assert await text(frames) == "".join(WORDS)
    first, *later = (asked.json for asked in upstream.asked)
    assert set(EXTRAS) <= first.keys()
    assert len(later) == 2
    for sent in later:
        assert not set(EXTRAS) & sent.keys()
        assert (sent["temperature"], sent["seed"]) == (0.5, 1)
    await provider.send(of_ollama(**ALL_SETTINGS), "another model")
    assert "top_k" in upstream.asked[3].json


async def test_a_server_that_takes_them_gets_them(provider, upstream):
    await provider.send(of_ollama(**ALL_SETTINGS), "m")
    (asked,) = upstream.asked
    assert asked.json["top_k"] == 40


async def test_what_the_model_does_not_take_is_left_out_or_renamed(provider, upstream):
    upstream.refuses = {
        "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
        "temperature": "Unsupported value: 'temperature' does not support 0.5 with this model. "
        "Only the default (1) value is supported.",
        "stop": "Unsupported parameter: 'stop' is not supported with this model.",
        "stream_options": "stream_options: Extra inputs are not permitted",
    }
    settings = {"temperature": 0.5, "num_predict": 9, "stop": ["x"], "seed": 1}
    frames = await provider.send(of_ollama(options=settings, stream=True), "m")
    assert await text(frames) == "".join(WORDS)
    sent = upstream.asked[-1].json
    assert sent.keys() == {"model", "messages", "stream", "seed", "max_completion_tokens"}
    assert sent["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("temperature", "Invalid 'temperature': decimal above maximum value, must be at most 2."),
        ("messages", "Unsupported value: 'messages[0].role' does not support 'user'"),
        ("response_format", "Unsupported parameter: 'response_format'"),
    ],
)
async def test_what_is_wrong_is_told_and_what_matters_is_not_left_out(
    provider, upstream, field, words
):
    upstream.refuses = {field: words}
    with pytest.raises(UpstreamError, match="400"):
        await provider.send(of_ollama(format="json", options={"temperature": 9}), "m")
    assert all(field in asked.json for asked in upstream.asked)


async def test_a_clients_own_fields_are_its_own_business(provider, upstream):
    upstream.refuses = {"top_k": "Unknown parameter: 'top_k'."}
    raw = b'{"messages":[{"role":"user","content":"hi"}], "top_k": 40}'
    with pytest.raises(UpstreamError, match="top_k"):
        await provider.send(OpenAIDialect().parse(Operation.CHAT, raw), "m")
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    "document",
    [
        b'{"data":[{"id":"a"}]}',
        b'\xef\xbb\xbf{"data":[{"id":"a"},{"id":7},null,[]]}',
        b'["a"]',
        b'{"models":[{"name":"a"}],"data":null}',
        b'{"data":[{"id":"a","meta":7,"owned_by":[],"max_model_len":"x"}]}',
    ],
)
async def test_models_are_listed_in_many_shapes(provider, upstream, document):
    upstream.documents = {"/v1/models": document}
    state = await provider.probe()
    assert [info.name for info in state.models] == ["a"]


async def test_ids_of_another_servers_calls_are_made_acceptable(provider, upstream):
    upstream.fault = "strict_ids"
    call = {"id": "call_0001_x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = {
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "1", "tool_call_id": "call_0001_x"},
        ],
        "top_k": 40,
    }
    asked = OpenAIDialect().parse(Operation.CHAT, orjson.dumps(body))
    for _ in range(2):
        assert await text(await provider.send(asked, "m")) == "".join(WORDS)
    first, *later = (sent.json for sent in upstream.asked)
    assert first["messages"][2]["tool_call_id"] == "call_0001_x"
    assert len(later) == 2
    for sent in later:
        made = sent["messages"][1]["tool_calls"][0]["id"]
        assert made == sent["messages"][2]["tool_call_id"] == accepted_id("call_0001_x")
        assert sent["top_k"] == 40


async def test_a_refusal_that_helps_nothing_is_told(provider, upstream):
    upstream.refuses = {"messages": "this is not a valid request"}
    with pytest.raises(UpstreamError, match="not a valid request"):
        await provider.send(of_ollama(**ALL_SETTINGS), "m")
    assert len(upstream.asked) == 2
    upstream.refuses = {}
    await provider.send(of_ollama(**ALL_SETTINGS), "m")
    assert upstream.asked[-1].json["top_k"] == 40  # it was not that


async def test_thoughts_in_the_history_that_are_refused_are_left_out(provider, upstream):
    upstream.fault = "no_reasoning"
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "a", "thinking": "t"},
        {"role": "user", "content": "b"},
    ]
    await provider.send(of_ollama(messages=history), "m")
    first, second = (asked.json["messages"][1] for asked in upstream.asked)
    assert first == {"role": "assistant", "content": "a", "reasoning_content": "t"}
    assert second == {"role": "assistant", "content": "a"}
