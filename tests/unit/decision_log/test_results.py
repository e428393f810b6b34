"""Rows as plain objects."""

import orjson
from sqlalchemy import literal, select

from gearshift.decision_log.results import objects
from gearshift.decision_log.schema import FACTS


def test_rows_can_be_written_as_json(log):
    with log.begin() as connection:
        connection.execute(FACTS.insert(), [{"name": n, "value": v} for n, v in ("ab", "cd")])
        query = select(FACTS.c.name, FACTS.c.value, literal(1).label("one"))
        found = objects(connection.execute(query.order_by(FACTS.c.name)))
    assert found == [
        {"name": "a", "value": "b", "one": 1},
        {"name": "c", "value": "d", "one": 1},
    ]
    assert all(type(name) is str for row in found for name in row)
    assert orjson.loads(orjson.dumps(found)) == found


def test_no_rows_are_none(log):
    with log.connect() as connection:
        assert objects(connection.execute(select(FACTS))) == []
