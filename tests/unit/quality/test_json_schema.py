"""Schemas are programs of strangers: they decide, or nobody can tell, and nothing else happens."""

import socket
import threading
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift import extras
from gearshift.errors import MissingExtraError
from gearshift.quality import json_schema
from gearshift.quality.json_schema import fits

CITY = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "people": {"minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "schema", "fit"),
    [
        ({"name": "Kiel", "people": 3}, CITY, True),
        ({"name": "kiel"}, CITY, False),
        ({"people": 3}, CITY, False),
        ({"name": "Kiel", "mayor": "X"}, CITY, False),
        ({"name": "Kiel", "people": -1}, CITY, False),
        ([1, 2], {"uniqueItems": True}, True),
        ([1, 1.0], {"uniqueItems": True}, False),
        ([1, True, "1", [1], [True], {"a": 1}, {"a": True}], {"uniqueItems": True}, True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}], {"uniqueItems": True}, False),
        ([1, 1], {"uniqueItems": False}, True),
        ({"x1": 1, "y": "a"}, {"patternProperties": {"^x": {"type": "integer"}}}, True),
        ({"x1": "a"}, {"patternProperties": {"^x": {"type": "integer"}}}, False),
        (
            {"x1": 1, "y": 2},
            {"patternProperties": {"^x": {}}, "additionalProperties": {"type": "string"}},
            False,
        ),
        ({"a": {"a": {"b": 1}}}, {"properties": {"a": {"$ref": "#"}, "b": False}}, False),
        ({"a": {"a": {}}}, {"$defs": {"n": {"type": "object"}}, "$ref": "#/$defs/n"}, True),
        (5, {"anyOf": [{"type": "string"}, {"const": 5}]}, True),
        ([1, "a"], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, True),
        ({"a": 1, "b": 2}, {"properties": {"a": {}}, "unevaluatedProperties": False}, False),
        (
            {"type": 1, "required": 2, "enum": 3},
            {"properties": {"type": {"type": "integer"}}},
            True,
        ),
        ("x", True, None),  # no mapping
        (5, {"pattern": "^a"}, True),
        ("ba", {"pattern": "^a"}, False),
        ([1], {"patternProperties": {"^x": False}, "additionalProperties": False}, True),
        ({"ax": 1, "x": 1}, {"patternProperties": {"^x": {"type": "string"}}}, False),
        ({"a": 1, "b": 2}, {"additionalProperties": False, "properties": {"a": {}}}, False),
        ({"a": 1, "b": 2}, {"additionalProperties": True, "properties": {"a": {}}}, True),
        ({"a": 1, "b": "2"}, {"additionalProperties": {"type": "integer"}}, False),
        ({"a": 1, "b": 2}, {"additionalProperties": {"type": "integer"}}, True),
        ({"a": 1}, {"additionalProperties": False}, False),
        (
            {"x": 1, "y": 2},
            {"patternProperties": {"^z": {}, "^[xy]": {}}, "additionalProperties": False},
            True,
        ),
        ({"a": [1, 1]}, {"uniqueItems": True}, True),
        ([[1, 2], [2, 1], [1], [True, 2]], {"uniqueItems": True}, True),
        ([[1, 2], [1.0, 2]], {"uniqueItems": True}, False),
        ([True, 1, False, 0, "1", None], {"uniqueItems": True}, True),
        ([True, True], {"uniqueItems": True}, False),
        ([False, False], {"uniqueItems": True}, False),
        ([{}, []], {"uniqueItems": True}, True),
        ([[], []], {"uniqueItems": True}, False),
        ([{}, {}], {"uniqueItems": True}, False),
        ([{"a": 1}, {"a": 2}, {"b": 1}], {"uniqueItems": True}, True),
        ({"a": 1}, {"allOf": [{"$schema": "http://json-schema.org/draft-07/schema#"}]}, None),
        ({"a": 1}, {"unevaluatedProperties": {}, "patternProperties": {}}, None),
        ({"a": 1}, {"unevaluatedProperties": {}, "not": {"patternProperties": {}}}, None),
        ({"a": 1}, {"unevaluatedProperties": {}, "allOf": [{"patternProperties": {}}]}, None),
        ({"a": 1}, {"$schema": "https://json-schema.org/draft/2020-12/schema"}, True),
        ("w", {"pattern": r"\pL{200}"}, None),  # takes more memory than a pattern may
    ],
)
def test_what_fits_and_what_does_not(value, schema, fit):
    assert fits(value, schema) is fit


