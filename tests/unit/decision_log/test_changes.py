"""Changes made through the admin plane, and totals since a reset."""

from tests.fakes.finished import finished

from gearshift.decision_log.changes import Change, changes, note_changes, reset_totals, totals
from gearshift.decision_log.judgements import charge_shadow
from gearshift.types import Usage


def change(number, **more):
    given = {"old": number, "new": {"a": [number]}, "who": "me", "kept": True, **more}
    return Change(0, float(number), "quality.shadow_share", **given)


def test_the_newest_come_first_with_values_of_any_kind(log):
    note_changes(log, [change(1), change(2, old=None, new="text", kept=False)])
    note_changes(log, [change(3)])
    found = changes(log)
    assert [one.time for one in found] == [3.0, 2.0, 1.0]
    assert len({one.number for one in found}) == 3
    assert found[1]._replace(number=0) == change(2, old=None, new="text", kept=False)
    assert found[2]._replace(number=0) == change(1)
    assert [one.time for one in changes(log, most=2)] == [3.0, 2.0]


def test_no_changes_write_nothing(log):
    note_changes(log, [])
    assert changes(log) == []


def test_totals_are_those_of_clients_by_tier(log, write):
    assert totals(log) == {}
    write([finished(), finished(), finished("complex", fallback="simple->complex")])
    write([finished("embeddings", fallback="u/m->v/m")])
    with log.begin() as connection:
        charge_shadow(connection, "m", Usage(1, 1), 1.0)
    assert totals(log) == {
        "simple": {"requests": 2, "fallbacks": 0, "scored": 2, "score_sum": 5.0},
        "complex": {"requests": 1, "fallbacks": 1, "scored": 1, "score_sum": 5.0},
    }


def test_after_a_reset_they_begin_at_nothing_and_tiers_may_come_later(log, write):
    reset_totals(log)
    write([finished()])
    reset_totals(log)
    assert totals(log)["simple"] == {
        "requests": 0,
        "fallbacks": 0,
        "scored": 0,
        "score_sum": 0.0,
    }
    write([finished(), finished("complex")])
    assert {tier: sums["requests"] for tier, sums in totals(log).items()} == {
        "simple": 1,
        "complex": 1,
    }
