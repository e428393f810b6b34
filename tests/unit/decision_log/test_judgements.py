"""Verdicts as rows, and what finding them has cost."""

import time

import pytest
from sqlalchemy import select
from tests.fakes.finished import finished

from gearshift.decision_log.judgements import JudgementRow, charge_shadow, insert_judgement
from gearshift.decision_log.schema import HOURS, JUDGEMENTS
from gearshift.types import Usage


def inserted(log, row):
    with log.begin() as connection:
        insert_judgement(connection, row)
    with log.connect() as connection:
        return connection.execute(select(JUDGEMENTS)).mappings().all()


def test_a_verdict_is_kept_with_clean_texts(log, write):
    event = finished()
    write([event])
    row = JudgementRow(
        event.decision.id, 5.0, "model", "loss", 0.25, 1.0, 0.5, "a\0b", "first", "w\ud800", "s"
    )
    (kept,) = inserted(log, row)
    assert (kept["decision_id"], kept["time"], kept["judge"]) == (event.decision.id, 5.0, "model")
    assert (kept["weak_score"], kept["strong_score"], kept["propensity"]) == (0.25, 1.0, 0.5)
    assert (kept["comment"], kept["position"]) == ("ab", "first")
    assert (kept["weak_answer"], kept["strong_answer"]) == ("w?", "s")


def test_one_whose_decision_is_gone_is_gone_too(log):
    assert inserted(log, JudgementRow("dec-none", 5.0, "checks", "tie", 1.0, 1.0, 1.0)) == []


@pytest.mark.parametrize(("flops", "charged"), [(7e9, 7e9), (None, 0.0)])
def test_what_it_cost_is_part_of_our_compute(log, flops, charged):
    for _ in range(2):
        with log.begin() as connection:
            charge_shadow(connection, "m\0" + "x" * 300, Usage(10, 5, 2), flops)
    with log.connect() as connection:
        rows = connection.execute(select(HOURS)).mappings().all()
    assert {(row["tier"], row["model"], row["cause"]) for row in rows} == {
        ("shadow", "m" + "x" * 199, "shadow")
    }
    assert all(abs(row["hour"] - time.time() // 3600) <= 1 for row in rows)
    sums = {name: sum(row[name] for row in rows) for name in HOURS.columns.keys()[4:]}
    assert sums.pop("flops") == 2 * charged
    assert {name: value for name, value in sums.items() if value} == {
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "cached_tokens": 4,
    }
