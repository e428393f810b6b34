"""Verdicts by day, and the newest of them."""

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.verdicts import Day, latest, verdicts_by_day

DAY = 86_400.0


@pytest.fixture
def judged(log, write):
    """Writes verdicts: their times, the tier of the answer, the judge and what it said."""

    def judged(*verdicts):
        events = [finished(tier) for _, tier, _, _ in verdicts]
        write(events)
        with log.begin() as connection:
            for event, (time, _, judge, verdict) in zip(events, verdicts, strict=True):
                score = None if judge == "user" or verdict == "malformed" else 0.5
                row = JudgementRow(event.decision.id, time, judge, verdict, score, score, 0.1)
                insert_judgement(connection, row)

    return judged


def test_days_are_those_of_universal_time_and_the_oldest_comes_first(log, judged):
    judged(
        (3 * DAY, "simple", "checks", "tie"),
        (2 * DAY, "simple", "checks", "loss"),
        (3 * DAY - 0.5, "simple", "model", "loss"),
        (3 * DAY + 5, "simple", "checks", "win"),
    )
    assert verdicts_by_day(log, 0.0, "simple") == [Day(2 * DAY, 2, 2), Day(3 * DAY, 2, 0)]
    assert verdicts_by_day(log, 3 * DAY, "simple") == [Day(3 * DAY, 2, 0)]
    assert verdicts_by_day(log, 9 * DAY, "simple") == []


def test_only_comparisons_of_the_smallest_tiers_answers_count(log, judged):
    judged(
        (1.0, "complex", "checks", "loss"),
        (1.0, "simple", "user", "bad"),
        (1.0, "simple", "checks", "malformed"),
        (1.0, "simple", "checks", "tie"),
    )
    assert verdicts_by_day(log, 0.0, "simple") == [Day(0.0, 1, 0)]


def test_the_newest_come_first_with_what_they_are_about(log, judged):
    judged(
        (1.0, "simple", "checks", "tie"),
        (3.0, "complex", "user", "bad"),
        (3.0, "simple", "model", "loss"),
    )
    found = latest(log, 0.5)
    assert [(said["judge"], said["verdict"], said["tier"]) for said in found] == [
        ("model", "loss", "simple"),
        ("user", "bad", "complex"),
        ("checks", "tie", "simple"),
    ]
    assert (found[0]["model"], found[0]["score"], found[0]["comment"]) == ("gemma2:2b", 2.5, None)
    assert all(type(name) is str for name in found[0])
    assert len(latest(log, 2.0)) == 2


def test_no_more_than_fifty_are_shown(log, judged):
    judged(*[(float(number), "simple", "checks", "tie") for number in range(51)])
    found = latest(log, 0.0)
    assert (len(found), found[0]["time"], found[-1]["time"]) == (50, 50.0, 1.0)
