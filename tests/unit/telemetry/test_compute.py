"""Compute: what failed before is charged to us, and the baseline stays what it was."""

import pytest
from tests.fakes.finished import finished

from gearshift.telemetry.compute import Accounting
from gearshift.types import Cause, Usage

SIZES = {("u", "small"): 2.0, ("u", "big"): 7.0}
ACCOUNTING = Accounting(lambda upstream, model: SIZES.get((upstream, model)), lambda: ("u", "big"))
USAGE = Usage(100, 20, 40)


def compute_of(event):
    found = ACCOUNTING.of(event)
    assert found is not None
    return found


def event(model="small", cause=Cause.SCORED, attempts=()):
    made = finished()
    decision = made.decision._replace(upstream="u", model=model, cause=cause)
    return made._replace(decision=decision, usage=USAGE, attempts=attempts)


def test_cached_tokens_cost_nothing_and_the_baseline_has_the_same_tokens():
    assert ACCOUNTING.of(event()) == (2 * 2 * 80, 2 * 7 * 80)


def test_what_the_client_chose_is_no_merit_of_routing():
    used, baseline = compute_of(event(cause=Cause.FORCED))
    assert used == baseline == 2 * 2 * 80


@pytest.mark.parametrize(
    ("fault", "wasted"),
    [("timeout", 60), ("failed", 60), ("cut_off", 60), ("unreachable", 0), ("cooldown", 0)],
)
def test_a_failure_that_took_work_is_charged_with_the_prompt(fault, wasted):
    used, baseline = compute_of(event("big", Cause.FALLBACK, (("u/small", fault),)))
    assert used == 2 * 7 * 80 + 2 * 2 * wasted
    assert baseline == 2 * 7 * 80


def test_what_nobody_knows_is_not_guessed():
    assert ACCOUNTING.of(event("mystery")) is None
    assert ACCOUNTING.of(event()._replace(usage=None)) is None
