"""No secret of ours comes back in an upstream's words, however it spells it."""

import pytest

from gearshift.providers.base import UpstreamConfig
from gearshift.providers.masking import Mask

CONFIG = UpstreamConfig(
    "u",
    "openai",
    "http://h",
    api_key="k-1",
    headers={
        "authorization": "Bearer tok-abcdefgh",
        "x-odd": 'quo"te/d-secret',
        "x-flag": "true",
    },
    query={"sig": "a+b/c=d&efgh", "v": "1"},
)
MASK = Mask(CONFIG)


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        (b"wrong key k-1", b"wrong key ***"),
        (b"got 'Bearer tok-abcdefgh'", b"got '***'"),
        (b"no such token: tok-abcdefgh", b"no such token: ***"),
        (b"GET /v1/models?sig=a%2Bb%2Fc%3Dd%26efgh&v=1", b"GET /v1/models?sig=***&v=1"),
        (b'{"sig": "a+b/c=d&efgh"}', b'{"sig": "***"}'),
        (b'{"said": "quo\\"te/d-secret"}', b'{"said": "***"}'),
        (b'{"stream": true, "v": 1}', b'{"stream": true, "v": 1}'),  # short words are no secrets
        (b"", b""),
    ],
)
def test_what_is_secret_is_hidden_and_nothing_else(said, hidden):
    assert MASK.hidden(said) == hidden


def test_without_secrets_nothing_changes():
    assert Mask(UpstreamConfig("u", "ollama", "http://h")).hidden(b"as it is") == b"as it is"
