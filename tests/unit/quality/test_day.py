"""The last day, as a log has it."""

import pytest
from tests.fakes.finished import decision, finished

from gearshift.decision_log.judgements import JudgementRow, charge_shadow, insert_judgement
from gearshift.guarantees.alarms import AlarmFacts
from gearshift.guarantees.looks import Count
from gearshift.quality.day import last_day
from gearshift.types import CacheResult, CacheUse, Usage

NOW = 3_600 * 490_000 + 1_800.0  # in the middle of an hour


def at(hours, tier="simple", **changes):
    return finished(tier)._replace(decision=decision(tier, time=NOW - 3_600 * hours, **changes))


def verdict(log, event, judge, said, *, hours=0.0, weak=0.5, propensity=1.0, position=None):
    row = JudgementRow(event.decision.id, NOW - 3_600 * hours, judge, said, weak, 0.5, propensity)
    with log.begin() as connection:
        insert_judgement(connection, row._replace(position=position))


def test_a_log_with_nothing_in_it(log):
    assert last_day(log, NOW, "simple") == AlarmFacts(by_propensity=[])


def test_what_was_in_the_last_day_and_in_the_week_before(log, write):
    recent = [at(1), at(2, "complex"), at(3, fallback="simple->complex")]
    recent.append(at(1, "embeddings", score=None, fallback="u/m->v/m"))  # which is no chat
    hit = at(4)._replace(cache=CacheUse("memory", CacheResult.HIT))  # it counts for its score only
    write([*recent, hit, at(30), at(100), at(24 * 20)])
    with log.begin() as connection:
        charge_shadow(connection, "big", Usage(1, 1), 1.0)
    day = last_day(log, NOW, "simple")
    assert (day.requests, day.fallbacks, day.scored, day.simple) == (3, 1, 4, 3)
    assert day.scores == {10: 3, 20: 1}
    assert day.earlier_scores == {10: 2}


@pytest.mark.parametrize(
    ("hours", "recent", "earlier"),
    [
        (-0.9, 0, 0),  # under a wrong clock
        (0, 1, 0),
        (23, 1, 0),
        (23.4, 1, 0),  # the day begins with its hour
        (23.6, 0, 1),
        (24 * 8 - 1 + 0.4, 0, 1),
        (24 * 8 - 1 + 0.6, 0, 0),
    ],
)
def test_a_day_is_the_hour_that_runs_and_the_23_before_it(log, write, hours, recent, earlier):
    write([at(hours)])
    day = last_day(log, NOW, "simple")
    counted = recent + (hours < 0)  # sums of an hour to come are known, its scores are not
    assert (day.requests, day.fallbacks, day.scored) == (counted, 0, counted)
    assert (day.simple, sum(day.scores.values())) == (recent, recent)
    assert sum(day.earlier_scores.values()) == earlier


def test_verdicts_are_counted_for_answers_of_the_smallest_tier_only(log, write):
    events = [at(1), at(1), at(1), at(1, "complex"), at(1)]
    write(events)
    for event, judge, said in zip(
        events, ("model", "model", "checks", "model"), ("loss", "tie", "win", "loss"), strict=False
    ):
        verdict(log, event, judge, said, position="first" if said == "tie" else None)
    verdict(log, events[4], "user", "bad", weak=None)
    day = last_day(log, NOW, "simple")
    assert (day.judged, day.losses) == (3, 1)
    assert (day.compared, day.contradicted) == (3, 1)


def test_verdicts_of_one_chance_of_being_judged_are_counted_together(log, write):
    events = [at(1) for _ in range(7)]
    write(events)
    said = ["loss", "loss", "tie", "loss", "win", "tie", "tie"]
    for number, event in enumerate(events):
        verdict(log, event, "checks", said[number], propensity=0.5 if number < 4 else 0.25)
    day = last_day(log, NOW, "simple")
    assert sorted(day.by_propensity) == [Count(0, 3, 4.0), Count(3, 4, 2.0)]
    assert (day.judged, day.losses, day.compared) == (7, 3, 0)


@pytest.mark.parametrize(("hours", "count"), [(0, 1), (23.5, 1), (23.501, 0), (30, 0)])
def test_verdicts_count_by_when_they_were_given(log, write, hours, count):
    event = at(30)
    write([event])
    verdict(log, event, "model", "loss", hours=hours, position="second")
    day = last_day(log, NOW, "simple")
    assert (day.judged, day.losses) == (count, count)
    assert (day.compared, day.contradicted) == (count, count)


def test_a_verdict_that_nobody_understood_counts_for_nothing(log, write):
    event = at(1)
    write([event])
    verdict(log, event, "model", "malformed", weak=None, position="first")
    assert last_day(log, NOW, "simple").compared == 0
