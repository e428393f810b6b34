"""Verdicts are looked for again, and only so many are on their way at once."""

from typing import Any

import pytest

from gearshift.errors import RequestError
from gearshift.gateway import inbox
from gearshift.gateway.inbox import Inbox


class Log:
    """Knows a decision after so many questions."""

    def __init__(self, known_after):
        self.known_after = known_after
        self.given = 0

    def give(self, *verdict):
        self.given += 1
        return self.given > self.known_after


@pytest.mark.parametrize(
    ("known_after", "is_known", "asked"), [(0, True, 1), (2, True, 3), (3, False, 3)]
)
async def test_a_decision_that_is_not_known_is_looked_for_again(
    monkeypatch, known_after, is_known, asked
):
    monkeypatch.setattr(inbox, "_BETWEEN_SECONDS", 0)
    log: Any = Log(known_after)
    assert await Inbox(log).give("dec-1", "good", None) is is_known
    assert log.given == asked


async def test_where_too_many_wait_another_is_refused_and_may_come_again(monkeypatch):
    log: Any = Log(0)
    box = Inbox(log)
    monkeypatch.setattr(inbox, "_MOST_AT_ONCE", 0)
    with pytest.raises(RequestError) as caught:
        await box.give("dec-1", "good", None)
    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "1"})
    monkeypatch.setattr(inbox, "_MOST_AT_ONCE", 1)
    assert await box.give("dec-1", "good", None) is True
    assert await box.give("dec-1", "good", None) is True
