"""Requests of other dialects, or made in Python, in OpenAI's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gearshift.dialects.body import encode
from gearshift.dialects.openai.request import ROLES
from gearshift.dialects.tool_calls import with_accepted_ids
from gearshift.dialects.tool_fields import functions_only
from gearshift.types import ChatRequest, JsonObject, Message, Operation

NOTHING: Final[frozenset[str]] = frozenset()
# What `/completions` takes; a chat takes more.
_OF_TEXTS: Final = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "repeat_penalty",
        "presence_penalty",
        "frequency_penalty",
        "max_tokens",
        "seed",
        "stop",
        "suffix",
    }
)
# A switch of Granite's template in Ollama; other templates pass over it without a word.
_SWITCH_ROLE: Final = "control"


def is_text_completion(request: ChatRequest) -> bool:
    """Whether an OpenAI upstream is to continue a text rather than to answer a chat."""
    return request.operation is Operation.COMPLETION and not request.is_templated


def write(request: ChatRequest, model: str, left_out: frozenset[str] = NOTHING) -> bytes:
    """The body anew: for a request of another dialect, or one that was not raw bytes.

    Args:
        request: What is asked.
        model: Of whom.
        left_out: Fields that the upstream has refused. Only what is translated is sent without
            them; a request in OpenAI's own dialect has them from its client.

    Raises:
        UntranslatableError: For tools that only their vendor's servers can run.
    """
    body = _own(request) if request.dialect == "openai" else _translated(request, left_out)
    return encode({"model": model, **body} | {"model": model})


def _own(request: ChatRequest) -> JsonObject:
    body: JsonObject = dict(request.body or request.options)
    if not is_text_completion(request):
        body["messages"] = list(request.messages)
    elif "prompt" not in body:
        body["prompt"] = _prompt_of(request.messages)
    if request.stream:
        return body | {"stream": True}
    return {k: v for k, v in body.items() if k not in ("stream", "stream_options")}


def _translated(request: ChatRequest, left_out: frozenset[str]) -> JsonObject:
    is_text = is_text_completion(request)
    given = request.options
    body: JsonObject = {k: v for k, v in given.items() if not is_text or k in _OF_TEXTS}
    if is_text:
        body["prompt"] = _prompt_of(request.messages)
    else:
        body["messages"] = _messages(request.messages, left_out)
        functions_only(given.get("tools") or (), "an OpenAI-compatible server")
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if "max_tokens" in left_out and "max_tokens" in body:  # what newer models call it
        body["max_completion_tokens"] = body["max_tokens"]
    return {name: value for name, value in body.items() if name not in left_out}


def _messages(messages: Sequence[Message], left_out: frozenset[str]) -> list[Message]:
    kept = [message for message in messages if _role(message) != _SWITCH_ROLE]
    return [_message(message, left_out) for message in with_accepted_ids(kept)]


def _message(message: Message, left_out: frozenset[str]) -> Message:
    """One turn with a role that OpenAI knows."""
    role = _role(message)
    return {
        **{k: v for k, v in message.items() if k not in left_out},
        "role": role if role in ROLES else "user",
    }


def _role(message: Mapping[str, Any]) -> str:
    return str(message.get("role", "")).lower()


def _prompt_of(messages: Sequence[Message]) -> str:
    contents = (message.get("content") for message in messages)
    return "\n\n".join(content for content in contents if isinstance(content, str))
