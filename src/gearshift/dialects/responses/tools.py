"""Responses' tools, and the choice among them, as the functions that chats have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gearshift.dialects.body import FLAG, OBJECT, OBJECTS, TEXT, check_fields, refuse
from gearshift.dialects.tool_calls import arguments_object, call_id
from gearshift.types import Json, JsonObject

_LEFT_OUT: Final = ("web_search", "image_generation", "tool_search")
"""How the types of tools begin that agents offer with every request, needed or not."""
_MODES: Final = ("auto", "none", "required")
_LONGEST_NAME: Final = 64
_LONGEST_NAMESPACE: Final = 256  # which every function of it has in its own name
_INPUT: Final = "input"


class Tool(NamedTuple):
    """What a function of a chat stands for.

    Attributes:
        name: As its client knows it.
        namespace: In which it is, if in any.
        is_custom: It takes a text rather than arguments.
        given: The client's words.
    """

    name: str
    namespace: str | None
    is_custom: bool
    given: JsonObject

    @property
    def function(self) -> str:
        """Its name in a chat."""
        return function_name(self.name, self.namespace)


def function_name(name: str, namespace: Json = None) -> str:
    """The name of a function in a chat, where there are no namespaces.

    >>> function_name("open"), function_name("open", "files")
    ('open', 'files__open')
    """
    if not isinstance(namespace, str) or not namespace:
        return name
    full = f"{namespace}__{name}"
    if len(full) <= _LONGEST_NAME:
        return full
    return full[: _LONGEST_NAME - 10] + "_" + call_id(full)


def read_tools(tools: Sequence[JsonObject] | None) -> list[Tool]:
    """The tools that a model here can call.

    Those that OpenAI's servers run are left out where agents offer them with every request, and
    refused otherwise, since the answer would not be what was asked for.

    Raises:
        RequestError: 400 naming the field.
    """
    return [
        read
        for index, tool in enumerate(tools or ())
        for read in _read(tool, f"tools.{index}", None)
    ]


def _read(tool: JsonObject, where: str, namespace: str | None) -> Iterator[Tool]:
    check_fields(tool, {"type": TEXT, "name": TEXT, "description": TEXT}, f"{where}.")
    kind = tool.get("type") or "function"
    if _is_left_out(tool):
        return
    if kind not in ("function", "custom", "namespace"):
        raise refuse(
            f"{where}.type",
            f"is {kind[:40]!r}, a tool that only OpenAI's servers or models know; "
            "leave it out, or offer a function in its place",
        )
    if not tool.get("name"):
        raise refuse(f"{where}.name", "is missing; it must be a string")
    if kind == "namespace":
        check_fields(tool, {"tools": OBJECTS}, f"{where}.")
        if len(tool["name"]) > _LONGEST_NAMESPACE:
            raise refuse(f"{where}.name", f"must have at most {_LONGEST_NAMESPACE} characters")
        for index, inner in enumerate(tool.get("tools") or ()):
            if inner.get("type") == "namespace":
                raise refuse(f"{where}.tools.{index}.type", "must not be a namespace in another")
            yield from _read(inner, f"{where}.tools.{index}", tool["name"])
        return
    check_fields(tool, {"parameters": OBJECT, "strict": FLAG, "format": OBJECT}, f"{where}.")
    yield Tool(tool["name"], namespace, kind == "custom", tool)


def chat_tool(tool: Tool) -> JsonObject:
    """A tool as chats have it."""
    function: JsonObject = {"name": tool.function}
    if words := _description(tool):
        function["description"] = words
    if tool.is_custom:
        schema = {"type": "object", "properties": {_INPUT: {"type": "string"}}}
        function["parameters"] = {**schema, "required": [_INPUT], "additionalProperties": False}
    else:
        function["parameters"] = tool.given.get("parameters") or {"type": "object"}
        if tool.given.get("strict") is not None:
            function["strict"] = tool.given["strict"]
    return {"type": "function", "function": function}


def _description(tool: Tool) -> str:
    """Its own, and the grammar of what it takes, which no schema can demand."""
    words = tool.given.get("description") or ""
    form = tool.given.get("format") or {}
    grammar = form.get("definition")
    if not tool.is_custom or not isinstance(grammar, str):
        return words
    rule = f"The {_INPUT} follows this grammar ({form.get('syntax')}):\n{grammar}"
    return f"{words}\n\n{rule}".strip()


def active_tools(tools: Sequence[JsonObject]) -> list[JsonObject]:
    """A client's tools as an answer tells them: without those that were left out."""
    return [_told(tool) for tool in tools if not _is_left_out(tool)]


