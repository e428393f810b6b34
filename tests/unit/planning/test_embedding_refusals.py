"""What clients are told whose request for embeddings names no model that could answer it."""

import pytest

from gearshift.errors import RequestError
from gearshift.planning.embedding_refusals import check_tier, no_model_set, not_embedding

TIERS = ("simple", "complex")


def test_a_tier_that_is_none_is_named_with_those_that_are():
    for tier in (None, "simple", "embeddings"):
        check_tier(tier, TIERS)
    with pytest.raises(RequestError, match="the tiers are: simple, complex") as caught:
        check_tier("huge", TIERS)
    assert caught.value.field == "x-gearshift-tier"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (no_model_set(), 400),
        (not_embedding("simple:latest", TIERS), 400),
        (not_embedding("nobody", TIERS), 404),
    ],
)
def test_each_refusal_says_what_to_do(error, status):
    assert (error.status, error.field) == (status, "model")
    assert "list of models" in error.message
    assert "embeddings.model" in error.message
