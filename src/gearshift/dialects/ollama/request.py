"""Ollama's request bodies, read and written."""

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
    text_and_images,
    to_ollama,
    unable,
)
from gearshift.dialects.ollama.names import has_plain_names, with_plain_names
from gearshift.dialects.tool_fields import functions_only
from gearshift.errors import UpstreamError
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
_SAME_NAME: Final = (
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
# What `messages` and `options` tell completely.
_TOLD: Final = frozenset(
    {
        *("model", "messages", "prompt", "system", "images", "suffix", "tools", "options"),
        *("format", "stream", "keep_alive", "logprobs", "top_logprobs"),
    }
)
_PLAIN_FIELDS: Final = frozenset({"role", "content", "images"})
_PLAIN_ROLES: Final = ("user", "assistant", "system")
# OpenAI's levels of effort in Ollama's words.
_LEVELS: Final = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
THINK: Final = "think"
THINK_LEVEL: Final = "think level"


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
    found = {name: value for name, value in body.items() if name not in _TOLD and value is not None}
    if found.get("raw") is False:
        del found["raw"]
    if body.get("format") and _response_format(body["format"]) is None:
        found["format"] = body["format"]
    if not all(map(_is_plain, body.get("messages") or [])):
        found["messages"] = body["messages"]
    given = body.get("options") or {}
    options = {
        name: value
        for name, value in given.items()
        if value is not None
        and name not in _SAME_NAME
        and not (name == "num_predict" and value >= 0)
    }
    return {**found, "options": options} if options else found


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
    options = {name: given[name] for name in _SAME_NAME if given.get(name) is not None}
    if (limit := given.get("num_predict")) is not None and limit >= 0:  # below 0: no limit
        options["max_tokens"] = limit
    if body.get("tools"):
        options["tools"] = body["tools"]
    if body.get("suffix"):
        options["suffix"] = body["suffix"]
    options |= _logprobs(body)
    if response_format := _response_format(body.get("format")):
        options["response_format"] = response_format
    think = body.get("think")
    if isinstance(think, str) and think:
        options["reasoning_effort"] = think
    elif isinstance(think, bool):  # what llama.cpp and vLLM understand
        options["chat_template_kwargs"] = {"enable_thinking": think}
    return options


def _logprobs(given: Mapping[str, Any]) -> JsonObject:
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


def write(request: ChatRequest, model: str, left_out: frozenset[str]) -> bytes:
    """The body anew: for a request of another dialect, or one that was not raw bytes.

    Args:
        request: What is asked.
        model: Of whom.
        left_out: `think`, `think level` and what else the model does not take.

    Raises:
        UpstreamError: `INCAPABLE`, where Ollama has no words for it.
    """
    if request.dialect == "ollama" and request.body:
        body: JsonObject = {**request.body, "model": model, "stream": request.stream}
        if request.operation is Operation.CHAT:
            body["messages"] = to_ollama(request.messages)
        return encode(body)
    body = {"model": model, "stream": request.stream}
    if request.operation is Operation.CHAT:
        body["messages"] = to_ollama(request.messages)
    else:
        body |= _written_prompt(request)
    return encode(body | _settings(request.options, request.body, left_out))


def _written_prompt(request: ChatRequest) -> JsonObject:
    prompts = request.body.get("prompt")
    if isinstance(prompts, list) and len(prompts) != 1:
        raise unable("several prompts or token ids in one request")
    texts: dict[str, list[str]] = {"system": [], "user": []}
    pictures: list[str] = []
    for message in request.messages:
        text, images = text_and_images(message.get("content"))
        pictures += images
        texts["system" if message.get("role") in ("system", "developer") else "user"].append(text)
    prompt: JsonObject = {"prompt": "\n\n".join(texts["user"])}
    if texts["system"]:
        prompt["system"] = "\n\n".join(texts["system"])
    if pictures:
        prompt["images"] = pictures
    if suffix := request.options.get("suffix"):
        prompt["suffix"] = suffix
    return prompt


def _settings(
    options: Mapping[str, Any], body: Mapping[str, Any], left_out: frozenset[str]
) -> JsonObject:
    """OpenAI's settings under Ollama's names."""
    if (options.get("n") or 1) != 1:
        raise unable("'n' above 1")
    given = _sampling(options)
    settings: JsonObject = {"options": given} if given else {}
    if options.get("tools") and options.get("tool_choice") != "none":
        settings["tools"] = functions_only(options["tools"], "Ollama")
    if (wanted := _format(options.get("response_format"))) is not None:
        settings["format"] = wanted
    if (think := _think(options, body, left_out)) is not None:
        settings["think"] = think
    if body.get("keep_alive") is not None:
        settings["keep_alive"] = body["keep_alive"]
    return settings | _logprobs(options)


def _sampling(options: Mapping[str, Any]) -> JsonObject:
    given = {name: options[name] for name in _SAME_NAME if options.get(name) is not None}
    if isinstance(given.get("stop"), str):
        given["stop"] = [given["stop"]]
    if options.get("max_tokens") is not None:
        given["num_predict"] = options["max_tokens"]
    return given


def _format(response_format: Json) -> Json:
    if not isinstance(response_format, dict):
        return None
    schema = response_format.get("json_schema")
    if response_format.get("type") == "json_schema" and isinstance(schema, dict):
        return schema.get("schema") or "json"
    return "json" if response_format.get("type") == "json_object" else None


def _think(
    options: Mapping[str, Any], body: Mapping[str, Any], left_out: frozenset[str]
) -> bool | str | None:
    """A demand (`think`) as it is; a wish (`reasoning_effort`) only where the model can think."""
    demanded = body.get("think")
    if isinstance(demanded, bool):
        return demanded
    effort = demanded or options.get("reasoning_effort")
    if not isinstance(effort, str) or not effort:
        return None
    if effort == "none":
        return False
    level = effort if demanded else _LEVELS.get(effort)
    if level is None or (not demanded and THINK in left_out):
        return None
    return True if THINK_LEVEL in left_out else level


def refused(request: ChatRequest, error: UpstreamError) -> frozenset[str]:
    """What a server says that it, or the model, does not take: levels of thinking, or thinking."""
    said = error.message.lower()
    if error.status != 400 or "think" not in said:
        return frozenset()
    if "value" in said or "level" in said:
        return frozenset({THINK_LEVEL})
    return frozenset() if request.body.get("think") else frozenset({THINK})
