"""How long a failed deployment is left alone."""

import pytest

from gearshift.errors import Fault
from gearshift.pipeline.cooldown import LONGEST_SECONDS, Cooldown
from gearshift.types import Deployment

DEPLOYMENT = Deployment("local", "m")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_wait_doubles_and_is_bounded(clock):
    cooldown = Cooldown(clock)
    waits = []
    for _ in range(8):
        cooldown.failed(DEPLOYMENT, Fault.UNREACHABLE, "refused")
        start = clock.now
        while cooldown.active(DEPLOYMENT):
            clock.now += 0.5
        waits.append(clock.now - start)
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_SECONDS


def test_success_clears(clock):
    cooldown = Cooldown(clock)
    cooldown.failed(DEPLOYMENT, Fault.FAILED, "500")
    assert cooldown.active(DEPLOYMENT) == (Fault.FAILED, "500")
    cooldown.succeeded(DEPLOYMENT)
    assert cooldown.active(DEPLOYMENT) is None


@pytest.mark.parametrize("fault", [Fault.REJECTED, Fault.INCAPABLE, Fault.CUT_OFF])
def test_the_clients_own_fault_opens_no_cooldown(clock, fault):
    cooldown = Cooldown(clock)
    cooldown.failed(DEPLOYMENT, fault)
    assert cooldown.active(DEPLOYMENT) is None


def test_busy_never_waits_longer_than_asked(clock):
    cooldown = Cooldown(clock)
    for _ in range(5):
        cooldown.failed(DEPLOYMENT, Fault.BUSY)
    clock.now = 1.0
    assert cooldown.active(DEPLOYMENT) is None
    cooldown.failed(DEPLOYMENT, Fault.BUSY, retry_after_seconds=7)
    clock.now = 7.5
    assert cooldown.active(DEPLOYMENT)
    clock.now = 8.5
    assert cooldown.active(DEPLOYMENT) is None
