"""Every limit of the server is the setting of the same name."""

from dataclasses import fields

import pytest

from gearshift.config.loading import Settings
from gearshift.http.values import HttpLimits
from gearshift.serving.limits import http_limits


@pytest.mark.parametrize("name", [field.name for field in fields(HttpLimits)])
def test_it_is_the_setting(name):
    usual = http_limits(Settings())
    value = getattr(usual, name) * 2
    changed = http_limits(Settings.model_validate({"limits": {name: value}}))
    assert getattr(changed, name) == value
    others = [field.name for field in fields(HttpLimits) if field.name != name]
    assert [getattr(changed, n) for n in others] == [getattr(usual, n) for n in others]
