"""Deployments as people write them."""

from gearshift.types import Deployment


def test_a_deployment_is_written_as_users_write_it():
    assert str(Deployment("local", "hf.co/x/y:1b")) == "local/hf.co/x/y:1b"
