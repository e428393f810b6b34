"""Verdicts of users, of which the last counts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.fakes.finished import finished
from tests.fakes.logs import log_in

from gearshift.decision_log.database import DecisionLogError, open_database
from gearshift.decision_log.feedback import Feedback
from gearshift.decision_log.schema import JUDGEMENTS


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


def test_a_database_in_trouble_is_said_and_opened_anew(tmp_path):
    url = log_in(tmp_path, [event := finished()])
    feedback = Feedback(url)
    engine = feedback._database.get()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE judgements RENAME TO away"))
    with pytest.raises(DecisionLogError, match="cannot be written now"):
        feedback.give(event.decision.id, "good", None)
    assert feedback._database.get() is not engine
    with feedback._database.get().begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO judgements"))
    assert feedback.give(event.decision.id, "good", None)
    feedback.close()


def test_a_verdict_is_kept_with_the_share_of_its_decision_and_a_clean_comment(tmp_path):
    event = finished()
    event = event._replace(decision=event.decision._replace(propensity=0.25))
    feedback = Feedback(log_in(tmp_path, [event]))
    feedback.give(event.decision.id, "bad", "a\0b")
    with feedback._database.get().connect() as connection:
        (said,) = connection.execute(select(JUDGEMENTS)).mappings()
    assert (said["propensity"], said["comment"], said["weak_score"]) == (0.25, "ab", None)
    feedback.give(event.decision.id, "good", "")
    with feedback._database.get().connect() as connection:
        (again,) = connection.execute(select(JUDGEMENTS)).mappings()
    assert (again["verdict"], again["comment"]) == ("good", None)
    assert again["time"] >= said["time"]
    feedback.close()


def test_many_verdicts_over_one_connection_whose_statements_are_prepared(postgres_url, writers):
    events = [finished() for _ in range(20)]
    writer = writers(postgres_url)
    writer.add(events)
    writer.stop()
    feedback = Feedback(postgres_url)
    with feedback._database.get().connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.prepare_threshold = 0  # as by default; it is the pool's only connection
    assert all(feedback.give(event.decision.id, "good", None) for event in events)
    feedback.close()
