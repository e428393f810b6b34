"""Which headers of a client its request takes along."""

from hypothesis import given
from hypothesis import strategies as st

from gearshift.gateway.passing import passed_on

NAMES = st.sampled_from(
    [
        *("host", "connection", "te", "authorization", "cookie", "x-api-key", "content-length"),
        *("x-gearshift-tier", "x-forwarded-for", "traceparent", "openai-beta", "x-hop"),
        *("content_length", "transfer.encoding", "keep-alive", "expect", "user-agent"),
    ]
)
SECRET = {"authorization", "cookie", "x-api-key"}
HOPS = {"host", "connection", "te", "content-length", "keep-alive", "expect"}


@given(st.dictionaries(NAMES, st.sampled_from(["a", "x-hop", "close, X-Hop"])))
def test_only_what_is_meant_for_the_upstream(headers):
    passed = passed_on(headers)
    assert passed.items() <= headers.items()
    assert not passed.keys() & (SECRET | HOPS)
    assert not any("_" in name or "." in name for name in passed)
    if "x-hop" in headers.get("connection", "").lower():
        assert "x-hop" not in passed
    for name in ("traceparent", "openai-beta", "user-agent"):
        assert (name in passed) == (name in headers)
