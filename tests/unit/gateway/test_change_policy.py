"""Who may change models: nobody who might not be meant, and the refusal says what to set."""

import itertools

import pytest

from gearshift.config.sections.browsers import AccessSettings
from gearshift.errors import RequestError
from gearshift.gateway.auth import ApiKey
from gearshift.gateway.change_policy import ChangePolicy
from gearshift.http.values import HttpRequest

ORDINARY, TRUSTED = ApiKey("app"), ApiKey("admin", change_models=True)
PAGE = HttpRequest("DELETE", "/api/delete", {"origin": "https://evil.example"})


def policy(wish, key, *, is_local):
    access = AccessSettings(change_models=wish)
    return ChangePolicy(access, has_keys=key is not None, is_local=is_local)


def is_refused(policy, key, *, is_any_page=False):
    with pytest.raises(RequestError, match=r"change_models|allowed_origins") as caught:
        policy.check(PAGE, key, is_any_page=is_any_page)
    return (caught.value.status, caught.value.code) == (403, "model_changes_not_allowed")


@pytest.mark.parametrize(
    ("wish", "key", "is_local"),
    [*itertools.product([None, True, False], [None, ORDINARY, TRUSTED], [True, False])],
)
def test_who_may(wish, key, is_local):
    if wish is False:
        expected = False
    elif key is None:
        expected = is_local or wish is True
    else:
        expected = key.change_models
    asked = policy(wish, key, is_local=is_local)
    if expected:
        asked.check(PAGE, key, is_any_page=False)
    else:
        assert is_refused(asked, key)


@pytest.mark.parametrize("key", [None, TRUSTED])
def test_a_page_that_is_allowed_as_every_page_is_may_not_unless_it_is_said(key):
    assert is_refused(policy(None, key, is_local=True), key, is_any_page=True)
    policy(True, key, is_local=True).check(PAGE, key, is_any_page=True)
