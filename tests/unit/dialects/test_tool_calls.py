import itertools
import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.pieces import joined_calls
from gearshift.dialects.tool_calls import (
    CallPieces,
    accepted_id,
    arguments_object,
    arguments_text,
    call_id,
    pieces_in,
    with_accepted_ids,
)
from gearshift.types import ToolCall


def piece(arguments="", *, index=None, id=None, name=None):
    given = {"index": index, "id": id}
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {key: value for key, value in given.items() if value is not None} | {
        "function": function
    }


def called(*events):
    pieces = CallPieces()
    told = [call for event in events for call in pieces.read(event)]
    return [(call.id, call.name, call.arguments) for call in joined_calls(told)]


OSLO, UTC = '{"city":"Oslo"}', '{"tz":"UTC"}'
TWO = [("a1", "weather", OSLO), ("b2", "time", UTC)]


@pytest.mark.parametrize(
    "events",
    [
        # whole calls
        [
            [piece(OSLO, index=i, id="a1", name="weather")],
            [piece(UTC, index=j, id="b2", name="time")],
        ]
        for i, j in [(0, 1), (0, 0), (None, None), (1, 2), (1, 1), (0, None), (None, 0), (None, 1)]
    ]
    + [
        # in one event
        [[piece(OSLO, index=i, id="a1", name="weather"), piece(UTC, index=j, id="b2", name="time")]]
        for i, j in [(0, 1), (0, 0), (None, None), (5, 7)]
    ]
    + [
        # in fragments: only the first has id and name
        [
            [piece(index=i, id="a1", name="weather")],
            [piece(OSLO[:5], index=i)],
            [piece(OSLO[5:], index=i)],
            [piece(index=j, id="b2", name="time")],
            [piece(UTC[:5], index=j)],
            [piece(UTC[5:], index=j)],
        ]
        for i, j in [(0, 1), (0, 0), (None, None)]
    ]
    + [
        # every fragment has all
        [
            [piece(text, index=i, id=its_id, name=name)]
            for its_id, name, text in [
                ("a1", "weather", OSLO[:5]),
                ("a1", "weather", OSLO[5:]),
                ("a1", "weather", ""),
                ("b2", "time", UTC[:5]),
                ("b2", "time", UTC[5:]),
            ]
        ]
        for i in (0, None)
    ]
    + [
        # interleaved
        [
            [piece(index=i, id="a1", name="weather"), piece(index=j, id="b2", name="time")],
            [piece(OSLO[:5], index=i, id=a), piece(UTC[:5], index=j, id=b)],
            [piece(OSLO[5:], index=i, id=a)],
            [piece(UTC[5:], index=j, id=b)],
        ]
        for i, j, a, b in [
            (0, 1, None, None),
            (0, 1, "a1", "b2"),
            (0, 0, "a1", "b2"),
            (None, None, "a1", "b2"),
        ]
    ],
)
def test_two_calls_however_their_pieces_are_labelled(events):
    assert called(*events) == TWO


@pytest.mark.parametrize("index", [0, None])
@pytest.mark.parametrize("second", ["time", "weather"])
def test_a_name_after_complete_arguments_begins_another_call(index, second):
    whole = [[piece(OSLO, index=index, name="weather")], [piece(UTC, index=index, name=second)]]
    assert called(*whole) == [(None, "weather", OSLO), (None, second, UTC)]
    first, *rest = whole[0], [piece(index=index, name=second)], [piece(UTC, index=index)]
    assert called(first, *rest) == [(None, "weather", OSLO), (None, second, UTC)]


@pytest.mark.parametrize("index", [0, None])
def test_a_name_that_is_repeated_begins_nothing(index):
    fragments = [OSLO[:3], OSLO[3:8], OSLO[8:], ""]
    events = [[piece(text, index=index, name="weather")] for text in fragments]
    assert called(*events) == [(None, "weather", OSLO)]


@pytest.mark.parametrize("index", [0, None])
def test_an_id_made_up_for_every_piece_begins_nothing(index):
    events = [
        [piece(OSLO[:4], index=index, id="x0", name="weather")],
        [piece(OSLO[4:9], index=index, id="x1")],
        [piece(OSLO[9:], index=index, id="x2")],
        [piece("", index=index, id="x3")],
    ]
    assert called(*events) == [("x0", "weather", OSLO)]


@pytest.mark.parametrize("index", [0, None])
@pytest.mark.parametrize("later_id", ["a", None])
@pytest.mark.parametrize(
    "names", [("get_", "weather"), ("get_", "get_weather"), ("g", "et_weather")]
)
def test_a_name_in_parts_is_one_name(index, later_id, names):
    first, second = names
    begin, more = (
        piece(index=index, id="a", name=first),
        piece(index=index, id=later_id, name=second),
    )
    assert called([begin], [more], [piece(OSLO, index=index)]) == [("a", "get_weather", OSLO)]
    more["function"]["arguments"] = OSLO
    assert called([begin], [more]) == [("a", "get_weather", OSLO)]


def test_one_id_and_index_for_two_whole_calls():
    events = [[piece(OSLO, index=0, id="x", name="f")], [piece(UTC, index=0, id="x", name="g")]]
    assert called(*events) == [("x", "f", OSLO), ("x", "g", UTC)]


@pytest.mark.parametrize("given", [None, {"id": "a"}, [{"id": "a"}], [None, {"id": "a"}, 1]])
def test_a_list_of_calls_whatever_is_in_its_place(given):
    assert pieces_in({"tool_calls": given}) == ([{"id": "a"}] if given else [])


def test_a_call_without_the_object_around_name_and_arguments():
    flat = {"index": 0, "id": "a", "name": "f", "arguments": {"city": "Oslo"}}
    assert called([flat]) == [("a", "f", OSLO)]


