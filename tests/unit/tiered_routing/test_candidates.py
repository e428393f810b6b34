"""Who may be asked, by what is known of it and what a request needs."""

import pytest

from gearshift.errors import RequestError
from gearshift.tiered_routing.candidates import Candidate, RoutingContext
from gearshift.types import Capability, Deployment

TOOLS = frozenset({Capability.TOOLS})


def candidate(capabilities=None, context_length=None):
    return Candidate(Deployment("here", "m"), "ollama", "simple", capabilities, context_length)


@pytest.mark.parametrize(
    ("capabilities", "length", "needs", "tokens", "can"),
    [
        (None, None, TOOLS, 10**9, True),
        (frozenset(), None, frozenset(), 0, True),
        (frozenset(), None, TOOLS, 0, False),
        (TOOLS, None, TOOLS, 0, True),
        (TOOLS, 10, TOOLS, 10, True),
        (TOOLS, 10, TOOLS, 11, False),
        (None, 10, TOOLS, 10, True),
        (None, 10, TOOLS, 11, False),
    ],
)
def test_a_deployment_can_answer_unless_something_known_speaks_against_it(
    capabilities, length, needs, tokens, can
):
    assert candidate(capabilities, length).can_answer(needs, tokens) is can


@pytest.mark.parametrize(
    ("lengths", "tokens"),
    [((100, 200), 800), ((100, None), 10**9), ((0,), 9), ((), 10**9)],
)
def test_a_prompt_that_may_fit_is_let_through(lengths, tokens):
    targets = {"simple": [candidate(context_length=length) for length in lengths]}
    RoutingContext(targets, prompt_tokens=tokens).check_length()


def test_a_prompt_that_no_estimate_makes_fit_is_refused():
    targets = {"a": [candidate(context_length=100)], "b": [candidate(context_length=200)]}
    with pytest.raises(RequestError, match="longest context of any model is 200") as caught:
        RoutingContext(targets, prompt_tokens=801).check_length()
    assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")
