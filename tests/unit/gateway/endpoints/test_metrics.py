"""`/metrics` on the data port."""

from tests.fakes.finished import finished


async def test_what_was_counted_is_told_in_prometheus_own_format(planes):
    plane = await planes()
    plane.metrics.observe([finished()])
    response = await plane.ask("/metrics")
    assert response.status == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    text = response.body.decode()
    assert 'gearshift_requests_total{cause="scored",dialect="openai",model="gemma2:2b"' in text


async def test_a_request_that_was_refused_is_counted(planes):
    plane = await planes()
    assert (await plane.ask("/v1/chat/completions", {"messages": []})).status == 400
    text = (await plane.ask("/metrics")).body.decode()
    assert 'dialect="openai",model="",status="400"' in text
