"""A client that goes away stops a real engine."""

from benchmarks.cancellation import measured


async def test_the_engine_is_idle_again_when_the_client_has_gone():
    # How soon is measured by the benchmark; here it only has to come before the answer's end.
    assert all(seconds < 10 for seconds in await measured(2))
