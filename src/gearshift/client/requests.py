"""Chat requests that come from Python instead of a client: made, and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from gearshift import registry
from gearshift.constants.model_constants import AUTO_MODEL
from gearshift.errors import RequestError
from gearshift.types import ChatRequest, Message, Operation

# Characters per token of English text; languages with denser scripts have fewer, which only
# makes the estimate of what fits into a context too optimistic, never too strict.
_CHARACTERS_PER_TOKEN: Final = 4


def chat_request(
    messages: str | Sequence[Message],
    *,
    model: str = AUTO_MODEL,
    tier: str | None = None,
    stream: bool = False,
    options: Mapping[str, Any] | None = None,
) -> ChatRequest:
    """A request as if an OpenAI client had sent it, so that one parser checks them all.

    Raises:
        RequestError: It cannot be written as JSON, or a client could not have sent it.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    dialect = registry.find("client_dialects", "openai")()
    body = {**(options or {}), "model": model, "messages": messages, "stream": stream}
    try:
        raw = orjson.dumps(body)
    except TypeError as error:
        raise RequestError(f"the request cannot be written as JSON: {error}") from error
    request: ChatRequest = dialect.parse(Operation.CHAT, raw)
    return request if tier is None else replace(request, forced_tier=tier)


def scored_messages(request: ChatRequest) -> Sequence[Message]:
    """What a scorer reads of a request: its conversation.

    Where a completion has a `suffix`, the text stands between marks around the gap, as models write
    it, so that one reading knows all requests to fill in a gap.
    """
    suffix = request.options.get("suffix")
    if not suffix or request.operation is not Operation.COMPLETION:
        return request.messages
    *before, last = request.messages or [{"role": "user", "content": ""}]
    before_gap = last.get("content") if isinstance(last.get("content"), str) else ""
    text = f"<|fim_prefix|>{before_gap}<|fim_suffix|>{suffix}<|fim_middle|>"
    return [*before, {"role": "user", "content": text}]


def estimated_tokens(messages: Sequence[Message]) -> int:
    """Roughly how long a conversation is."""
    characters = sum(_characters(message.get("content")) for message in messages)
    return characters // _CHARACTERS_PER_TOKEN


def _characters(content: Any) -> int:
    if isinstance(content, str):
        return len(content)
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return sum(len(text) for text in texts if isinstance(text, str))
    return 0
