"""Tools and the choice among them, in Anthropic's words and in OpenAI's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gearshift.dialects.body import TEXT, check_fields, refuse
from gearshift.dialects.tool_fields import functions_only
from gearshift.types import Json, JsonObject

_OWN: Final = (None, "custom")
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}
_ANTHROPICS: Final = {theirs: ours for ours, theirs in _CHOICES.items()}


def tools_from_anthropic(
    tools: Sequence[JsonObject] | None, servers: Sequence[JsonObject] | None
) -> list[JsonObject]:
    """Functions as OpenAI has them.

    Tools that Anthropic's own servers run, and servers of tools that they would call, keep their
    type: an upstream that cannot be told of them is not asked.

    Raises:
        RequestError: 400 naming the field.
    """
    converted = [_tool(tool, f"tools.{index}") for index, tool in enumerate(tools or ())]
    return converted + [
        {"type": "mcp_server", "name": server.get("name")} for server in servers or ()
    ]


def _tool(tool: JsonObject, where: str) -> JsonObject:
    check_fields(tool, {"type": TEXT, "name": TEXT, "description": TEXT}, f"{where}.")
    if tool.get("type") == "":
        raise refuse(f"{where}.type", "must not be empty; leave it out for a tool of your own")
    if tool.get("type") not in _OWN:
        return tool
    if not tool.get("name"):
        raise refuse(f"{where}.name", "is missing; it must be a string")
    schema = tool.get("input_schema")
    if not isinstance(schema, dict):
        raise refuse(f"{where}.input_schema", "must be an object: a JSON Schema of the arguments")
    function = {"name": tool["name"], "parameters": schema}
    if tool.get("description"):
        function["description"] = tool["description"]
    if tool.get("strict") is not None:
        function["strict"] = tool["strict"]
    return {"type": "function", "function": function}


def choice_from_anthropic(choice: Json) -> JsonObject:
    """Which tools the model has to call, and whether several at once.

    Raises:
        RequestError: 400 naming the field.
    """
    if choice is None:
        return {}
    kind, name = choice.get("type"), choice.get("name")
    options: JsonObject = {}
    if kind == "tool":
        if not isinstance(name, str) or not name:
            raise refuse("tool_choice.name", "is missing; it must be the name of a tool")
        options["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif isinstance(kind, str) and kind in _CHOICES:
        options["tool_choice"] = _CHOICES[kind]
    else:
        raise refuse("tool_choice.type", "must be one of auto, any, tool, none")
    if choice.get("disable_parallel_tool_use") is True:
        options["parallel_tool_calls"] = False
    return options


def tools_to_anthropic(tools: Sequence[JsonObject]) -> list[JsonObject]:
    """OpenAI's functions as Anthropic has them.

    Raises:
        UntranslatableError: For a tool that only its vendor's servers can run.
    """
    return [_written(tool.get("function")) for tool in functions_only(tools, "Anthropic")]


def _written(function: Json) -> JsonObject:
    function = function if isinstance(function, dict) else {}
    schema = function.get("parameters")
    schema = schema if isinstance(schema, dict) else {}
    tool: JsonObject = {"name": function.get("name")}
    if function.get("description"):
        tool["description"] = function["description"]
    tool["input_schema"] = schema if schema.get("type") else {"type": "object", **schema}
    return {**tool, "strict": True} if function.get("strict") is True else tool


def choice_to_anthropic(choice: Json, parallel: Json) -> JsonObject:
    """The choice among tools; nothing where a request does not say, or says what nobody knows."""
    function = choice.get("function") if isinstance(choice, dict) else None
    written: JsonObject = {}
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        written = {"type": "tool", "name": function["name"]}
    elif isinstance(choice, str) and choice in _ANTHROPICS:
        written = {"type": _ANTHROPICS[choice]}
    if parallel is False and written.get("type") != "none":
        return {"type": "auto", **written, "disable_parallel_tool_use": True}
    return written
