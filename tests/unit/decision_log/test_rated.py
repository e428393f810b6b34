"""Which rated requests are evidence about other thresholds."""

from sqlalchemy import text
from tests.fakes.finished import decision, finished

from gearshift.decision_log.database import open_database
from gearshift.decision_log.feedback import Feedback
from gearshift.decision_log.rated import rated_requests
from gearshift.types import CacheResult, CacheUse, Cause, Usage


def write(writers, url, *decisions):
    writer = writers(url)
    writer.add([finished()._replace(decision=one) for one in decisions])
    writer.stop()


def rate(url, made, *verdicts):
    feedback = Feedback(url)
    for verdict in verdicts:
        assert feedback.give(made.id, verdict, None)
    feedback.close()


def test_only_those_that_another_score_would_have_moved(url, writers):
    moved = decision(movable=True, cause=Cause.EXPERIMENT, propensity=0.25)
    # In one arm it could not go where it should have, in another that was where it went anyway.
    pinned = [decision(movable=False, cause=cause) for cause in (Cause.CAPABILITY, Cause.SCORED)]
    elsewhere = decision(movable=True, fallback="simple->complex")
    write(writers, url, moved, elsewhere, *pinned)
    for one in (moved, elsewhere, *pinned):
        rate(url, one, "good", "bad", "bad")
    engine = open_database(url)
    (found,) = rated_requests(engine)
    assert (found.tier, found.propensity) == ("simple", 0.25)
    assert found.reward == 0.0  # the last word counts
    engine.dispose()


def test_rows_from_before_propensities_were_those_of_the_final_tier_are_left_out(url, writers):
    made = decision(movable=True)
    write(writers, url, made)
    rate(url, made, "good")
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE decisions SET movable = NULL"))
    assert rated_requests(engine) == []
    engine.dispose()


def test_an_answer_counts_once_however_often_the_cache_gave_it(url, writers):
    answered, again = decision(movable=True), decision(movable=True)
    writer = writers(url)
    hit = CacheUse("memory", CacheResult.HIT)
    writer.add([finished()._replace(decision=answered)])
    writer.add([finished()._replace(decision=again, cache=hit, usage=Usage())])
    writer.stop()
    for one in (answered, again):
        rate(url, one, "good")
    engine = open_database(url)
    assert len(rated_requests(engine)) == 1
    engine.dispose()
