"""What the cache did is counted when it is read, once, and there is nothing to read without one."""

from prometheus_client import CollectorRegistry, Counter, generate_latest
from tests.fakes.finished import finished

from gearshift.telemetry.cache_tally import CacheTally
from gearshift.types import CacheResult, CacheUse, Usage

HIT = finished(cache=CacheUse("memory", CacheResult.HIT), saved=Usage(100, 50, 20))


def test_what_is_noted_is_read_once():
    registry = CollectorRegistry()
    tally = CacheTally(lambda name, text, labels: Counter(name, text, labels, registry=registry))

    def read():
        tally.flush()
        lines = generate_latest(registry).decode().splitlines()
        return {line for line in lines if "_total{" in line}

    assert read() == set()
    for event in (HIT, HIT, finished(cache=CacheUse("redis", CacheResult.MISS))):
        tally.add(event)
    tally.spared("simple", 5.0)
    labels = 'model="gemma2:2b",tier="simple"'
    counted = {
        'cache_requests_total{level="memory",result="hit"} 2.0',
        'cache_requests_total{level="redis",result="miss"} 1.0',
        f'cache_saved_tokens_total{{direction="input",{labels}}} 200.0',
        f'cache_saved_tokens_total{{direction="output",{labels}}} 100.0',
        'cache_saved_flops_total{tier="simple"} 5.0',
    }
    assert read() == counted
    assert read() == counted
