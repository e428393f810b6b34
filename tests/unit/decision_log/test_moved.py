"""How the traffic of the log would be divided at another threshold, or by another scorer."""

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log.moved import Moved, moved_at, rescored_at
from gearshift.types import Cause, Usage

USAGE = Usage(100, 50, 20)


def scored(score, threshold=3.0, *, time=100.0, prompt="p", usage=USAGE, **more):
    event = finished(time=time, prompt=prompt, usage=usage, **more)
    decision = event.decision._replace(score=score, threshold=threshold)
    return event._replace(decision=decision)


@pytest.mark.parametrize(
    ("threshold", "simple", "moved"),
    [(0.0, 0, 2), (2.0, 1, 1), (3.0, 2, 0), (4.0, 2, 0), (4.1, 3, 1), (10.1, 4, 2)],
)
def test_requests_below_the_threshold_are_simple(log, write, threshold, simple, moved):
    write([scored(1.0), scored(2.0), scored(4.0), scored(9.0)])
    assert moved_at(log, threshold) == Moved(4, simple, moved, 4 * 130, simple * 130)


def test_each_was_divided_at_the_threshold_of_its_own_time(log, write):
    write([scored(2.0, threshold=1.0), scored(2.0, threshold=3.0)])
    assert moved_at(log, 3.0).moved == 1
    assert moved_at(log, 1.0).moved == 1


def test_what_was_forced_not_scored_or_long_ago_is_not_counted(log, write):
    write(
        [
            scored(1.0, cause=Cause.FORCED),
            scored(None),
            scored(1.0, time=99.9),
            scored(1.0, usage=None),
        ]
    )
    assert moved_at(log, 3.0, since=100.0) == Moved(1, 1, 0, 0.0, 0.0)


def test_an_empty_log_has_nothing_to_divide(log):
    assert moved_at(log, 3.0) == Moved(0, 0, 0, 0.0, 0.0)
    assert rescored_at(log, len, 3.0) == Moved(0, 0, 0, 0.0, 0.0)


def test_another_scorer_reads_the_prompts_that_were_kept(log, write):
    write([scored(1.0, prompt="long words"), scored(9.0, prompt="a")], with_prompts=True)
    write([scored(9.0, prompt="not kept")])
    write([scored(9.0, prompt="b", cause=Cause.FORCED)], with_prompts=True)
    asked = []

    def score(prompt):
        asked.append(prompt)
        return float(len(prompt))

    assert rescored_at(log, score, 3.0) == Moved(2, 1, 2, 260.0, 130.0)
    assert sorted(asked) == ["a", "long words"]
    assert rescored_at(log, score, 3.0, since=100.5).n == 0
