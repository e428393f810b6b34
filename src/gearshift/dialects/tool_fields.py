"""What stands in a message beside its content, checked: tool calls, names and ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gearshift.dialects.body import OBJECTS, TEXT, Rule, check_fields, refuse
from gearshift.errors import UntranslatableError
from gearshift.types import JsonObject

TOOL_FIELDS: Final[dict[str, Rule]] = {
    "name": TEXT,
    "reasoning_content": TEXT,
    "tool_call_id": TEXT,
    "tool_calls": OBJECTS,
}


def check_tool_fields(message: Mapping[str, Any], where: str) -> None:
    """Refuse tool calls that name no function, and names and ids that are no strings.

    Raises:
        RequestError: 400 naming the field.
    """
    check_fields(message, TOOL_FIELDS, f"{where}.")
    for index, call in enumerate(message.get("tool_calls") or ()):
        check_fields(call, {"id": TEXT, "type": TEXT}, f"{where}.tool_calls.{index}.")
        function = call.get("function")
        if (call.get("type") or "function") == "function" and not (
            isinstance(function, dict) and isinstance(function.get("name"), str)
        ):
            raise refuse(f"{where}.tool_calls.{index}.function", "must be an object with a name")


def functions_only(tools: Sequence[JsonObject], server: str) -> Sequence[JsonObject]:
    """The tools, all of which are functions; others are run by the servers of their vendors.

    Args:
        tools: As the client named them.
        server: Who is to be told of them, in words.

    Raises:
        UntranslatableError: For a tool that another server cannot be told of.
    """
    for tool in tools:
        kind = tool.get("type") or "function"
        if kind != "function":
            raise UntranslatableError(f"{server} does not take tools of type {str(kind)[:40]!r}")
    return tools
