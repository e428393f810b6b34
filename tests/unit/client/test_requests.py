"""What of a request is scored, and how long it is."""

import json

import pytest

from gearshift import registry
from gearshift.client.requests import chat_request, scored_messages
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.types import Operation

BEFORE, AFTER = "def quicksort(values):\n    ", "\n    return left + [pivot] + right\n"


def parsed(dialect, operation=Operation.COMPLETION, **body):
    return registry.load(registry.CLIENT_DIALECTS[dialect])().parse(
        operation, json.dumps(body).encode()
    )


@pytest.mark.parametrize("dialect", ["openai", "ollama"])
@pytest.mark.parametrize("suffix", [AFTER, "\n", ")"])
def test_a_completion_with_a_suffix_is_a_gap_to_fill(dialect, suffix):
    request = parsed(dialect, prompt=BEFORE, suffix=suffix)
    result = TaskComplexityScorer().score(scored_messages(request))
    assert (result.tier, result.score) == ("simple", 0.0)
    assert "gap" in result.reasoning
    assert request.messages[-1]["content"] == BEFORE


@pytest.mark.parametrize("dialect", ["openai", "ollama"])
@pytest.mark.parametrize("suffix", ["", None])
def test_a_completion_without_one_is_scored_as_it_is(dialect, suffix):
    request = parsed(dialect, prompt=BEFORE, suffix=suffix)
    assert scored_messages(request) is request.messages


def test_a_chat_has_no_suffix():
    request = parsed(
        "openai", Operation.CHAT, messages=[{"role": "user", "content": "hi"}], suffix="x"
    )
    assert scored_messages(request) is request.messages
    assert scored_messages(chat_request("hi"))[0]["content"] == "hi"
