"""Verdicts of users, of which the last counts."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from tests.fakes.finished import finished

from gearshift.decision_log.database import open_database
from gearshift.decision_log.feedback import Feedback
from gearshift.decision_log.schema import JUDGEMENTS


@pytest.fixture
def engine(url):
    made = open_database(url)
    yield made
    made.dispose()


def at_once(count, question):
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(question, range(count)))


def test_the_last_verdict_of_a_user_counts(url, writers):
    writer = writers(url)
    events = [finished(), finished()]
    writer.add(events)
    writer.stop()
    first, second = (event.decision.id for event in events)
    feedback = Feedback(url)
    assert feedback.give(first, "good", "fine\0 \ud800")
    assert feedback.give(first, "bad", None)
    assert not feedback.give("dec-nobody", "bad", None)
    assert all(at_once(6, lambda number: feedback.give(second, "good", f"{number}")))
    feedback.close()
    engine = open_database(url)
    with engine.connect() as connection:
        rows = connection.execute(
            select(JUDGEMENTS.c.decision_id, JUDGEMENTS.c.verdict, JUDGEMENTS.c.judge)
        ).all()
    assert sorted(rows) == sorted([(first, "bad", "user"), (second, "good", "user")])
    engine.dispose()
