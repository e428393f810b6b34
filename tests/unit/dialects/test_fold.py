import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.fold import fold_messages, is_template_error


def turn(role: str, content: object = "x", **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


def test_system_text_goes_into_the_first_user_turn():
    folded = fold_messages([turn("system", "A"), turn("user", "B"), turn("developer", "C")])
    assert folded == [turn("user", "A\n\nC\n\nB")]


def test_a_conversation_without_a_user_turn_gets_one():
    assert fold_messages([turn("system", "A")]) == [turn("user", "A")]
    assert fold_messages([turn("system", "A"), turn("assistant", "B")]) == [
        turn("user", "A"),
        turn("assistant", "B"),
    ]


def test_turns_of_one_role_are_merged():
    assert fold_messages([turn("user", "A"), turn("user", "B"), turn("assistant", "C")]) == [
        turn("user", "A\n\nB"),
        turn("assistant", "C"),
    ]


def test_parts_stay_parts():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    folded = fold_messages([turn("system", "A"), turn("user", [image])])
    assert folded == [turn("user", [{"type": "text", "text": "A"}, image])]


def test_tool_calls_and_results_stay_as_they_are():
    messages = [
        turn("user"),
        turn("assistant", None, tool_calls=[{"id": "1"}]),
        turn("tool", "1"),
        turn("tool", "2"),
    ]
    assert fold_messages(messages) == messages


def test_the_messages_given_are_not_changed():
    messages = [turn("system", "A"), turn("user", "B")]
    fold_messages(messages)
    assert messages == [turn("system", "A"), turn("user", "B")]


@given(st.lists(st.sampled_from(["system", "user", "assistant"]).map(turn), max_size=8))
def test_roles_alternate_and_the_user_begins(messages):
    roles = [message["role"] for message in fold_messages(messages)]
    assert roles == (["user", "assistant"] * 8)[: len(roles)]


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Jinja Exception: System role not supported",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "After the optional system message, conversation roles must alternate user/assistant",
        "Only user and assistant roles are supported!",
    ],
)
def test_complaints_of_templates_are_known(message):
    assert is_template_error(message)


def test_other_errors_are_no_complaints_of_templates():
    assert not is_template_error("the model does not support tools")
