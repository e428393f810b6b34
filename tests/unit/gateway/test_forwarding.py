"""Which headers of a client its request takes along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.gateway.forwarding import forwarded_headers

CREDENTIALS = """
authorization proxy-authorization cookie cookie2 set-cookie x-api-key api-key apikey x-apikey
x-goog-api-key x-litellm-api-key ocp-apim-subscription-key x-auth-token x-auth-request-email
cf-access-client-secret cf-access-client-id cf-access-jwt-assertion cf-access-token
x-amz-security-token x-amz-date x-amz-content-sha256 x-amzn-oidc-data x-goog-iap-jwt-assertion
x-goog-user-project x-portkey-api-key x-portkey-config x-litellm-tags helicone-auth
openai-organization openai-project anthropic-api-key x-openai-api-key x-vault-token
private-token x-hasura-admin-secret x-functions-key x-rapidapi-key x-ms-client-principal
x-session-token dpop x-csrf-token x-xsrf x-user-password x-passwd x-pat x-sid x-sig
x-client-cert x-cred x-credentials signature signature-input x-hub-signature-256 x-access-key-id
x-identity-token x-bearer sso x-authorization x-authorisation authentication x-proxy-auth
x-jwt-payload x-forwarded-access-token x-mfa sessionid x-firebase-appcheck x-service-account
x-byok
"""
IDENTITY = """
x-user-email x-email email x-openwebui-user-email x-openwebui-user-name x-openwebui-user-role
x-user-name x-username x-user x-user-info x-userinfo x-user-groups x-user-roles x-groups x-roles
x-remote-user remote-user remote-name remote-groups x-webauth-user x-auth-request-email
x-goog-authenticated-user-email x-ms-client-principal-name x-consumer-username x-consumer-id
x-identity x-user-identity x-forwarded-user x-forwarded-email x-forwarded-groups
x-forwarded-preferred-username x-phone x-display-name x-ssl-client-s-dn ssl-client-dn x-client-dn
tailscale-user-login tailscale-user-name x-claims x-appengine-user-ip
x-client-ip client-ip x-cluster-client-ip x-originating-ip x-remote-addr x-source-ip fly-client-ip
fastly-client-ip true-client-ip x-ip-country x-geo-country x-vercel-ip-city x-envoy-peer-metadata
"""
OF_THIS_CONNECTION = """
host connection te trailer transfer-encoding content-length keep-alive expect upgrade via
forwarded proxy-connection http2-settings origin referer x-forwarded-for x-real-ip
cf-connecting-ip true-client-ip sec-fetch-site access-control-request-method x-gearshift-tier
max-forwards x-http-method-override x-original-url x-remote-user accept-encoding
"""
OF_THE_BODY = """
content-type content-md5 content-digest content-encoding content-language content-range digest
repr-digest want-digest x-checksum x-body-sha256 if-match if-none-match if-modified-since
if-unmodified-since if-range range
"""
PASSED = """
traceparent tracestate baggage sentry-trace user-agent accept accept-language openai-beta
anthropic-beta anthropic-version x-stainless-lang x-stainless-retry-count x-session-id
x-request-id x-correlation-id x-title http-referer idempotency-key x-max-tokens x-tokenizer
x-author x-keyword cache-control priority x-openwebui-user-id x-model-affinity x-acme-anything
x-assigned-to x-orange x-compass x-monkey x-keypoint x-secretary x-user-id x-conversation-id
x-client-version x-client-name x-client-request-id x-model-name x-recipe x-zip x-mailer
"""


@pytest.mark.parametrize(
    "name", (CREDENTIALS + IDENTITY + OF_THIS_CONNECTION + OF_THE_BODY).split()
)
def test_what_is_for_gearshift_or_describes_the_clients_request_stays(name):
    assert forwarded_headers({name: "x", "traceparent": "00"}) == {"traceparent": "00"}


@pytest.mark.parametrize("name", PASSED.split())
def test_what_nobody_here_knows_is_passed_on(name):
    assert forwarded_headers({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "value",
    [
        *("Bearer abc", "bearer\tabc", "Basic eDp5", "Negotiate YII", "sk-proj-0123456789abcdef"),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        *("Token abc", "ApiKey abc", "AWS4-HMAC-SHA256 Credential=x", "AKIAABCDEFGHIJKLMNOP"),
        *(f"{start}_{'a' * 20}" for start in ("ghp", "github_pat", "hf", "gsk", "r8")),
        *("AIza" + "b" * 35, "glpat-" + "c" * 20, "nvapi-" + "d" * 20, "xoxb-1-2-" + "e" * 12),
    ],
)
def test_a_credential_stays_whatever_its_header_is_called(value):
    assert forwarded_headers({"x-acme": value, "x-other": "bearers of news"}) == {
        "x-other": "bearers of news"
    }


PARTS = st.sampled_from(["x", "acme", "user", "v2", "client", "upstream"])
SMELLS = st.sampled_from(["key", "apikey", "token", "secret", "auth", "cookie", "signature"])


@given(st.lists(PARTS), SMELLS, st.lists(PARTS))
def test_a_word_is_enough_wherever_it_stands(before, word, after):
    assert forwarded_headers({"-".join([*before, word, *after]): "x"}) == {}


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
    passed = forwarded_headers(headers)
    assert passed.items() <= headers.items()
    assert not passed.keys() & (SECRET | HOPS)
    assert not any("_" in name or "." in name for name in passed)
    if "x-hop" in headers.get("connection", "").lower():
        assert "x-hop" not in passed
    for name in ("traceparent", "openai-beta", "user-agent"):
        assert (name in passed) == (name in headers)
