"""Whether keys of the answer cache tell requests apart where they must, and nowhere else.

Usage: python -m benchmarks.cache_keys [--different N] [--same N] [--seed N]

Requests are made at random and written as clients write them: OpenAI's chats and completions,
Responses, Ollama's chats and prompts, Anthropic's messages. In pairs of the first kind one field
that may change an answer differs (and by chance the dialect, the order of keys, white space …):
they must never share a key. In pairs of the second kind nothing differs that may change one:
dialect, order of keys, white space, escapes, defaults, nulls, `stream`. They must always share it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from gearshift.cache.key import AnsweredBy, answer_key
from gearshift.dialects.loading import client_dialects
from gearshift.types import Operation

JsonObject = dict[str, Any]

WORDS: Final = (
    *("what", "why", "time", "is", "it", "explain", "the", "cache", "0", "1", "-1", "0.5", "null"),
    *(
        "true",
        "naïve",
        "日本",
        "🙂",
        '"',
        "\\",
        "\n",
        "\t",
        "{",
        "}",
        "[]",
        "a,b",
        "e\u0301",
        "é",
        "",
    ),
)
NAMES: Final = ("look_up", "run", "add", "Add")
CHATS: Final = ("openai", "ollama", "responses", "anthropic")
PROMPTS: Final = ("openai prompt", "ollama prompt")
_BY: Final = AnsweredBy("server 1", "model 1", "digest 1")
_OF_ONE: Final = 5
"""Pairs in a row that have one of their requests in common."""
_VERSION: Final = {"anthropic-version": "2023-06-01"}


@dataclass(frozen=True)
class Asked:
    """What a request means, in no dialect.

    Attributes:
        turns: Role and text of each; the first may be the system's.
        sampling: Settings under OpenAI's names.
        form: `None`, `json`, or a schema.
        tools: Functions as OpenAI has them.
        unknown: Fields that nobody here knows.
    """

    turns: tuple[tuple[str, str], ...]
    sampling: JsonObject = field(default_factory=dict)
    form: Any = None
    tools: tuple[JsonObject, ...] = ()
    unknown: JsonObject = field(default_factory=dict)
    by: AnsweredBy = _BY
    scope: str = ""
    headers: JsonObject = field(default_factory=dict)
    is_prompt: bool = False


def text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 6))) or "x"


def schema(chance: random.Random) -> JsonObject:
    names = chance.sample(("name", "age", "properties", "type", "items"), chance.randint(1, 3))
    kinds = ("string", "integer", "array")
    properties = {name: {"type": chance.choice(kinds)} for name in names}
    return {"type": "object", "properties": properties, "required": names[:1]}


def asked(chance: random.Random) -> Asked:
    """Any request."""
    is_prompt = chance.random() < 0.2
    turns = [] if is_prompt or chance.random() < 0.5 else [("system", text(chance))]
    for _ in range(0 if is_prompt else chance.randint(0, 2)):
        turns += [("user", text(chance)), ("assistant", text(chance))]
    turns.append(("user", text(chance)))
    return Asked(
        tuple(turns),
        sampling(chance),
        None if is_prompt else chance.choice((None, None, "json", schema(chance))),
        () if is_prompt else tuple(tool(chance) for _ in range(chance.choice((0, 0, 1, 2)))),
        is_prompt=is_prompt,
    )


def sampling(chance: random.Random) -> JsonObject:
    given = {
        "temperature": chance.choice((0, 0.0, 0.7, 1)),
        "top_p": chance.choice((0.1, 0.9, 1.0)),
        "max_tokens": chance.choice((1, 16, 100)),
        "seed": chance.choice((0, 1, 42)),
        "stop": chance.sample(("\n", "END", "x", "y"), chance.randint(1, 2)),
        "presence_penalty": chance.choice((0, 0.5)),
        "top_k": chance.choice((1, 40)),
    }
    return {name: value for name, value in given.items() if chance.random() < 0.4}


def tool(chance: random.Random) -> JsonObject:
    function = {"name": chance.choice(NAMES), "description": "d " + text(chance)}
    return {"type": "function", "function": {**function, "parameters": schema(chance)}}


# --- as clients write it


def openai(one: Asked) -> JsonObject:
    messages = [{"role": role, "content": said} for role, said in one.turns]
    body: JsonObject = {"model": "auto", "messages": messages, **one.sampling}
    if one.tools:
        body["tools"] = list(one.tools)
    if one.form is not None:
        body["response_format"] = _format(one.form)
    return body


def _format(form: Any) -> JsonObject:
    if form == "json":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": form}}


def openai_prompt(one: Asked) -> JsonObject:
    return {"model": "auto", "prompt": one.turns[-1][1], **one.sampling}


def ollama(one: Asked) -> JsonObject:
    body: JsonObject = {"model": "auto", "messages": openai(one)["messages"]}
    if one.tools:
        body["tools"] = list(one.tools)
    return body | _of_ollama(one)


def ollama_prompt(one: Asked) -> JsonObject:
    return {"model": "auto", "prompt": one.turns[-1][1], **_of_ollama(one)}


def _of_ollama(one: Asked) -> JsonObject:
    options = {**one.sampling}
    if "max_tokens" in options:
        options["num_predict"] = options.pop("max_tokens")
    body: JsonObject = {"options": options} if options else {}
    return body if one.form is None else {**body, "format": one.form}


def responses(one: Asked) -> JsonObject:
    turns = [{"role": role, "content": said} for role, said in one.turns]
    body: JsonObject = {"model": "auto", **one.sampling}
    if turns[0]["role"] == "system":
        body["instructions"] = turns.pop(0)["content"]
    body["input"] = turns
    if "max_tokens" in body:
        body["max_output_tokens"] = body.pop("max_tokens")
    if one.tools:
        body["tools"] = [{"type": "function", **tool["function"]} for tool in one.tools]
    if one.form is not None:
        wanted = _format(one.form)
        body["text"] = {"format": {"type": wanted["type"], **wanted.get("json_schema", {})}}
    return body


def anthropic(one: Asked) -> JsonObject:
    turns = [{"role": role, "content": said} for role, said in one.turns]
    body: JsonObject = {"model": "auto", **one.sampling}
    if turns[0]["role"] == "system":
        body["system"] = turns.pop(0)["content"]
    body["messages"] = turns
    if "stop" in body:
        body["stop_sequences"] = body.pop("stop")
    if one.tools:
        body["tools"] = [_of_anthropic(tool["function"]) for tool in one.tools]
    if one.form is not None:
        body["output_format"] = {"type": "json_schema", "schema": one.form}
    return body


def _of_anthropic(function: JsonObject) -> JsonObject:
    named = {name: function[name] for name in ("name", "description")}
    return {**named, "input_schema": function["parameters"]}


def dialects_for(one: Asked) -> tuple[str, ...]:
    """Those that have words for all of it, and for nothing else."""
    if one.is_prompt:
        return PROMPTS
    if one.unknown:
        return ("openai",)
    of_anthropic = {"temperature", "top_p", "top_k", "max_tokens", "stop"}
    fits = "max_tokens" in one.sampling and one.sampling.keys() <= of_anthropic
    return tuple(
        name
        for name in CHATS
        if (name != "anthropic" or (fits and one.form is None))
        # Ollama names no schema, and Responses' tools are strict unless they say otherwise.
        and (name in ("openai", "ollama") or not (isinstance(one.form, dict) or one.tools))
    )


WRITERS: Final[dict[str, Callable[[Asked], JsonObject]]] = {
    "openai": openai,
    "openai prompt": openai_prompt,
    "ollama": ollama,
    "ollama prompt": ollama_prompt,
    "responses": responses,
    "anthropic": anthropic,
}


# --- what changes no answer


def dressed(body: JsonObject, dialect: str, chance: random.Random) -> JsonObject:
    """The same in other words: defaults, nulls, `stream`."""
    body = {**body}
    if chance.random() < 0.5:
        body["stream"] = chance.random() < 0.5
    if dialect == "openai":
        none = "auto" if body.get("tools") else "none"
        defaults = {"n": 1, "logprobs": False, "tool_choice": none, "user": None, "logit_bias": {}}
        body |= {name: value for name, value in defaults.items() if chance.random() < 0.3}
        if "response_format" not in body and chance.random() < 0.3:
            body["response_format"] = {"type": "text"}
    if dialect.startswith("ollama"):
        defaults = {"keep_alive": "5m", "think": None, "format": None}
        body = {**{name: v for name, v in defaults.items() if chance.random() < 0.3}, **body}
    if dialect == "anthropic" and chance.random() < 0.5:
        body["messages"] = [
            {**turn, "content": [{"type": "text", "text": turn["content"]}]}
            for turn in body["messages"]
        ]
    stop = body.get("stop")
    if stop and len(stop) == 1 and chance.random() < 0.5:
        body["stop"] = stop[0]
    if body.get("temperature") == 0:
        body["temperature"] = chance.choice((0, 0.0, -0.0))
    return body


def written(body: JsonObject, chance: random.Random) -> bytes:
    """The body as JSON of any style."""
    return json.dumps(
        _shuffled(body, chance),
        indent=1 if chance.random() < 0.05 else None,
        separators=chance.choice(((",", ":"), (", ", ": "), (" ,\t", " : "))),
        ensure_ascii=chance.random() < 0.5,
    ).encode()


def _shuffled(value: Any, chance: random.Random, *, is_ordered: bool = False) -> Any:
    """With keys in any order, but for the properties of a schema, which are answered in theirs."""
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    items = [*value.items()]
    if not is_ordered:
        chance.shuffle(items)
    return {k: _shuffled(v, chance, is_ordered=k == "properties") for k, v in items}


# --- what may change an answer


def changed(one: Asked, chance: random.Random) -> tuple[str, Asked]:
    """The same but for one field, and that field's name."""
    while True:
        name = chance.choice(list(CHANGES))
        other = CHANGES[name](one, chance)
        if other != one and (name not in _OF_NUMBERS or _meaning(other) != _meaning(one)):
            return name, other


