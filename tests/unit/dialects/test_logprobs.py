"""Every entry has the fields that the vendors' types require."""

import pytest

from gearshift.dialects.logprobs import complete_logprobs


def test_what_a_server_leaves_out_is_there():
    given = [{"token": "ü", "logprob": -1.0, "top_logprobs": [{"token": "u", "logprob": -2.0}, 7]}]
    other = {"token": "u", "logprob": -2.0, "bytes": [117]}
    assert complete_logprobs(given) == (
        {"token": "ü", "logprob": -1.0, "bytes": [195, 188], "top_logprobs": [other]},
    )


def test_what_it_says_stays():
    entry = {"token": "a", "logprob": -1.0, "bytes": [1], "top_logprobs": [], "id": 7}
    assert complete_logprobs([entry]) == (entry,)


@pytest.mark.parametrize("token", ["\ufffd", None, 7])
def test_nobody_knows_the_bytes_of_half_a_character(token):
    assert complete_logprobs([{"token": token, "bytes": None}])[0]["bytes"] == []


@pytest.mark.parametrize("entries", [None, {}, "x", [None], []])
def test_what_is_no_list_is_none(entries):
    assert complete_logprobs(entries) == ()
