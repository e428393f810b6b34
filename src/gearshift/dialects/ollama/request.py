"""Ollama's request bodies, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gearshift.dialects.body import (
    FLAG,
    NUMBER,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    WHOLE,
    Rule,
    check_fields,
    either,
    encode,
    readable_object,
    refuse,
    text_field,
)
from gearshift.dialects.images import has_image
from gearshift.dialects.ollama.messages import (
    content_with_images,
    from_ollama,
)
from gearshift.dialects.ollama.names import has_plain_names, with_plain_names
from gearshift.types import Capability, ChatRequest, Json, JsonObject, Message, Operation

_RULES: Final[dict[str, Rule]] = {
    "model": TEXT,
    "stream": FLAG,
    "tools": OBJECTS,
    "format": either(TEXT, OBJECT),
    "options": OBJECT,
    "keep_alive": either(TEXT, NUMBER),
    "think": either(FLAG, TEXT),
    "prompt": TEXT,
    "system": TEXT,
    "suffix": TEXT,
    "template": TEXT,
    "raw": FLAG,
    "images": TEXTS,
    "logprobs": FLAG,
    "top_logprobs": WHOLE,
}
_OPTION_RULES: Final[dict[str, Rule]] = {
    "temperature": NUMBER,
    "top_p": NUMBER,
    "top_k": NUMBER,
    "min_p": NUMBER,
    "repeat_penalty": NUMBER,
    "presence_penalty": NUMBER,
    "frequency_penalty": NUMBER,
    "num_predict": WHOLE,
    "num_ctx": WHOLE,
    "seed": WHOLE,
    "stop": either(TEXT, TEXTS),
}
SAME_NAME: Final = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
)
"""Options that have OpenAI's names."""

# What `messages` and `options` tell completely.
_TOLD: Final = frozenset(
    {
        *("model", "messages", "prompt", "system", "images", "suffix", "tools", "options"),
        *("format", "stream", "keep_alive", "logprobs", "top_logprobs"),
    }
)
_PLAIN_FIELDS: Final = frozenset({"role", "content", "images"})
_PLAIN_ROLES: Final = ("user", "assistant", "system")


def parse(operation: Operation, raw: bytes) -> ChatRequest:
    """The client's body as a request; without messages it asks to load or unload a model.

    Raises:
        RequestError: 400 naming the field.
    """
    raw, body = readable_object(raw)
    if not has_plain_names(body):
        body = with_plain_names(body)
        raw = encode(body)
    check_fields(body, _RULES)
    check_fields(body.get("options") or {}, _OPTION_RULES, "options.")
    messages = _messages(body) if operation is Operation.CHAT else _prompt(body)
    return ChatRequest(
        dialect="ollama",
        operation=operation,
        model=text_field(body, "model") or "auto",
        messages=messages,
        stream=body.get("stream") is not False,
        options=_options(body),
        body=body,
        raw=raw,
        needs=_needs(body, messages),
        is_templated=operation is Operation.COMPLETION and not _continues_text(body),
        loads_model=not messages,
    )


def specifics(request: ChatRequest) -> JsonObject:
    """What a body says that neither messages nor options tell, under its own names."""
    body = request.body
    untold = {
        name: value for name, value in body.items() if name not in _TOLD and value is not None
    }
    if untold.get("raw") is False:
        del untold["raw"]
    if body.get("format") and _response_format(body["format"]) is None:
        untold["format"] = body["format"]
    if not all(map(_is_plain, body.get("messages") or [])):
        untold["messages"] = body["messages"]
    given = body.get("options") or {}
    options = {
        name: value
        for name, value in given.items()
        if value is not None
        and name not in SAME_NAME
        and not (name == "num_predict" and value >= 0)
    }
    return {**untold, "options": options} if options else untold


def _is_plain(message: Json) -> bool:
    """Whether a message is the same in every dialect."""
    return message.keys() <= _PLAIN_FIELDS and message.get("role") in _PLAIN_ROLES


def _continues_text(body: JsonObject) -> bool:
    """Whether a prompt is no question: a text to be continued as it is, or one with a gap."""
    return bool(body.get("raw") or body.get("suffix"))


def _messages(body: JsonObject) -> list[Message]:
    messages = body.get("messages")
    if messages is None:
        return []
    if not isinstance(messages, list):
        raise refuse("messages", "must be a list of messages")
    return from_ollama(messages)


def _prompt(body: JsonObject) -> list[Message]:
    prompt = body.get("prompt")
    if not prompt:
        return []
    system: list[Message] = (
        [{"role": "system", "content": body["system"]}] if body.get("system") else []
    )
    images = body.get("images")
    content = content_with_images(prompt, images) if images else prompt
    return [*system, {"role": "user", "content": content}]


def _options(body: JsonObject) -> dict[str, Any]:
    """Ollama's settings under OpenAI's names."""
    given = body.get("options") or {}
    options = {name: given[name] for name in SAME_NAME if given.get(name) is not None}
    if (limit := given.get("num_predict")) is not None and limit >= 0:  # below 0: no limit
        options["max_tokens"] = limit
    if body.get("tools"):
        options["tools"] = body["tools"]
    if body.get("suffix"):
        options["suffix"] = body["suffix"]
    options |= logprobs(body)
    if response_format := _response_format(body.get("format")):
        options["response_format"] = response_format
    think = body.get("think")
    if isinstance(think, str) and think:
        options["reasoning_effort"] = think
    elif isinstance(think, bool):  # what llama.cpp and vLLM understand
        options["chat_template_kwargs"] = {"enable_thinking": think}
    return options


def logprobs(given: Mapping[str, Any]) -> JsonObject:
    """What both dialects ask for with the same words."""
    if not given.get("logprobs"):
        return {}
    alternatives = given.get("top_logprobs")
    return {"logprobs": True} | ({"top_logprobs": alternatives} if alternatives else {})


def _response_format(given: Json) -> JsonObject | None:
    if given == "json":
        return {"type": "json_object"}
    if isinstance(given, dict) and given:
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": given}}
    return None


def _needs(body: JsonObject, messages: list[Message]) -> frozenset[Capability]:
    needs = set()
    if body.get("tools"):
        needs.add(Capability.TOOLS)
    if has_image(messages):
        needs.add(Capability.VISION)
    if body.get("think"):
        needs.add(Capability.THINKING)
    return frozenset(needs)
