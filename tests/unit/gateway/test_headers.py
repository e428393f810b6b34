"""Decision headers are printable ASCII whatever the decision holds."""

import string
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from gearshift.gateway.headers import EXPOSED, decision_headers
from gearshift.types import CacheResult, Cause, Decision

DECISION = Decision(
    id="dec-1", time=1.0, tier="simple", model="small", upstream="u", provider="openai", score=1.5,
    factors={}, contributions={}, reason="why", cause=Cause.SCORED, scorer="rule",
    scorer_version="1", threshold=3.0, config_hash="h",
)  # fmt: skip
PRINTABLE = set(string.printable) - set("\r\n\t\x0b\x0c")


@given(st.text(max_size=300), st.text(max_size=50))
def test_any_text_becomes_a_legal_header(reason, model):
    headers = decision_headers(DECISION._replace(reason=reason, model=model), 0.00123)
    assert all(set(value) <= PRINTABLE for value in headers.values())
    assert headers["x-gearshift-overhead-us"] == "1230"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_percent_encoding_can_be_undone(reason):
    header = decision_headers(DECISION._replace(reason=reason))["x-gearshift-reason"]
    assert unquote(header) == reason


def test_what_did_not_happen_has_no_header():
    headers = decision_headers(DECISION._replace(score=None))
    assert "x-gearshift-score" not in headers
    assert "x-gearshift-fallback" not in headers
    assert decision_headers(DECISION)["x-gearshift-score"] == "1.50"


def test_pages_may_read_every_header_of_a_decision():
    told = decision_headers(DECISION._replace(fallback="simple->complex"), 0.1)
    assert set(EXPOSED.split(", ")) == {*told, "x-gearshift-version", "retry-after"}


def test_what_the_cache_did_is_told():
    told = [decision_headers(DECISION, 0.1, how)["x-gearshift-cache"] for how in CacheResult]
    assert told == ["hit", "miss", "bypass"]
    assert decision_headers(DECISION)["x-gearshift-cache"] == "bypass"
