import pytest

from gearshift.dialects.finish import finish_reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("eos", "stop"),
        ("eos_token", "stop"),
        ("stop_sequence", "stop"),
        ("end_turn", "stop"),
        ("load", "stop"),
        ("MAX_TOKENS", "length"),
        ("max_tokens", "length"),
        ("length", "length"),
        ("function_call", "tool_calls"),
        ("tool_use", "tool_calls"),
        ("content_filter", "content_filter"),
        ("SAFETY", "content_filter"),
        ("insufficient_system_resource", "insufficient_system_resource"),
    ],
)
def test_the_words_of_many_servers(said, reason):
    assert finish_reason(said) == reason


@pytest.mark.parametrize(
    "said", [None, "", " ", "null", "None", "unknown", "FINISH_REASON_UNSPECIFIED", 7, [], False]
)
def test_what_is_no_end(said):
    assert finish_reason(said) is None
