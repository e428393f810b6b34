"""The admin plane has a password where others reach it."""

import pytest

from gearshift.config.loading import Settings
from gearshift.serving import planes


@pytest.fixture
def notices(monkeypatch):
    """What was said on standard error."""
    found: list[str] = []
    monkeypatch.setattr(planes, "notice", found.append)
    return found


def settings(**blocks):
    return Settings.model_validate(blocks)


def test_the_admin_port_has_a_password_where_others_reach_it(notices):
    own = settings(admin={"token": "my-own-token-of-length"})
    assert planes._admin_token(settings(), "127.0.0.1") == ""
    assert planes._admin_token(own, "0.0.0.0") == "my-own-token-of-length"
    assert notices == []
    first, second = (planes._admin_token(settings(), "0.0.0.0") for _ in range(2))
    assert first != second
    assert len(first) >= 20
    assert first in notices[0]
    assert "admin.token" in notices[0]
