"""Answers may take as long at the end as at any other time, unless somebody says otherwise."""

import pytest
from pydantic import ValidationError

from gearshift.config.model import Settings
from gearshift.config.sections.shutdown import ShutdownSettings


def test_nobody_is_cut_off_by_default():
    settings = Settings.model_validate({"limits": {"total_seconds": 1234}})
    assert settings.grace_seconds == 1234
    assert settings.shutdown.delay_seconds == 0


def test_answers_may_be_given_less_time():
    settings = Settings.model_validate({"shutdown": {"grace_seconds": 0}})
    assert settings.grace_seconds == 0


@pytest.mark.parametrize("name", ["delay_seconds", "grace_seconds"])
@pytest.mark.parametrize("value", [-1, "soon", True, float("inf")])
def test_only_times_are_taken(name, value):
    with pytest.raises(ValidationError):
        ShutdownSettings.model_validate({name: value})
