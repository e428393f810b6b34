"""Keys: what changes an answer changes them, and nothing else does."""

import json
import random
from typing import Any

import orjson
import pytest
from benchmarks.cache_keys import apart_though_same, shared_though_different
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.cache.key import AnsweredBy, answer_key
from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.types import Operation

DIALECTS: dict[str, OpenAIDialect | OllamaDialect] = {
    "openai": OpenAIDialect(),
    "ollama": OllamaDialect(),
}
BY = AnsweredBy("server", "gemma2:2b", "sha256:1")
OPENAI: dict[str, Any] = {
    "model": "auto",
    "messages": [{"role": "user", "content": "Hello"}],
    "temperature": 0,
}
OLLAMA: dict[str, Any] = {"messages": OPENAI["messages"], "options": {"temperature": 0}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
PIXEL = "iVBORw0KGgoAAAANSUhEUg=="
IMAGE = f"data:image/png;base64,{PIXEL}"


def parsed(body, dialect="openai", operation=Operation.CHAT, **noted):
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    request = DIALECTS[dialect].parse(operation, raw)
    for name, value in noted.items():
        setattr(request, name, value)
    return request


def key(body, dialect="openai", operation=Operation.CHAT, by=BY, **noted):
    request = parsed(body, dialect, operation, **noted)
    return answer_key(request, by, DIALECTS[dialect].specifics(request))


def schema(*names):
    properties = {name: {"type": "string"} for name in names}
    inner = {"type": "object", "properties": properties}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": inner}}


# --- the same


SAME_IN_BOTH: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"seed": 7, "max_tokens": 9}, {"options": {"seed": 7, "num_predict": 9}}),
    ({"stop": "x"}, {"options": {"stop": ["x"]}}),
    ({"top_p": 0.5, "top_k": 1.0}, {"options": {"top_k": 1, "top_p": 0.5}}),
    ({"response_format": {"type": "json_object"}}, {"format": "json"}),
    (
        {"response_format": schema("a", "b")},
        {"format": schema("a", "b")["json_schema"]["schema"]},
    ),
    ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": False}),
    ({"tools": [TOOL], "tool_choice": "auto"}, {"tools": [TOOL]}),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What?"},
                        {"type": "image_url", "image_url": {"url": IMAGE}},
                    ],
                }
            ]
        },
        {"messages": [{"role": "user", "content": "What?", "images": [PIXEL]}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("openai", "ollama"), SAME_IN_BOTH)
def test_clients_of_both_dialects_share(openai, ollama):
    options = {**OLLAMA["options"], **ollama.get("options", {})}
    assert key(OPENAI | openai) == key(OLLAMA | ollama | {"options": options}, "ollama")


@pytest.mark.parametrize(
    "more",
    [
        {"n": 1},
        {"logprobs": False, "top_logprobs": 0},
        {"tools": [], "tool_choice": "none"},
        {"response_format": {"type": "text"}},
        {"logit_bias": {}},
        {"temperature": 0.0},
        {"temperature": -0.0},
        {"stream": False},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"max_tokens": None, "user": None, "stop": None},
        {"keep_alive": "5m"},
        {"model": "simple"},
    ],
)
def test_what_changes_nothing_changes_no_key(more):
    assert key(OPENAI | more) == key(OPENAI)


@pytest.mark.parametrize("more", [{"raw": False}, {"keep_alive": 0}, {"format": ""}, {"tools": []}])
def test_nor_does_it_in_ollamas_words(more):
    assert key(OLLAMA | more, "ollama") == key(OPENAI)


def test_headers_that_trace_or_identify_do_not_count():
    headers = {
        "user-agent": "x",
        "traceparent": "00-1",
        "x-stainless-lang": "js",
        "x-b3-spanid": "1",
    }
    assert key(OPENAI, headers=headers) == key(OPENAI, headers={})


