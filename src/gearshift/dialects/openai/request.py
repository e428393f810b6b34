"""OpenAI's request bodies, read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

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
    readable_object,
    refuse,
)
from gearshift.dialects.content import result_content
from gearshift.dialects.images import has_image, image_url
from gearshift.dialects.tool_fields import check_tool_fields
from gearshift.types import Capability, ChatRequest, Json, JsonObject, Message, Operation

_RESULT_ROLES: Final = ("tool", "function")
_PLAIN_ROLES: Final = ("user", "assistant", "system")
ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")

_SAMPLING: Final[dict[str, Rule]] = {
    "temperature": NUMBER,
    "top_p": NUMBER,
    "top_k": NUMBER,
    "min_p": NUMBER,
    "repeat_penalty": NUMBER,
    "presence_penalty": NUMBER,
    "frequency_penalty": NUMBER,
    "max_tokens": WHOLE,
    "max_completion_tokens": WHOLE,
    "n": WHOLE,
    "seed": WHOLE,
    "stop": either(TEXT, TEXTS),
    "tools": OBJECTS,
    "tool_choice": either(TEXT, OBJECT),
    "parallel_tool_calls": FLAG,
    "response_format": OBJECT,
    "reasoning_effort": TEXT,
    "logprobs": either(FLAG, WHOLE),
    "top_logprobs": WHOLE,
    "logit_bias": OBJECT,
    "suffix": TEXT,
}
# What `messages` and `options` tell completely. Not `max_completion_tokens`, which older servers
# pass over, nor whatever else is read as another field.
_TOLD: Final = frozenset(
    {*_SAMPLING, "model", "messages", "prompt", "stream", "stream_options", "keep_alive"}
) - {"max_completion_tokens"}
NO_NEEDS: Final[frozenset[Capability]] = frozenset()
_RULES: Final[dict[str, Rule]] = {
    "model": TEXT,
    "stream": FLAG,
    **_SAMPLING,
    "stream_options": OBJECT,
    "functions": OBJECTS,
    "user": TEXT,
}


def parse(operation: Operation, raw: bytes) -> ChatRequest:
    """The client's body as a request.

    Raises:
        RequestError: 400 naming the field.
    """
    raw, body = readable_object(raw)
    check_fields(body, _RULES)
    options = {
        name: value for name, value in body.items() if name in _SAMPLING and value is not None
    }
    if "max_completion_tokens" in options:
        options["max_tokens"] = options.pop("max_completion_tokens")
    if "reasoning_effort" not in options and (effort := _effort(body)):
        options["reasoning_effort"] = effort
    messages = _messages(body) if operation is Operation.CHAT else _prompt(body)
    return ChatRequest(
        dialect="openai",
        operation=operation,
        model=body.get("model") or "auto",
        messages=messages,
        stream=body.get("stream") or False,
        options=options,
        body=body,
        raw=raw,
        needs=_needs(body, messages),
    )


def specifics(request: ChatRequest) -> JsonObject:
    """What a body says that neither messages nor options tell, under its own names."""
    body = request.body
    fields = {
        name: value for name, value in body.items() if name not in _TOLD and value is not None
    }
    if fields.get("max_completion_tokens") is not None:
        fields["max_tokens"] = body.get("max_tokens")
    if body.get("messages") is not request.messages and "messages" in body:
        fields["messages"] = body["messages"]
    if not isinstance(body.get("prompt"), str | None):
        fields["prompt"] = body["prompt"]  # several of them, or token ids
    return fields


def _effort(body: JsonObject) -> str | None:
    """The effort as routers and engines spell it, who had it before OpenAI's chats did."""
    reasoning, template = body.get("reasoning"), body.get("chat_template_kwargs")
    if isinstance(reasoning, dict):
        effort = reasoning.get("effort")
        if isinstance(effort, str) and effort:
            return effort
        if reasoning.get("enabled") is False:
            return "none"
    thinks = template.get("enable_thinking") if isinstance(template, dict) else None
    return "none" if thinks is False else None


def _messages(body: JsonObject) -> list[Message]:
    messages = body.get("messages")
    if messages is None:
        raise refuse("messages", "is missing; it must be a list of at least one message")
    if not isinstance(messages, list) or not messages:
        raise refuse("messages", "must be a list of at least one message")
    read = messages
    for index, message in enumerate(messages):
        if not _is_plain(message):
            _check_role(message, index, ROLES)
            if message["role"] in _RESULT_ROLES and not isinstance(message.get("content"), str):
                if read is messages:
                    read = [*messages]  # the body stays as it came
                message = read[index] = {**message, "content": result_content(message)}
            _check_content(message, f"messages.{index}")
    return read


def _is_plain(message: Json) -> bool:
    """Whether it is a role and a text, as most messages are."""
    return (
        type(message) is dict
        and len(message) == 2
        and type(message.get("content")) is str
        and message.get("role") in _PLAIN_ROLES
    )


def _check_role(message: Json, index: int, roles: Sequence[str]) -> None:
    """Refuse what is no message of a known role.

    Raises:
        RequestError: 400 naming the field.
    """
    if not isinstance(message, dict):
        raise refuse(f"messages.{index}", "must be an object with 'role' and 'content'")
    role = message.get("role")
    if not isinstance(role, str) or role not in roles:
        shown = f"is {role[:40]!r}" if isinstance(role, str) else "is missing or not a string"
        raise refuse(f"messages.{index}.role", f"{shown}; it must be one of {', '.join(roles)}")


def _check_content(message: JsonObject, where: str) -> None:
    content = message.get("content")
    if isinstance(content, list):
        for index, part in enumerate(content):
            _check_part(part, f"{where}.content.{index}")
    elif content is None:
        if message["role"] != "assistant":
            is_null = "content" in message
            raise refuse(f"{where}.content", "must not be null" if is_null else "is missing")
    elif not isinstance(content, str):
        raise refuse(f"{where}.content", "must be a string or a list of parts")
    if len(message) > 2 or "content" not in message:
        check_tool_fields(message, where)


def _check_part(part: Json, where: str) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        raise refuse(where, "must be an object with a 'type'")
    if part["type"] == "text" and not isinstance(part.get("text"), str):
        raise refuse(f"{where}.text", "must be a string")
    if part["type"] == "image_url" and image_url(part) is None:
        raise refuse(f"{where}.image_url", "must be an object with a string 'url'")


def _prompt(body: JsonObject) -> list[Message]:
    prompt = body.get("prompt")
    if prompt is None:
        raise refuse("prompt", "is missing; it must be a string")
    if isinstance(prompt, str):
        text = prompt
    elif isinstance(prompt, list) and prompt:
        text = "\n".join(item for item in prompt if isinstance(item, str))  # or token ids
    else:
        raise refuse("prompt", "must be a string or a list with at least one prompt")
    return [{"role": "user", "content": text}]


def _needs(body: JsonObject, messages: Sequence[Message]) -> frozenset[Capability]:
    needs: set[Capability] = set()
    if (body.get("tools") or body.get("functions")) and body.get("tool_choice") != "none":
        needs.add(Capability.TOOLS)
    if has_image(messages):
        needs.add(Capability.VISION)
    if body.get("think") and isinstance(body["think"], bool | str):
        needs.add(Capability.THINKING)
    return frozenset(needs) if needs else NO_NEEDS