_OF_NUMBERS: Final = frozenset({"sampling", "form"})


def _meaning(one: Asked) -> str:
    # Texts have no canonical form that could hide a difference; only numbers do.
    sampled = {name: float(v) if isinstance(v, int) else v for name, v in one.sampling.items()}
    return repr(replace(one, sampling=dict(sorted(sampled.items()))))


def _of_turns(one: Asked, chance: random.Random) -> Asked:
    turns = [*one.turns]
    place = chance.randrange(len(turns))
    role, said = turns[place]
    at = chance.randrange(len(said) + 1)
    way = chance.randrange(4)
    if way == 0 and not one.is_prompt:
        turns.insert(max(place, 1), ("user", text(chance)))
    elif way == 1:
        turns[place] = (role, said[:at] + said[at + 1 :] or "x")
    elif way == 2 and role == "user" and len(turns) > 1:
        turns[place] = ("assistant", said)
    else:
        turns[place] = (
            role,
            said[:at] + chance.choice(("x", " ", "\u200b", "\n", "0")) + said[at:],
        )
    return replace(one, turns=tuple(turns))


def _of_sampling(one: Asked, chance: random.Random) -> Asked:
    fresh, name = sampling(chance), chance.choice(("temperature", "top_p", "max_tokens", "seed"))
    rest = {key: value for key, value in one.sampling.items() if key != name}
    return replace(one, sampling=rest | ({name: fresh[name]} if name in fresh else {}))


