"""What all blocks of settings have in common."""

import pytest
from pydantic import SecretStr, ValidationError

from gearshift.config_file.model import Secret, SettingsBlock, SettingsModel, empty_is_none


class Inner(SettingsModel):
    number: int = 1


class Outer(SettingsBlock):
    inner: Inner = Inner()
    names: tuple[str, ...] = ()
    by_name: dict[str, int] = {}  # noqa: RUF012
    url: str = ""
    key: Secret = SecretStr("")


def test_a_key_with_nothing_after_it_has_its_default():
    given = {"inner": None, "names": None, "by_name": None}
    assert Outer.model_validate(given) == Outer()
    with pytest.raises(ValidationError):
        Outer.model_validate({"url": None})


def test_what_is_unknown_is_refused_and_nothing_can_be_changed():
    with pytest.raises(ValidationError):
        Outer.model_validate({"innner": {}})
    with pytest.raises(ValidationError):
        Outer().url = "x"


def test_passwords_are_shown_nowhere():
    made = Outer(url="http://u:hunter2@h/", key=SecretStr("hunter2"))
    assert "hunter2" not in repr(made) + made.model_dump_json().replace(made.url, "")
    assert made.model_dump(mode="json")["key"] == "***"
    assert Outer().model_dump(mode="json")["key"] == ""


@pytest.mark.parametrize(("given", "kept"), [("", None), ("x", "x"), (0, 0), (None, None)])
def test_an_empty_text_is_no_value(given, kept):
    assert empty_is_none(given) == kept