def test_one_id_for_calls_with_indexes_of_their_own():
    events = [[piece(OSLO, index=0, id="x", name="f")], [piece(UTC, index=1, id="x", name="g")]]
    assert [call[1:] for call in called(*events)] == [("f", OSLO), ("g", UTC)]


def test_calls_without_arguments():
    events = [[piece(index=0, id="a", name="f")], [piece(index=0, id="b", name="g")]]
    assert called(*events) == [("a", "f", ""), ("b", "g", "")]
    assert called([piece("{}", name="f")], [piece("{}", name="f")]) == [(None, "f", "{}")] * 2


def test_a_name_is_told_once_and_numbers_follow_the_order():
    pieces = CallPieces()
    assert pieces.read([piece("{", index=3, id="a", name="f")]) == (ToolCall(0, "a", "f", "{"),)
    assert pieces.read([piece("}", index=3, id="a", name="f")]) == (ToolCall(0, None, None, "}"),)
    assert pieces.read([piece("{}", index=4, name="g")]) == (ToolCall(1, None, "g", "{}"),)


FRAGMENT = st.fixed_dictionaries(
    {},
    optional={
        "index": st.sampled_from([0, 1, -1, None, "0", True, 2**70]),
        "id": st.sampled_from(["a", "b", "", None, 7]),
        "function": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["f", "g", "", None, []]),
                "arguments": st.sampled_from(["{}", '{"a"', ":1}", "", None, {"a": 1}, 7]),
            },
        ),
    },
)


@given(st.lists(st.lists(FRAGMENT, max_size=3), max_size=6))
def test_nothing_that_is_said_is_lost(events):
    pieces = CallPieces()
    told = [call for event in events for call in pieces.read(event)]
    sent = [((p.get("function") or {}).get("arguments")) for event in events for p in event]
    texts = [orjson.dumps(a).decode() if isinstance(a, dict) else a for a in sent]
    assert [call.arguments for call in told] == [t if isinstance(t, str) else "" for t in texts]
    numbers = [call.index for call in told]
    assert sorted(set(numbers)) == list(range(len(set(numbers))))


# --- ids


@given(st.lists(st.text(max_size=4) | st.integers()))
def test_ids_suit_every_server_and_stay_the_same(names):
    made = call_id(*names)
    assert re.fullmatch("[0-9A-Za-z]{9}", made)
    assert made == call_id(*names)


def test_ids_differ():
    ids = {call_id(*pair) for pair in itertools.product(range(100), repeat=2)}
    assert len(ids) == 10_000


@pytest.mark.parametrize("given_id", ["call_1", "toolu_01", "a" * 24, "12345678é", ""])
def test_other_servers_ids_are_made_acceptable(given_id):
    made = accepted_id(given_id)
    assert re.fullmatch("[0-9A-Za-z]{9}", made)
    assert accepted_id(made) == made == accepted_id(given_id)


# --- arguments


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a":1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ("", {}),
        (" \n", {}),
        (None, {}),
        ("null", {}),
        ('"{\\"a\\":1}"', {"a": 1}),
        ('{"a":"\\ud83d"}', {"a": "\ufffd"}),
        ("no json", None),
        ('{"a":1}{"b":2}', None),
        ('{"a":', None),
        ("[1]", None),
        ([1], None),
        ("7", None),
    ],
)
def test_arguments_as_an_object(arguments, expected):
    assert arguments_object(arguments) == expected


def test_arguments_as_text():
    assert arguments_text('{"a": 1}') == '{"a": 1}'
    assert arguments_text({"a": 1}) == '{"a":1}'
    assert arguments_text(None) == "{}"
    deep: object = []
    for _ in range(400):
        deep = [deep]
    assert arguments_text({"x": deep}) == "{}"


def turn(*ids):
    calls = [{"id": i, "function": {"name": f"f{n}"}} for n, i in enumerate(ids)]
    return {"role": "assistant", "tool_calls": calls}


def result(its_id):
    return {"role": "tool", "tool_call_id": its_id, "content": "5"}


@pytest.mark.parametrize(
    "messages",
    [
        [turn("call_0"), result("call_0"), turn("call_0"), result("call_0")],
        [turn("abcdefgh0"), result("abcdefgh0"), turn("abcdefgh0"), result("abcdefgh0")],
        [turn("x", "x"), result("x"), result("x")],
        [turn("", ""), result(""), result(""), turn(""), result("")],
        [turn(None), result(None), turn("call_1", "call_2"), result("call_1"), result("call_2")],
    ],
)
def test_each_call_has_an_id_of_its_own_and_results_have_it_too(messages):
    written = with_accepted_ids(messages)
    ids = [call["id"] for message in written for call in message.get("tool_calls", ())]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9A-Za-z]{9}", its_id) for its_id in ids)
    assert [m["tool_call_id"] for m in written if m["role"] == "tool"] == ids
    assert with_accepted_ids(messages[:2])[:2] == written[:2]  # the same in every turn


def test_results_that_answer_nothing_stay_so():
    message = {"role": "tool", "content": "5"}
    assert with_accepted_ids([message]) == [message]
    (stray,) = with_accepted_ids([result("call_9")])
    assert stray["tool_call_id"] == accepted_id("call_9")


def test_thousands_of_calls_with_one_id_get_their_own_at_once():
    calls = [{"id": "a", "function": {"name": "f"}}] * 20_000  # minutes, if each began anew
    (turn,) = with_accepted_ids([{"role": "assistant", "tool_calls": calls}])
    assert len({call["id"] for call in turn["tool_calls"]}) == 20_000
