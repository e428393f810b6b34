import pytest

from gearshift.dialects.ollama.names import has_plain_names, with_plain_names


@pytest.mark.parametrize(
    "body",
    [
        {"Model": "m"},
        {"messages": [{"Role": "user"}]},
        {"messages": [{"tool_calls": [{"Function": {}}]}]},
        {"messages": [{"tool_calls": [{"function": {"Name": "f"}}]}]},
    ],
)
def test_capitals_are_seen_wherever_a_field_is_ollamas_own(body):
    assert not has_plain_names(body)
    assert has_plain_names(with_plain_names(body))


@pytest.mark.parametrize(
    "body",
    [
        {"options": {"Mine": 1}, "format": {"Properties": {}}},
        {"messages": [7, {"tool_calls": [{"function": {"arguments": {"City": "Oslo"}}}, 7]}]},
        {"messages": [{"tool_calls": 7}]},
        {"messages": "x"},
        {},
    ],
)
def test_other_peoples_names_mean_what_they_say(body):
    assert has_plain_names(body)
    assert with_plain_names(body) == body
