"""What is said of a change that is not possible."""

from gearshift.admin.changing import Applied, RefusedChangeError
from gearshift.errors import GearshiftError


def test_a_refused_change_names_its_setting():
    error = RefusedChangeError("tiered_routing.scorer", "no scorer 'x'")
    assert isinstance(error, GearshiftError)
    assert (error.key, str(error)) == ("tiered_routing.scorer", "no scorer 'x'")


def test_what_was_done_can_be_taken_apart():
    effective, changes = Applied({"enabled": True}, [])
    assert (effective, changes) == ({"enabled": True}, [])
