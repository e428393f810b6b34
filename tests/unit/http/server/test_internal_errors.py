"""A defect is found in the log by what the client was told, and no words of a user are there."""

import re

from gearshift.http.server.internal_errors import log_internal_error


def broken(prompt):
    raise ValueError(f"cannot read {prompt}")


def test_the_log_has_the_place_and_the_reference_and_not_the_words(caplog):
    try:
        broken("my words".replace("my", "sec" + "ret"))
    except ValueError as error:
        told = log_internal_error(error, "answering /v1/models")
    reference = re.search(r"under ([0-9a-f]{12})$", str(told))
    assert reference is not None
    assert reference[1] in caplog.text
    assert "ValueError while answering /v1/models" in caplog.text
    assert "in broken" in caplog.text
    assert "secret" not in caplog.text
    assert "secret" not in str(told)


def test_each_has_a_reference_of_its_own():
    assert str(log_internal_error(ValueError(), "x")) != str(log_internal_error(ValueError(), "x"))