def _of_stop(one: Asked, chance: random.Random) -> Asked:
    stop = chance.sample(("\n", "END", "x", "y", "z"), chance.randint(1, 3))
    return replace(one, sampling={**one.sampling, "stop": stop})


def _of_tools(one: Asked, chance: random.Random) -> Asked:
    if one.is_prompt:
        return one
    return replace(one, tools=(*one.tools[1:], tool(chance)))


def _of_form(one: Asked, chance: random.Random) -> Asked:
    if one.is_prompt:
        return one
    if isinstance(one.form, dict):  # its properties in another order
        properties = [*one.form["properties"].items()]
        chance.shuffle(properties)
        return replace(one, form={**one.form, "properties": dict(properties)})
    return replace(one, form=chance.choice((None, "json", schema(chance))))


CHANGES: Final[dict[str, Callable[[Asked, random.Random], Asked]]] = {
    "turns": _of_turns,
    "sampling": _of_sampling,
    "stop": _of_stop,
    "tools": _of_tools,
    "form": _of_form,
    "server": lambda one, _: replace(one, by=replace(one.by, upstream="server 2")),
    "model": lambda one, _: replace(one, by=replace(one.by, model="model 11")),
    "digest": lambda one, _: replace(one, by=replace(one.by, digest="digest 2")),
    "scope": lambda one, _: replace(one, scope="somebody"),
    "header": lambda one, _: replace(one, headers={"anthropic-beta": "a"}),
    "unknown": lambda one, chance: replace(one, unknown={"x": chance.choice((0, False, "", []))}),
}


# --- keys


@cache
def _dialects() -> Any:
    return client_dialects()


def key_of(one: Asked, dialect: str, chance: random.Random) -> str:
    """The key of a request, as a client of the dialect may have written it."""
    body = dressed(WRITERS[dialect](one), dialect, chance) | one.unknown
    spoken = _dialects()[dialect.partition(" ")[0]]
    operation = Operation.COMPLETION if one.is_prompt else Operation.CHAT
    request = spoken.parse(operation, written(body, chance))
    request.cache_scope, request.headers = one.scope, one.headers
    if dialect == "anthropic":
        request.headers = {**_VERSION, **one.headers}
    key = answer_key(request, one.by, spoken.specifics(request))
    assert key is not None
    return key


def shared_though_different(pairs: int, chance: random.Random) -> Counter[str]:
    """Of so many pairs that differ in one field, those with one key, by that field."""
    shared: Counter[str] = Counter()
    for number in range(pairs):
        if number % _OF_ONE == 0:
            one = asked(chance)
            key = key_of(one, chance.choice(dialects_for(one)), chance)
        name, other = changed(one, chance)
        shared[name] += key == key_of(other, chance.choice(dialects_for(other)), chance)
    return +shared


def apart_though_same(pairs: int, chance: random.Random) -> Counter[str]:
    """Of so many pairs that differ in nothing, those with two keys, by their dialects."""
    apart: Counter[str] = Counter()
    for _ in range(pairs):
        one = asked(chance)
        first, second = (chance.choice(dialects_for(one)) for _ in range(2))
        if one.is_prompt:  # which Ollama puts into the model's template, and OpenAI does not
            second = first
        apart[f"{first}, {second}"] += key_of(one, first, chance) != key_of(one, second, chance)
    return +apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--different", type=int, default=1_000_000)
    parser.add_argument("--same", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    for told, pairs, count in (
        ("differ in one field, but share a key", options.different, shared_though_different),
        ("differ in nothing, but have two keys", options.same, apart_though_same),
    ):
        began = time.perf_counter()
        found = count(pairs, chance)
        took = time.perf_counter() - began
        print(f"{pairs:,} pairs, {took:.0f} s: {found.total():,} {told} {dict(found) or ''}")


if __name__ == "__main__":
    main()
