"""Input items in Responses' shape, read into the turns of a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gearshift.dialects.body import TEXT, check_fields, refuse
from gearshift.dialects.content import result_content
from gearshift.dialects.responses.parts import plain_content, result_parts, user_content
from gearshift.dialects.responses.tools import function_name, text_as_arguments
from gearshift.dialects.tool_calls import arguments_text
from gearshift.types import Json, JsonObject, Message

ROLES: Final = ("user", "assistant", "system", "developer")
_SYSTEM_ROLES: Final = ("system", "developer")
_BETWEEN: Final = "\n\n"
_OF_SERVERS: Final = frozenset(
    {
        *("web_search_call", "file_search_call", "code_interpreter_call", "computer_call"),
        *("computer_call_output", "image_generation_call", "tool_search_call"),
        *("tool_search_output", "mcp_list_tools", "mcp_call", "mcp_approval_request"),
        *("mcp_approval_response", "local_shell_call", "local_shell_call_output", "shell_call"),
        *("shell_call_output", "apply_patch_call", "apply_patch_call_output"),
    }
)
"""What other tools than functions did in earlier turns."""
_UNREADABLE: Final = {
    "item_reference": "refers to an item that is not kept; send the item itself",
    "compaction": "can only be read by the server that made it; send the conversation itself",
    "compaction_summary": "can only be read by the server that made it; send the conversation "
    "itself",
}


@dataclass(slots=True)
class _Turn:
    """One turn, with what has to follow it at once: the results of its calls.

    Attributes:
        texts: By field, in pieces: items without end may go on with one turn.
    """

    role: str
    texts: dict[str, list[str]] = field(default_factory=dict)
    parts: list[JsonObject] | None = None
    calls: list[JsonObject] = field(default_factory=list)
    results: list[Message] = field(default_factory=list)
    shown: list[JsonObject] = field(default_factory=list)  # images and files of the results

    @property
    def is_open(self) -> bool:
        """Whether the model may go on in it."""
        return self.role == "assistant" and not self.results

    def add(self, name: str, text: str) -> None:
        """Let a text of it go on."""
        self.texts.setdefault(name, []).append(text)

    def messages(self) -> Iterator[Message]:
        """The turn, unless nothing is said in it, and what follows it."""
        said: JsonObject = {"role": self.role, "content": ""}
        for name, pieces in self.texts.items():
            said[name] = _BETWEEN.join(filter(None, pieces))
        if self.parts is not None:
            said["content"] = self.parts
        if self.calls:
            said["tool_calls"] = self.calls
        if "content" in self.texts or self.parts is not None or self.calls:
            yield said
        yield from self.results
        if self.shown:
            yield {"role": "user", "content": self.shown}


def from_items(items: Json) -> list[Message]:
    """A conversation in OpenAI's chat shape.

    What a model said, thought and called at one go is one turn, and the results of its calls come
    right behind it, as chat templates demand.

    Raises:
        RequestError: 400 naming the field.
    """
    if items is None:
        raise refuse("input", "is missing; it must be a string or a list of items")
    if isinstance(items, str):
        return [{"role": "user", "content": items}]
    if not isinstance(items, list) or not items:
        raise refuse("input", "must be a string or a list of at least one item")
    reader = _Reader()
    for index, item in enumerate(items):
        reader.read(item, f"input.{index}")
    return [message for turn in reader.turns for message in turn.messages()]


class _Reader:
    """Reads items in their order.

    Attributes:
        turns: So far.
    """

    def __init__(self) -> None:
        self.turns: list[_Turn] = []
        self._callers: dict[str, _Turn] = {}  # by the ids of their calls
        self._readers: Mapping[str, Callable[[JsonObject, str], None]] = {
            "message": self._message,
            "reasoning": self._reasoning,
            "function_call": self._function_call,
            "custom_tool_call": self._custom_call,
            "function_call_output": self._result,
            "custom_tool_call_output": self._result,
        }

    def read(self, item: Json, where: str) -> None:
        """Take in one item."""
        if not isinstance(item, dict):
            raise refuse(where, "must be an object, such as a message with 'role' and 'content'")
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        if not isinstance(kind, str):
            raise refuse(f"{where}.type", "must be a string")
        if kind in _UNREADABLE:
            raise refuse(where, _UNREADABLE[kind])
        if kind in _OF_SERVERS:
            return
        reader = self._readers.get(kind)
        if reader is None:
            known = ", ".join(self._readers)
            raise refuse(f"{where}.type", f"is {kind[:40]!r}; it must be one of {known}")
        reader(item, where)

    def _message(self, item: JsonObject, where: str) -> None:
        role, content, place = item.get("role"), item.get("content"), f"{where}.content"
        if role not in ROLES:
            shown = f"is {role[:40]!r}" if isinstance(role, str) else "is missing or not a string"
            raise refuse(f"{where}.role", f"{shown}; it must be one of {', '.join(ROLES)}")
        if content is None:
            raise refuse(place, "is missing" if "content" not in item else "must not be null")
        if role == "assistant":
            self._add("content", plain_content(content, place, ""))
        elif role in _SYSTEM_ROLES:
            self._system(plain_content(content, place, _BETWEEN))
        else:
            self._asked(user_content(content, place))

    def _asked(self, content: str | list[JsonObject]) -> None:
        if isinstance(content, str):
            self.turns.append(_Turn("user", {"content": [content]}))
        else:
            self.turns.append(_Turn("user", parts=content))

    def _system(self, text: str) -> None:
        """A system prompt in several items is one, as most chat templates take but one."""
        if not self.turns or self.turns[-1].role != "system":
            self.turns.append(_Turn("system"))
        self.turns[-1].add("content", text)

    def _reasoning(self, item: JsonObject, where: str) -> None:
        """Thoughts, or the summary of them; encrypted ones can only be read by who made them."""
        for name in ("content", "summary"):
            parts = item.get(name)
            if parts is not None and not isinstance(parts, list):
                raise refuse(f"{where}.{name}", "must be a list of texts")
            if text := _BETWEEN.join(filter(None, texts_of_thoughts(parts or []))):
                self._add("reasoning_content", text)
                return

    def _function_call(self, item: JsonObject, where: str) -> None:
        arguments = item.get("arguments")
        if not isinstance(arguments, str | dict | None):
            raise refuse(f"{where}.arguments", "must be a string: a JSON object")
        self._call(item, where, arguments_text(arguments))

    def _custom_call(self, item: JsonObject, where: str) -> None:
        if not isinstance(item.get("input"), str):
            raise refuse(f"{where}.input", "must be a string")
        self._call(item, where, arguments_text(text_as_arguments(item["input"])))

    def _call(self, item: JsonObject, where: str, arguments: str) -> None:
        _check_texts(item, where, ("call_id", "name"))
        turn = self._speaking(may_go_on=True)
        self._callers[item["call_id"]] = turn
        name = function_name(item["name"], item.get("namespace"))
        function = {"name": name, "arguments": arguments}
        call = {"id": item["call_id"], "type": "function", "function": function}
        turn.calls.append(call)

    def _result(self, item: JsonObject, where: str) -> None:
        _check_texts(item, where, ("call_id",))
        if "output" not in item:
            raise refuse(f"{where}.output", "is missing; it must be a string or a list of parts")
        content, shown = result_parts(item["output"], f"{where}.output")
        turn = self._callers.get(item["call_id"])
        if turn is None:  # of a call that is not there
            turn = _Turn("tool")
            self.turns.append(turn)
        text = result_content({"content": content})
        turn.results.append({"role": "tool", "tool_call_id": item["call_id"], "content": text})
        turn.shown += shown

    def _add(self, name: str, text: str) -> None:
        """Let the model's turn go on; what it says twice are two turns, but not amid calls."""
        self._speaking(may_go_on=False).add(name, text)

    def _speaking(self, *, may_go_on: bool) -> _Turn:
        last = self.turns[-1] if self.turns else None
        if last and last.is_open and (may_go_on or last.calls or "content" not in last.texts):
            return last
        turn = _Turn("assistant")
        self.turns.append(turn)
        return turn


def texts_of_thoughts(parts: Sequence[Json]) -> Iterator[str]:
    """The texts of reasoning, whatever the type of its parts."""
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"]


def _check_texts(item: JsonObject, where: str, names: tuple[str, ...]) -> None:
    check_fields(item, dict.fromkeys((*names, "namespace"), TEXT), f"{where}.")
    for name in names:
        if not item.get(name):
            raise refuse(f"{where}.{name}", "is missing; it must be a string")