@pytest.mark.parametrize(
    "draft",
    ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"],
)
def test_the_draft_that_a_schema_names_counts(draft):
    pair = {"$schema": draft, "items": [{"type": "integer"}, {"type": "string"}]}
    assert fits([1, "a"], pair) is True
    assert fits(["a", 1], pair) is False
    if "draft-04" in draft:
        assert fits(5, {"$schema": draft, "maximum": 5, "exclusiveMaximum": True}) is False


def least(monkeypatch, name, value, schema, most=2_000):
    """The smallest bound of a name under which it can be told whether a value fits."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        monkeypatch.setattr(json_schema, name, middle)
        low, high = (middle + 1, high) if fits(value, schema) is None else (low, middle)
    return low


@pytest.mark.parametrize(
    ("value", "schema", "steps"),
    [
        (1, {}, 0),
        (1, {"type": "integer"}, 1),
        ("x" * 997, {"type": "string"}, 1),
        ("x" * 998, {"type": "string"}, 2),
        ([1, 1], {"items": {"type": "integer"}}, 3),
        ({"a": {"a": 1}}, {"properties": {"a": {"properties": {"a": {}}}}}, 2),
        ("a", {"enum": ["x" * 10, "a"]}, 2),  # 2 + 2 + 12 + 2 + 3 characters
        ("a", {"enum": ["x" * 9, "a"]}, 2),
        ("a", {"enum": ["x" * 8, "a"]}, 1),
        ("a", {"const": "a" * 18}, 2),
        ({"a" * 14: 1}, {"required": ["a" * 14]}, 2),
        ({"a" * 13: 1}, {"required": ["a" * 13]}, 1),
        (1, {"anyOf": [{"title": "x" * 80}, {}]}, 1),
        (1, {"anyOf": [{"title": "x" * 90}, {}]}, 2),
        ("a" * 97, {"pattern": "a" * 97}, 2),
        ("a" * 100, {"pattern": "a" * 97}, 2),
        ("a" * 100, {"pattern": "a" * 100}, 4),  # 10,000 by characters that are compared
        (1, {"anyOf": [{"title": "x" * 85}]}, 2),  # 2 + 2 + 2 + 7 + 87 characters
        (["x" * 14], {"uniqueItems": True}, 2),  # 2 + 2 + 16
        ({"ab": 1}, {"patternProperties": {"a": {}, "b": {}, "c": {}}}, 4),
        ({"ab": 1}, {"patternProperties": {"a": {}}, "additionalProperties": False}, 4),
        ([1, 2], {"uniqueItems": True}, 2),  # 2 + 2 * (2 + 8) characters
        ([1], {"uniqueItems": True}, 1),
        ([True, True], {"uniqueItems": False}, 1),
    ],
)
def test_every_step_is_counted(monkeypatch, value, schema, steps):
    assert least(monkeypatch, "_STEPS", value, schema) == steps


@pytest.mark.parametrize(
    ("part", "characters"),
    [
        ("", 2),
        ("abc", 5),
        (1, 8),
        (None, 8),
        ([], 2),
        ({}, 2),
        (["abc", 1], 2 + 2 + 5 + 2 + 8),
        ({"abc": 1}, 2 + 5 + 8),
        ({"a": ["b"], "c": {}}, 2 + 3 + 2 + 2 + 3 + 3 + 2),
    ],
)
def test_names_count_as_much_as_what_they_name(monkeypatch, part, characters):
    def told(bound, name):
        whole = {"value": 1_000, "schema": 1_000, name: bound}
        monkeypatch.setattr(json_schema, "_MOST_CHARACTERS", whole)
        return fits(part, {}) if name == "value" else fits(1, {"title": part})

    assert told(characters, "value") is True
    assert told(characters - 1, "value") is None
    assert told(characters + 2 + 7, "schema") is True
    assert told(characters + 2 + 6, "schema") is None


@pytest.mark.parametrize(("levels", "fit"), [(63, True), (64, None)])
@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"a": one}])
def test_what_is_nested_too_deeply_is_not_looked_at(levels, fit, wrap):
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    assert fits(value, {}) is fit


@pytest.mark.parametrize(("length", "fit"), [(1_000, True), (1_001, None)])
def test_a_pattern_has_at_most_a_thousand_characters(length, fit):
    assert fits("a" * 1_001, {"pattern": "a" * length}) is fit
    assert fits({"a" * 1_001: 1}, {"patternProperties": {"a" * length: {}}}) is fit


@pytest.mark.parametrize(("seconds", "fit"), [(3.0, True), (3.01, None)])
def test_so_many_seconds_of_its_own_work_and_no_more(monkeypatch, seconds, fit):
    times = iter([100.0, 100.0 + seconds])
    monkeypatch.setattr(time, "thread_time", lambda: next(times))
    assert fits(1, {"type": "integer"}) is fit


def nested(depth, key, inner):
    schema = inner
    for _ in range(depth):
        schema = {key: [schema, schema]}
    return schema


def doubling(keyword, leaf, levels=30):
    """References of which each is two of the next."""
    steps = {
        f"s{level}": {keyword: [{"$ref": f"#/$defs/s{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$defs": {**steps, f"s{levels}": leaf}, "$ref": "#/$defs/s0"}


BOMBS: dict[str, dict[str, Any]] = {
    "reference to itself": {"$ref": "#"},
    "references in a circle": {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        "$ref": "#/$defs/a",
    },
    "all of doubled": doubling("allOf", {"type": "object"}),
    "any of doubled": doubling("anyOf", {"type": "string"}),
    "one of doubled": doubling("oneOf", {"type": "string"}),
    "dependent": {
        "dependentSchemas": {"a": {"$ref": "#", "dependentSchemas": {"a": {"$ref": "#"}}}}
    },
    "unevaluated": {
        "allOf": [{"$ref": "#"}, {"$ref": "#"}],
        "unevaluatedProperties": {"$ref": "#"},
    },
    "deep": {"not": nested(80, "allOf", {})},
    "large": {"enum": ["x" * 100] * 2_000},
    "long pattern": {"properties": {"w": {"pattern": "a" * 5_000}}},
    "repeated repetition": {"properties": {"w": {"pattern": "((a{1,500}){1,500}){1,500}"}}},
    "pattern that is none": {"properties": {"w": {"pattern": "("}}},
    "pattern that only Python knows": {"properties": {"w": {"pattern": r"(?=a)(a)\1"}}},
    "draft within": {"properties": {"w": {"$schema": "http://json-schema.org/draft-07/schema#"}}},
    "type that there is not": {"type": "no such type"},
    "required is a text": {"required": "ab"},
    "properties are a list": {"properties": ["a"]},
    "any of nothing of the kind": {"anyOf": {"a": 1}},
    "schema is a number": {"properties": {"a": 7}},
    "address": {"$ref": "http://127.0.0.1:9/schema"},
    "file": {"$ref": "file:///etc/passwd"},
    "relative": {"$id": "http://127.0.0.1:9/", "$ref": "other"},
    "dynamic": {"$dynamicRef": "http://127.0.0.1:9/#x"},
    "odd draft": {"$schema": ["x"]},
}


def test_without_the_library_nothing_is_said_of_a_value_and_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "jsonschema" else name)
    words = r"a check of JSON against a schema.*gearshift\[quality\]"
    with pytest.raises(MissingExtraError, match=words):
        fits({}, {})


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", BOMBS)
def test_nobody_can_tell(name, monkeypatch):
    monkeypatch.setattr(json_schema, "_STEPS", 4_000)
    assert fits({"a": {"a": 1}, "w": "a" * 2_000 + "!"}, BOMBS[name]) is None


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^([a-z]+)*[0-9]$", "(x+x+)+y"]
)
@pytest.mark.parametrize("where", ["pattern", "name", "additional"])
def test_a_catastrophic_pattern_takes_no_time(pattern, where):
    words = "a" * 5_000 + "!"
    schemas: dict[str, dict[str, Any]] = {
        "pattern": {"properties": {"w": {"pattern": pattern}}},
        "name": {"patternProperties": {pattern: False}},
        "additional": {"patternProperties": {pattern: {}}, "additionalProperties": True},
    }
    fit = fits({"w": words, words: 1}, schemas[where])
    assert fit in (True, False)
    assert fits({"w": words}, {"propertyNames": {"pattern": pattern}}) in (True, False)


@pytest.mark.timeout(60)
def test_a_value_that_makes_a_small_schema_costly_is_given_up(monkeypatch):
    items = [f"x{number}" if number % 2 else number for number in range(10_000)]
    assert fits(items, {"uniqueItems": True}) is True
    monkeypatch.setattr(json_schema, "_STEPS", 4_000)
    assert fits(items, {"items": {"enum": list(range(-1_000, 0))}}) in (False, None)
    everything = {"items": {"oneOf": [True] * 1_000}}
    assert fits(list(range(4_000)), everything) in (False, None)
    some = {"items": {"anyOf": [{"const": str(number)} for number in range(500)] + [{}]}}
    assert fits(list(range(4_000)), some) is None


def test_nothing_is_fetched_and_no_pattern_is_pythons(monkeypatch):
    """A server that counts who comes; nobody does."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    server.settimeout(0.05)
    address = f"http://127.0.0.1:{port}/latest/meta-data"
    schemas: tuple[dict[str, Any], ...] = (
        {"$ref": address},
        {"$schema": address, "$ref": "#/x"},
        {"properties": {"a": {"$ref": address}}},
        {"$id": address, "allOf": [{"$ref": "/other"}]},
        {"$dynamicRef": address},
        {"$schema": "http://json-schema.org/draft-04/schema#", "$ref": address},
        {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": address},
    )
    for schema in schemas:
        fits({"a": 1}, schema)
    with pytest.raises(TimeoutError):
        server.accept()
    server.close()
    monkeypatch.setattr("re.search", lambda *_: pytest.fail("a pattern reached Python's re"))
    monkeypatch.setattr(jsonschema._keywords.re, "search", lambda *_: pytest.fail("re"))
    assert fits({"ab": "a"}, {"patternProperties": {"^a": {"pattern": "b"}}}) is False


def test_the_usual_is_within_the_bounds():
    rows = [{"id": number, "name": f"name {number}", "tags": ["a", "b"]} for number in range(400)]
    row = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string", "minLength": 1},
            "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True},
        },
        "required": ["id", "name", "tags"],
        "additionalProperties": False,
    }
    assert fits(rows, {"type": "array", "items": {"$ref": "#/$defs/row"}, "$defs": {"row": row}})


def test_threads_do_not_spend_each_others_budget(monkeypatch):
    monkeypatch.setattr(json_schema, "_STEPS", 300)
    small = {"items": {"type": "integer"}}
    said = []
    threads = [
        threading.Thread(target=lambda: said.append(fits(list(range(100)), small)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [True] * 8


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", "integer", "boolean", "null"]),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "required": st.lists(st.text("ab", max_size=2), max_size=2, unique=True),
        "minItems": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$", "a+b"]),
    },
)
SCHEMAS = st.recursive(
    PLAIN,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "type": st.just("object"),
        },
    ),
    max_leaves=6,
)


@settings(max_examples=30, deadline=None)
@given(VALUES, SCHEMAS)
def test_it_says_what_the_library_says(value, schema):
    assert fits(value, schema) is jsonschema.Draft202012Validator(schema).is_valid(value)
