"""Which of a client's headers its request takes along to the upstream.

Not an allow list: clients and servers agree on headers that gearshift has never heard of. What
stays here is told by kind: credentials, which are for gearshift; who somebody is, by the word of a
front end or proxy, and where they sit, which is nobody else's business; what describes this
connection or the client's body, which is written anew; and what lets a client steer what is
between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

# A client's credentials are for gearshift: the upstream gets those of the configuration. Whatever
# name they have, a word in it says so; `token` counts no tokens, and an author is no authorization.
_CREDENTIAL: Final = re.compile(
    r"(?<!mon)key(?!word|board|point)|token(?!s|i[sz])|secret(?!ar)|auth(?!or(?!i[sz]))|cookie|credential|bearer"
    r"|pass(?:code|phrase|port|wd|word)|jwt|oidc|saml|dpop|csrf|xsrf|assertion|principal"
    r"|signature|hmac|appcheck|service-account|sessionid$"
    r"|(?:^|-)(?:signed|creds?|pass|pat|pin|pwd|otp|mfa|sid|sig|sso|mac|certs?|byok)(?:-|$)"
)
# Who somebody is, as front ends and proxies that let people in tell it. An id or a session that
# says nothing of a person by itself is passed on: upstreams count and cache by it.
_IDENTITY: Final = re.compile(
    r"mail(?!er)|user-?(?:name|info|data|groups?|roles?)|(?:first|last|full|given|family|display)-?name"
    r"|identity|persona|phone|(?:^|-)(?:upn|dn|groups?|roles?|claims?|entitlements?)$"
    r"|(?:^|-)x-user$|^(?:x-)?(?:remote|login)-(?:user|group|name)"
    r"|(?:^|-)(?:client|remote|connecting|originating|source|peer)-?(?:ip|addr|address|host|port)\b"
    r"|(?:^|-)ip(?:-(?:country|city|region|address))?$|geo-?(?:ip|loc|country|city)"
)
# What would not hold for the body that is sent on, or ask for less than a whole answer.
_OF_THE_BODY: Final = re.compile(r"^content-|digest|checksum|md5|sha-?\d|^if-|(?:^|-)range$")
# Of gateways that may stand before this one, of cloud accounts, of browsers, and of us.
_PREFIXES: Final = (
    *("x-gearshift-", "x-forwarded-", "x-envoy-", "x-original-", "x-rewrite-"),
    *("cf-", "x-amz-", "x-amzn-", "x-goog-", "x-portkey-", "x-litellm-"),
    *(
        "x-consumer-",
        "x-ms-client-",
        "x-appengine-",
        "x-ssl-",
        "ssl-",
        "x-tailscale-",
        "tailscale-",
    ),
    *("fly-", "x-vercel-", "fastly-", "x-cluster-", "x-webauth-", "x-remote-"),
    *("proxy-", "sec-", "access-control-"),
)
_NAMES: Final = frozenset(
    {
        *("accept-encoding", "connection", "expect", "host", "http2-settings", "keep-alive"),
        *("max-forwards", "te", "trailer", "transfer-encoding", "upgrade", "via"),
        *("forwarded", "origin", "referer", "true-client-ip", "x-client-ip", "x-real-ip"),
        *("remote-user", "x-remote-user", "x-http-method", "x-http-method-override"),
        *("x-method-override", "openai-organization", "openai-project"),
    }
)
# Words that only look like it.
_HARMLESS: Final = frozenset({"idempotency-key", "x-idempotency-key"})
# A credential under a name that does not say so.
_CREDENTIAL_VALUE: Final = re.compile(
    r"(?:basic|bearer|digest|negotiate|token|apikey|api-key|aws4-[\w-]+)\s"
    # How the keys of many services begin, so that leaked ones are found.
    r"|eyJ[\w-]{8,}\.[\w-]+\.|sk-[\w-]{8,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|(?:gh[opsur]|github_pat|hf|gsk|r8|glpat|nvapi|pplx|xox[a-z]|xai|fw|tgp|csk|lsv2)[_-][\w-]{12,}",
    re.IGNORECASE,
)
_MOST_NAMES: Final = 1024


def forwarded_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The end-to-end headers, such as `traceparent` and those that gearshift does not know.

    >>> forwarded_headers({"host": "x", "openai-beta": "a", "connection": "x-hop", "x-hop": "b"})
    {'openai-beta': 'a'}
    >>> forwarded_headers({"api-key": "sk-1", "x-acme-token": "2", "x-acme": "Bearer 3"})
    {}
    """
    passed = {
        name: value
        for name, value in headers.items()
        if _is_forwarded(name) and not _CREDENTIAL_VALUE.match(value)
    }
    if passed and "connection" in headers:
        for name in headers["connection"].lower().split(","):
            passed.pop(name.strip(), None)
    return passed


@lru_cache(_MOST_NAMES)  # clients send the same few names
def _is_forwarded(name: str) -> bool:
    if name in _HARMLESS:
        return True
    # Some servers read `content_length` as `content-length`.
    is_plain = name.replace("-", "").isalnum()
    is_ours = name in _NAMES or name.startswith(_PREFIXES)
    return is_plain and not (
        is_ours or _CREDENTIAL.search(name) or _IDENTITY.search(name) or _OF_THE_BODY.search(name)
    )
