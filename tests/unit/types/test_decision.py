"""A decision tells where a request goes, to Python and as JSON."""

import json

from tests.fakes.finished import decision

from gearshift.types import Cause, Decision, Deployment


def test_a_decision_tells_its_place():
    made = decision("complex", upstream="cloud", model="big")
    assert made.place == ("complex", "big", "cloud")
    assert made.deployment == Deployment("cloud", "big")


def test_a_decision_is_told_whole_and_in_plain_values():
    made = decision(cause=Cause.FALLBACK, fallback="simple->complex")
    told = made.to_json()
    assert set(told) == set(Decision._fields)
    assert json.loads(json.dumps(told)) == told
    assert type(told["cause"]) is str
    assert told["cause"] == "fallback"
    told["factors"]["length"] = 99.0
    assert made.factors["length"] == 1.0