# --- different


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 0.1},
        {"seed": 1},
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
        {"stop": ["x"]},
        {"n": 2},
        {"logprobs": True},
        {"top_p": 1},
        {"presence_penalty": 0},
        {"response_format": schema("a", "b")},
        {"response_format": schema("b", "a")},
        {"tools": [TOOL]},
        {"tools": [TOOL], "tool_choice": "none"},
        {"tools": [TOOL], "tool_choice": "required"},
        {"user": "a"},
        {"user": "b"},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"reasoning_effort": "low"},
        {"a field of tomorrow": 0},
        {"messages": [{"role": "system", "content": "Hello"}]},
        {"messages": [{"role": "user", "content": "Hello", "name": "a"}]},
        {"messages": [{"role": "user", "content": "hello"}]},
        {"messages": [{"role": "user", "content": "Hello "}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]},
        {"messages": OPENAI["messages"] * 2},
    ],
)
def test_what_changes_an_answer_changes_the_key(more):
    others = [{}, {"max_tokens": 6}, {"response_format": schema("a")}, {"user": "c"}]
    mine = key(OPENAI | more)
    assert mine not in {key(OPENAI | other) for other in others}


def test_each_of_those_is_a_key_of_its_own():
    bodies = [m.args[1] for m in test_what_changes_an_answer_changes_the_key.pytestmark]
    keys = [key(OPENAI | more) for more in bodies[0]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "more",
    [
        {"options": {"num_ctx": 512}},
        {"options": {"num_predict": -1}},
        {"think": True},
        {"think": "low"},
        {"think": False},
        {"template": "x"},
        {"format": "other"},
        {"messages": [{"role": "user", "content": "Hello", "thinking": "x"}]},
        {"messages": [{"role": "USER", "content": "Hello"}]},
    ],
)
def test_what_only_ollama_says_is_not_lost(more):
    options = {**OLLAMA["options"], **more.get("options", {})}
    mine = key(OLLAMA | more | {"options": options}, "ollama")
    assert mine not in (key(OLLAMA, "ollama"), key(OPENAI | {"reasoning_effort": "low"}))


def test_what_one_dialect_alone_says_is_shared_in_one_form_only():
    own = OPENAI | {"guided_regex": "a+"}
    assert key(own) != key(own | {"stream": True})
    assert key(OPENAI | {"n": 2}) != key(OPENAI | {"n": 2, "stream": True})


def test_prompts_are_not_their_joined_text():
    def of(prompt):
        return key({"prompt": prompt, "temperature": 0}, operation=Operation.COMPLETION)

    assert len({of("a\nb"), of(["a", "b"]), of([1, 2]), of([3])}) == 4


def test_a_prompt_is_no_chat():
    generate = {"prompt": "Hello", "options": {"temperature": 0}}
    keys = {
        key(OPENAI),
        key({"prompt": "Hello", "temperature": 0}, operation=Operation.COMPLETION),
        key(generate, "ollama", Operation.COMPLETION),
        key(generate | {"raw": True}, "ollama", Operation.COMPLETION),
    }
    assert len(keys) == 4


def test_whose_answer_it_is_and_for_whom_is_part_of_it():
    keys = {
        key(OPENAI),
        key(OPENAI, by=AnsweredBy("server", "gemma2:2b", "sha256:2")),
        key(OPENAI, by=AnsweredBy("server", "gemma2:27b", "sha256:1")),
        key(OPENAI, by=AnsweredBy("another", "gemma2:2b", "sha256:1")),
        key(OPENAI, cache_scope="a"),
        key(OPENAI, cache_scope="b"),
        key(OPENAI, headers={"openai-beta": "x"}),
        key(OPENAI, headers={"x-tenant": "x"}),
    }
    assert len(keys) == 8


def test_a_tools_result_in_other_words_is_another():
    def of(content):
        result = {"role": "tool", "tool_call_id": "1", "content": content}
        return key(OPENAI | {"messages": [*OPENAI["messages"], result]})

    assert len({of("1"), of(1), of({"a": 1}), of(None)}) == 4


def test_what_cannot_be_written_down_has_no_key():
    request = parsed(OPENAI)
    request.options = {"temperature": object()}
    assert answer_key(request, BY, {}) is None
    deep: dict = {}
    for _ in range(2_000):
        deep = {"a": deep}
    request.options = {"response_format": deep}
    assert answer_key(request, BY, {}) is None


def test_the_request_is_left_as_it_is():
    request = parsed(OPENAI | {"stop": "x", "response_format": schema("b", "a")})
    before = json.dumps([request.options, request.messages, request.body])
    answer_key(request, BY, DIALECTS["openai"].specifics(request))
    assert json.dumps([request.options, request.messages, request.body]) == before


# --- at random


