"""Ollama's request bodies, written, where a client's own bytes cannot be passed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gearshift.dialects.body import encode
from gearshift.dialects.ollama.messages import text_and_images, to_ollama, unable
from gearshift.dialects.ollama.request import SAME_NAME, logprobs
from gearshift.dialects.tool_fields import functions_only
from gearshift.errors import UpstreamError
from gearshift.types import ChatRequest, Json, JsonObject, Operation

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
    return settings | logprobs(options)


def _sampling(options: Mapping[str, Any]) -> JsonObject:
    given = {name: options[name] for name in SAME_NAME if options.get(name) is not None}
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
    message = error.message.lower()
    if error.status != 400 or "think" not in message:
        return frozenset()
    if "value" in message or "level" in message:
        return frozenset({THINK_LEVEL})
    return frozenset() if request.body.get("think") else frozenset({THINK})
