"""What stands in a message beside its content, checked: tool calls, names and ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gearshift.dialects.body import OBJECTS, TEXT, Rule, check_fields, refuse

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
