"""What schemas are built of means to a validator what it says."""

import pytest
from jsonschema import Draft202012Validator

from gearshift.dialects.schema import (
    MESSAGE_FIELDS,
    TEXT,
    TOOL_CALL,
    any_of,
    error_of,
    list_of,
    object_of,
    or_null,
    ref,
)


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        (object_of(("a",), a=TEXT), [{"a": ""}, {"a": "", "b": 1}], [{}, {"a": 1}]),
        (object_of(a=TEXT), [{}, {"a": ""}], [{"a": 1}]),
        (list_of(TEXT, minItems=1), [["a"]], [[], [1], "a"]),
        (or_null("string", "object"), [None, "a", {}], [1, []]),
        (error_of(TEXT, "An error."), [{"error": "a"}], [{}, {"error": {}}]),
    ],
)
def test_each_takes_what_it_says(schema, valid, invalid):
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert [value for value in valid if not validator.is_valid(value)] == []
    assert [value for value in invalid if validator.is_valid(value)] == []


def test_references_lead_into_the_document():
    assert ref("A") == {"$ref": "#/components/schemas/A"}
    assert any_of("A", "A") == ref("A")
    assert any_of("A", "B", "A") == {"anyOf": [ref("A"), ref("B")]}


def test_what_the_fields_of_messages_refer_to_is_there():
    assert MESSAGE_FIELDS["tool_calls"]["items"] == ref(*TOOL_CALL)
