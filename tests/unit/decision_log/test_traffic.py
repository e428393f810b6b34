"""Requests of the log as planning needs them, from either database."""

import math

import pytest
from sqlalchemy import create_engine
from tests.fakes.finished import finished
from tests.fakes.logs import log_in

from gearshift.decision_log.traffic import traffic_since
from gearshift.types import CacheResult, CacheUse, Cause, Usage


@pytest.fixture
def read(tmp_path):
    def read(*events, **options):
        engine = create_engine(log_in(tmp_path, events))
        found = traffic_since(engine, **options)
        engine.dispose()
        return found

    return read


def test_a_request_with_all_that_is_known_of_it(read):
    event = finished(time=5.0, seconds=4.0, streamed=True, usage=Usage(100, 50, 20))
    found = read(event)
    assert found.time.tolist() == [5.0]
    assert found.tier.tolist() == ["simple"]
    assert found.deployment.tolist() == ["local/gemma2:2b"]
    assert found.score.tolist() == [2.5]
    assert (found.prompt.tolist(), found.completion.tolist()) == ([80.0], [50.0])
    assert (found.seconds.tolist(), found.first.tolist()) == ([4.0], [2.0])
    assert found.is_clean.all()
    assert not found.is_hit.any()


def test_they_come_in_the_order_of_their_time_the_newest_ones(read):
    events = [finished(time=float(at)) for at in (3, 1, 2, 5, 4)]
    assert read(*events).time.tolist() == [1, 2, 3, 4, 5]
    assert read(*events, most=2).time.tolist() == [4, 5]
    assert read(*events, since=2.0).time.tolist() == [2, 3, 4, 5]


def test_an_empty_log_is_no_traffic(read):
    found = read()
    assert len(found.time) == len(found.is_clean) == 0


def test_embeddings_are_no_chats(read):
    assert len(read(finished("embeddings"), finished()).time) == 1


def test_the_first_token_of_an_answer_that_came_at_once_is_not_known(read):
    assert math.isnan(read(finished(streamed=False)).first[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 502},
        {"fault": "timeout"},
        {"fallback": "simple->complex"},
        {"attempts": (("a/m", "timeout"),)},
        {"load_seconds": 3.0},
        {"usage": None},
        {"usage": Usage(10, 0, 0)},
        {"cache": CacheUse("memory", CacheResult.HIT)},
    ],
)
def test_what_does_not_say_how_long_a_deployment_takes_is_not_clean(read, changes):
    assert read(finished(), finished(**changes)).is_clean.sum() == 1


def test_hits_are_told(read):
    assert read(finished(cache=CacheUse("memory", CacheResult.HIT))).is_hit.tolist() == [True]


def test_the_score_decides_where_the_row_says_so(read):
    movable = finished(time=1.0)
    forced = finished(time=2.0, cause=Cause.FORCED)
    movable = movable._replace(decision=movable.decision._replace(movable=True))
    by_session = finished(time=3.0)
    by_session = by_session._replace(decision=by_session.decision._replace(movable=False))
    unscored = finished(time=4.0)
    unscored = unscored._replace(decision=unscored.decision._replace(score=None, movable=True))
    found = read(movable, forced, by_session, unscored)
    assert found.is_scored.tolist() == [True, False, False, False]
