"""Items as turns: what belongs together is one, and results follow their calls."""

import pytest

from gearshift.dialects.responses.items import from_items
from gearshift.errors import RequestError

HI = {"role": "user", "content": "hi"}
IMAGE = "data:image/png;base64,AAAA"


def said(text, **more):
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part], **more}


def thought(text, kind="content"):
    return {"type": "reasoning", "id": "rs_1", "summary": [], kind: [{"text": text, "type": "x"}]}


def called(given, name="f", **more):
    arguments = {"type": "function_call", "call_id": given, "name": name, "arguments": "{}"}
    return {**arguments, **more}


def result(given, output="3"):
    return {"type": "function_call_output", "call_id": given, "output": output}


def call(given, name="f", arguments="{}"):
    function = {"name": name, "arguments": arguments}
    return {"id": given, "type": "function", "function": function}


def answer(given, content="3"):
    return {"role": "tool", "tool_call_id": given, "content": content}


def test_a_text_is_a_turn_of_the_user():
    assert from_items("hi") == [HI]
    assert from_items([HI]) == [HI]
    assert from_items([{**HI, "type": "message", "id": "msg_1", "status": "completed"}]) == [HI]


def test_system_prompts_that_follow_each_other_are_one():
    system, developer = ({"role": r, "content": r} for r in ("system", "developer"))
    assert from_items([system, developer, HI, developer]) == [
        {"role": "system", "content": "system\n\ndeveloper"},
        HI,
        {"role": "system", "content": "developer"},
    ]


def test_many_items_of_one_turn_take_no_longer_each():
    system = {"role": "system", "content": "x" * 600}
    (turn,) = from_items([system] * 30_000)  # minutes, if each were joined to those before
    assert len(turn["content"]) == 30_000 * 602 - 2


def test_thoughts_words_and_calls_are_one_turn():
    items = [HI, thought("Hm."), said("Wait."), called("a"), called("b"), result("a"), result("b")]
    assert from_items(items) == [
        HI,
        {
            "role": "assistant",
            "reasoning_content": "Hm.",
            "content": "Wait.",
            "tool_calls": [call("a"), call("b")],
        },
        answer("a"),
        answer("b"),
    ]


def test_calls_one_after_another_are_turns_of_their_own():
    items = [HI, called("a"), result("a"), thought("More."), called("b"), result("b"), said("3")]
    assert from_items(items) == [
        HI,
        {"role": "assistant", "content": "", "tool_calls": [call("a")]},
        answer("a"),
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "More.",
            "tool_calls": [call("b")],
        },
        answer("b"),
        {"role": "assistant", "content": "3"},
    ]


def test_a_model_that_speaks_twice_has_two_turns_but_one_around_its_calls():
    assert [turn["content"] for turn in from_items([said("a"), said("b"), HI])] == ["a", "b", "hi"]
    (turn, _) = from_items([said("a"), called("c"), said("b"), result("c")])
    assert turn["content"] == "a\n\nb"
    assert turn["tool_calls"] == [call("c")]


def test_results_come_right_behind_their_calls_whatever_stood_between():
    items = [called("a"), called("b"), HI, result("b"), result("a")]
    _, *rest = from_items(items)
    assert rest == [answer("b"), answer("a"), HI]


def test_images_of_results_follow_all_results():
    shown = [{"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": IMAGE}]
    items = [called("a"), called("b"), result("a", shown), result("b")]
    image = {"type": "image_url", "image_url": {"url": IMAGE}}
    assert from_items(items)[1:] == [
        answer("a", "see"),
        answer("b"),
        {"role": "user", "content": [image]},
    ]


def test_a_result_without_its_call_stays():
    assert from_items([HI, result("a")]) == [HI, answer("a")]


@pytest.mark.parametrize(
    ("output", "content"), [({"celsius": 5}, '{"celsius":5}'), (None, ""), ([], "")]
)
def test_a_result_may_be_anything(output, content):
    assert from_items([result("a", output)]) == [answer("a", content)]


def test_a_custom_call_has_its_text_as_arguments():
    items = [
        {"type": "custom_tool_call", "call_id": "a", "name": "patch", "input": "x\ny"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "done"},
    ]
    turn, output = from_items(items)
    assert turn["tool_calls"] == [call("a", "patch", '{"input":"x\\ny"}')]
    assert output == answer("a", "done")


def test_a_call_in_a_namespace_has_the_name_that_its_function_has():
    (turn,) = from_items([called("a", "open", namespace="files")])
    assert turn["tool_calls"][0]["function"]["name"] == "files__open"


@pytest.mark.parametrize("kind", ["content", "summary"])
def test_thoughts_are_kept_however_they_are_told(kind):
    (turn,) = from_items([thought("Hm.", kind), said("a")])
    assert turn == {"role": "assistant", "reasoning_content": "Hm.", "content": "a"}


def test_encrypted_thoughts_and_thoughts_that_lead_nowhere_are_left_out():
    secret = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}
    assert from_items([secret, said("a")]) == [{"role": "assistant", "content": "a"}]
    assert from_items([HI, thought("Hm.")]) == [HI]


def test_what_other_tools_did_is_left_out():
    items = [{"type": "web_search_call", "id": "ws_1"}, {"type": "local_shell_call"}]
    assert from_items([*items, HI]) == [HI]
    assert from_items(items) == []


@pytest.mark.parametrize(
    ("items", "field"),
    [
        (None, "input"),
        (7, "input"),
        ([], "input"),
        ([7], "input.0"),
        ([{}], "input.0"),
        ([{"id": "msg_1"}], "input.0"),
        ([{"type": "item_reference", "id": "msg_1"}], "input.0"),
        ([{"type": "compaction", "encrypted_content": "x"}], "input.0"),
        ([{"type": 7}], "input.0.type"),
        ([{"type": "telepathy"}], "input.0.type"),
        ([HI, {"role": "king", "content": "x"}], "input.1.role"),
        ([{"role": [], "content": "x"}], "input.0.role"),
        ([{"role": "user"}], "input.0.content"),
        ([{"role": "user", "content": None}], "input.0.content"),
        ([{"role": "user", "content": [7]}], "input.0.content.0"),
        ([{"role": "assistant", "content": 7}], "input.0.content"),
        ([{"type": "reasoning", "summary": "x"}], "input.0.summary"),
        ([called("")], "input.0.call_id"),
        ([called("a", "")], "input.0.name"),
        ([called("a", 7)], "input.0.name"),
        ([called("a", namespace=7)], "input.0.namespace"),
        ([called("a", arguments=[])], "input.0.arguments"),
        ([{"type": "custom_tool_call", "call_id": "a", "name": "f"}], "input.0.input"),
        ([{"type": "function_call_output", "output": "x"}], "input.0.call_id"),
        ([{"type": "function_call_output", "call_id": "a"}], "input.0.output"),
        ([result("a", [7])], "input.0.output.0"),
    ],
)
def test_what_cannot_be_read_is_named(items, field):
    with pytest.raises(RequestError) as caught:
        from_items(items)
    assert caught.value.status == 400
    assert caught.value.field == field
    assert f"'{field}'" in caught.value.message