def _told(tool: JsonObject) -> JsonObject:
    """A tool with no more than belongs to it."""
    kind, words = tool.get("type") or "function", tool.get("description")
    told = {"type": kind, "name": tool.get("name"), "description": words}
    if kind == "namespace":
        told["description"] = words or ""
        return {**told, "tools": active_tools(tool.get("tools") or ())}
    if kind == "function":
        return {**told, "parameters": tool.get("parameters"), "strict": tool.get("strict")}
    form = tool.get("format") or {}
    kept = {name: form[name] for name in ("type", "syntax", "definition") if _is_text(form, name)}
    return {**told, "format": kept or {"type": "text"}}


def _is_left_out(tool: JsonObject) -> bool:
    return str(tool.get("type")).startswith(_LEFT_OUT)


def _is_text(form: Mapping[str, Any], name: str) -> bool:
    return isinstance(form.get(name), str)


def text_as_arguments(text: str) -> JsonObject:
    """What a custom tool was given, as arguments of the function that stands for it."""
    return {_INPUT: text}


def arguments_as_text(arguments: str) -> str:
    """The same back; arguments of another shape as they are."""
    read = arguments_object(arguments)
    text = (read or {}).get(_INPUT)
    if isinstance(text, str):
        return text
    return "" if read == {} else arguments


def choose(choice: Json, tools: Sequence[Tool]) -> tuple[Json, list[Tool]]:
    """The choice as chats have it, and the tools that may be called.

    Raises:
        RequestError: 400 naming the field.
    """
    chosen: Json
    offered = list(tools)
    by_name = {tool.name: tool for tool in tools} | {tool.function: tool for tool in tools}
    if choice is None or (isinstance(choice, str) and choice in _MODES):
        chosen = choice
    elif isinstance(choice, str):
        raise refuse("tool_choice", f"must be an object, or one of {', '.join(_MODES)}")
    elif choice.get("type") == "allowed_tools":
        offered = _allowed(choice, offered, by_name)
        chosen = choice.get("mode") or "auto"
        if chosen not in _MODES:
            raise refuse("tool_choice.mode", f"must be one of {', '.join(_MODES)}")
    else:
        name = _chosen(choice, "tool_choice", by_name).function
        chosen = {"type": "function", "function": {"name": name}}
    if chosen == "required" and not offered:
        raise refuse("tool_choice", "is 'required', but there is no tool that could be called here")
    return chosen, offered


def _allowed(
    choice: JsonObject, offered: Sequence[Tool], by_name: Mapping[str, Tool]
) -> list[Tool]:
    check_fields(choice, {"tools": OBJECTS}, "tool_choice.")
    allowed = {
        _chosen(tool, f"tool_choice.tools.{index}", by_name).function
        for index, tool in enumerate(choice.get("tools") or ())
        if not _is_left_out(tool)
    }
    return [tool for tool in offered if tool.function in allowed]


def _chosen(choice: JsonObject, where: str, by_name: Mapping[str, Tool]) -> Tool:
    kind, name = choice.get("type"), choice.get("name")
    if kind not in ("function", "custom"):
        shown = f"is {kind[:40]!r}" if isinstance(kind, str) else "is missing or not a string"
        raise refuse(f"{where}.type", f"{shown}; it must be 'function' or 'custom' here")
    if isinstance(choice.get("function"), dict):  # as chats have it
        name = choice["function"].get("name")
    if not isinstance(name, str) or not name:
        raise refuse(f"{where}.name", "is missing; it must be the name of a tool")
    tool = by_name.get(function_name(name, choice.get("namespace")))
    if tool is None:
        raise refuse(f"{where}.name", f"is {name[:40]!r}, which is none of 'tools'")
    return tool
