import importlib.util

import pytest

from gearshift import registry
from gearshift.errors import GearshiftError
from gearshift.evaluation.peers import peer_versions

INSTALLED = importlib.util.find_spec("litellm") is not None


@pytest.mark.elsewhere
@pytest.mark.skipif(INSTALLED, reason="the peer is installed here")
@pytest.mark.parametrize("name", registry.PEERS)
def test_a_peer_that_is_not_installed_is_said_so(name):
    with pytest.raises(GearshiftError, match="pip install litellm"):
        registry.load(registry.PEERS[name])()
    assert peer_versions() == {}


@pytest.mark.elsewhere
@pytest.mark.skipif(not INSTALLED, reason="only `make eval` installs the peers")
@pytest.mark.parametrize("name", registry.PEERS)
def test_a_peer_that_is_installed_scores(name):
    score = registry.load(registry.PEERS[name])()
    assert score("Prove that there are infinitely many primes") == pytest.approx(0.5, abs=1)