texts = st.text(alphabet="ab c\n\u00e9\U0001f600", max_size=8)
messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]), "content": texts}
    ),
    min_size=1,
    max_size=3,
)
FIELDS: dict[str, tuple[Any, ...]] = {
    "temperature": (0, 0.5, 1.5),
    "top_p": (0.1, 0.9, 1),
    "top_k": (1, 40),
    "seed": (0, 1, 99),
    "max_tokens": (1, 16, 4096),
    "presence_penalty": (0, 1),
    "frequency_penalty": (0, 1.1),
    "stop": (["a"], ["a", "b"], ["b", "a"]),
    "response_format": ({"type": "json_object"}, schema("a"), schema("a", "b"), schema("b", "a")),
    "tools": ([TOOL], [TOOL, TOOL]),
}
options = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in FIELDS.items()}
)
OLLAMAS = {"max_tokens": "num_predict"}
DEFAULTS = {"n": 1, "logprobs": False, "stream": False, "user": None, "tool_choice": None}


def in_ollamas_words(body):
    said: dict[str, Any] = {"messages": body["messages"], "options": {}}
    for name, value in body.items():
        if name == "response_format":
            schema_given = value.get("json_schema")
            said["format"] = schema_given["schema"] if schema_given else "json"
        elif name == "tools":
            said["tools"] = value
        elif name in FIELDS:
            said["options"][OLLAMAS.get(name, name)] = value
    return said


def shuffled(value, dice, *, in_order=False):
    """The same with its keys in another order, but for the properties of a schema."""
    if isinstance(value, list):
        return [shuffled(item, dice) for item in value]
    if not isinstance(value, dict):
        return value
    names = [*value]
    if not in_order:
        dice.shuffle(names)
    return {name: shuffled(value[name], dice, in_order=name == "properties") for name in names}


@given(messages, options, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_same_request_written_otherwise_has_the_same_key(said, given_options, dice):
    body = {"messages": said, **given_options}
    defaults = {name: DEFAULTS[name] for name in DEFAULTS if dice.random() < 0.5}
    spaced = json.dumps(shuffled(body | defaults, dice), indent=dice.choice([None, 3]))
    mine = key(body)
    assert key(spaced.encode()) == mine
    assert key(shuffled(in_ollamas_words(body), dice), "ollama") == mine


def changed(body, dice):
    """The body with one field changed, added or taken away."""
    name = dice.choice(["messages", *FIELDS])
    if name != "messages":
        others = [value for value in (None, *FIELDS[name]) if value != body.get(name)]
        other = dice.choice(others)
        rest = {key: value for key, value in body.items() if key != name}
        return rest if other is None else {**rest, name: other}
    said = [dict(message) for message in body["messages"]]
    turn = dice.randrange(len(said))
    match dice.randrange(3):
        case 0:
            said[turn]["content"] += dice.choice([" ", "x", "\n"])
        case 1:
            said[turn]["role"] = "user" if said[turn]["role"] != "user" else "system"
        case _:
            said.insert(turn, {"role": "user", "content": "more"})
    return body | {"messages": said}


def test_10000_pairs_that_differ_in_one_field_never_share():
    dice = random.Random(20261128)
    for _ in range(10_000):
        words = dice.choices(["red", "green", "blue ", "\n"], k=3)
        said = [{"role": dice.choice(["user", "system"]), "content": "".join(words)}]
        chosen = {n: dice.choice(values) for n, values in FIELDS.items() if dice.random() < 0.4}
        body = {"messages": said, **chosen}
        other = changed(body, dice)
        dialect = dice.choice(["openai", "ollama"])
        mine = key(body)
        theirs = key(other) if dialect == "openai" else key(in_ollamas_words(other), "ollama")
        assert mine != theirs, (body, other)


@pytest.mark.parametrize("seed", range(2))
def test_random_pairs_have_one_key_where_nothing_differs_that_could_change_an_answer(seed):
    # Far more of them: python -m benchmarks.cache_keys
    chance = random.Random(seed)
    assert not shared_though_different(600, chance)
    assert not apart_though_same(300, chance)


def test_the_one_version_of_a_dialect_is_no_difference_but_another_is():
    usual, other, beta = (
        key(OPENAI, headers=headers)
        for headers in (
            {"anthropic-version": "2023-06-01"},
            {"anthropic-version": "2099-01-01"},
            {"anthropic-beta": "x"},
        )
    )
    assert key(OPENAI) == usual
    assert len({usual, other, beta}) == 3
