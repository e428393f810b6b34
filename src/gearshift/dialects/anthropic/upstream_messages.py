"""Conversations in OpenAI's shape, written in Anthropic's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gearshift.dialects.call_parts import PARTS_OF_CALLS, with_calls_outside
from gearshift.dialects.content import is_reasoning, said_in, visible_text
from gearshift.dialects.images import as_base64, as_url, image_url
from gearshift.dialects.tool_calls import arguments_object, call_in_words, with_accepted_ids
from gearshift.errors import UntranslatableError
from gearshift.types import Json, JsonObject, Message

ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""Of the calls that Anthropic takes."""

_SYSTEM: Final = ("system", "developer")
_RESULTS: Final = ("tool", "function")
_SWITCH_ROLE: Final = "control"  # of Granite's template in Ollama
_DATA_URL: Final = re.compile(r"data:([^;,]*)", re.IGNORECASE)
# Neither a conversation that begins with an answer nor an empty turn is taken.
_PLACEHOLDER: Final = {"type": "text", "text": "."}


def to_anthropic(messages: Sequence[Message]) -> tuple[str, list[JsonObject]]:
    """The system prompt, and turns by user and assistant in alternation.

    All system texts stand before the conversation, wherever they were; what a model thought is
    left out, because Anthropic takes only thoughts that it has signed.

    Raises:
        UntranslatableError: For what a user shows and Anthropic cannot be told.
    """
    given = [m for m in with_calls_outside(messages) if _role(m) != _SWITCH_ROLE]
    system = [said_in(message)[0] for message in given if _role(message) in _SYSTEM]
    others = [message for message in given if _role(message) not in _SYSTEM]
    turns = _alternating(_turns(with_accepted_ids(others, ID)))
    if not others and any(system):  # nothing but a system prompt: it is what is asked
        return "", [{"role": "user", "content": _joined(system)}]
    return _joined(system), [_plain(turn) for turn in turns]


def unable(what: str) -> UntranslatableError:
    """The error that says what Anthropic has no words for."""
    return UntranslatableError(f"Anthropic does not take {what}")


def _turns(messages: Sequence[Message]) -> Iterator[tuple[str, list[JsonObject]]]:
    """Each turn as a role and blocks; a result whose call is not told as one is a text."""
    open_ids: set[str] = set()
    for message in messages:
        role = _role(message)
        if role == "assistant":
            blocks = _answer(message)
            open_ids = {block["id"] for block in blocks if block["type"] == "tool_use"}
            yield "assistant", blocks
        elif role in _RESULTS:
            given = message.get("tool_call_id")
            content = _question(message.get("content"))
            if given in open_ids:
                open_ids.discard(given)
                result: JsonObject = {"type": "tool_result", "tool_use_id": given}
                yield "user", [{**result, "content": content} if content else result]
            else:
                yield "user", content
        else:
            yield "user", _question(message.get("content"))


def _alternating(turns: Iterator[tuple[str, list[JsonObject]]]) -> list[JsonObject]:
    """Turns without empty ones, no role twice in a row, results first, the first one a user's."""
    merged: list[JsonObject] = []
    for role, blocks in turns:
        if not blocks:
            continue
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] += blocks
        else:
            merged.append({"role": role, "content": list(blocks)})
    for turn in merged:
        turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    if not merged or merged[0]["role"] != "user":
        merged.insert(0, {"role": "user", "content": [_PLACEHOLDER]})
    if merged[-1]["role"] == "assistant":
        _trim(merged)
    return merged


def _plain(turn: JsonObject) -> JsonObject:
    """A turn of one text as nothing but that."""
    blocks = turn["content"]
    is_text = len(blocks) == 1 and blocks[0]["type"] == "text"
    return {**turn, "content": blocks[0]["text"]} if is_text else turn


def _trim(turns: list[JsonObject]) -> None:
    """A beginning of the answer must not end in blanks."""
    blocks = turns[-1]["content"]
    if blocks[-1]["type"] != "text":
        return
    text = blocks[-1]["text"].rstrip()
    blocks[-1:] = [_text_block(text)] if text else []
    if not blocks:
        del turns[-1]


def _answer(message: Message) -> list[JsonObject]:
    """What a model said and called; a call whose arguments are no object is the text it was."""
    words, calls = [said_in(message)[0]], []
    for call in message.get("tool_calls") or ():
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        name, arguments = function.get("name"), arguments_object(function.get("arguments"))
        if arguments is None or not isinstance(name, str) or not name:
            words.append(call_in_words(str(name or ""), function.get("arguments")))
        else:
            calls.append({"type": "tool_use", "id": call["id"], "name": name, "input": arguments})
    return [*_text_blocks("".join(words)), *calls]


def _question(content: Json) -> list[JsonObject]:
    """What a user, or a tool, says and shows."""
    if content is None or isinstance(content, str):
        return _text_blocks(content or "")
    return [block for part in content for block in _part(part)]


def _part(part: JsonObject) -> list[JsonObject]:
    if isinstance(part, str):
        return _text_blocks(part)
    if (image := image_url(part)) is not None:
        return [{"type": "image", "source": _source(as_url(image))}]
    if is_reasoning(part) or part.get("type") in PARTS_OF_CALLS:
        return []
    if part.get("type") == "file":
        return [_document(part)]
    if (shown := visible_text(part)) is not None:
        return _text_blocks(shown)
    raise unable(f"content of type {str(part.get('type'))[:40]!r}")


def _source(url: str) -> JsonObject:
    match = _DATA_URL.match(url)
    data = as_base64(url)
    if match is None or data is None:
        return {"type": "url", "url": url}
    kind = match[1].lower().replace("image/jpg", "image/jpeg")
    return {"type": "base64", "media_type": kind, "data": data}


def _document(part: JsonObject) -> JsonObject:
    file = part.get("file")
    file = file if isinstance(file, dict) else {}
    data = file.get("file_data")
    if not isinstance(data, str) or not _DATA_URL.match(data):
        raise unable("files that are not in the request; send 'file_data' as a data URL")
    block: JsonObject = {"type": "document", "source": _source(data)}
    name = file.get("filename")
    return {**block, "title": name} if isinstance(name, str) and name else block


def _text_blocks(text: str) -> list[JsonObject]:
    """A text as a block; of one that is blank, none, because Anthropic refuses it."""
    return [_text_block(text)] if text.strip() else []


def _text_block(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(text for text in texts if text.strip())


def _role(message: Message) -> str:
    return str(message.get("role", "")).lower()
