"""How many requests had which score."""

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log.scores import scores_since
from gearshift.types import Usage

HOUR = 3600.0


def scored(score, hour=10, usage=None):
    event = finished(time=hour * HOUR, usage=usage)
    return event._replace(decision=event.decision._replace(score=score))


def test_requests_and_tokens_are_counted_by_quarter_points(log, write):
    write(
        [
            scored(0.0),
            scored(0.24, usage=Usage(10, 5, 3)),
            scored(0.25),
            scored(3.1, usage=Usage(1, 1)),
            scored(10.0),
            scored(None),
        ]
    )
    assert scores_since(log, 0) == {
        "requests": {0.0: 2, 0.25: 1, 3.0: 1, 10.0: 1},
        "tokens": {0.0: 12, 3.0: 2},
    }


@pytest.mark.parametrize(("since", "requests"), [(10, 2), (11, 1), (12, None)])
def test_only_the_hours_since_are_counted(log, write, since, requests):
    write([scored(1.0, hour=10), scored(1.0, hour=11)])
    assert scores_since(log, since)["requests"].get(1.0) == requests
