"""Gauges are read when they are scraped, not when something changes."""

from gearshift.telemetry.gauges import AlarmGauges, ModelGauges, ModelState, OwnerGauge


def samples(collector):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in collector.collect()
        for sample in metric.samples
    }


def test_models_are_up_and_in_memory_where_that_is_known():
    states = [
        ModelState("u", "m", is_up=True, is_resident=None),
        ModelState("u", "n", is_up=False, is_resident=True),
    ]
    gauges = ModelGauges(lambda: states)
    assert samples(gauges) == {
        ("gearshift_upstream_up", "u", "m"): 1.0,
        ("gearshift_upstream_up", "u", "n"): 0.0,
        ("gearshift_model_resident", "u", "n"): 1.0,
    }
    states.clear()
    assert samples(gauges) == {}


def test_every_alarm_has_its_gauge_whether_it_lasts_or_not():
    lasting = ["drift"]
    gauges = AlarmGauges(lambda: lasting, ("quality", "drift"))
    assert samples(gauges) == {
        ("gearshift_alarm", "quality"): 0.0,
        ("gearshift_alarm", "drift"): 1.0,
    }
    lasting.clear()
    assert samples(gauges)["gearshift_alarm", "drift"] == 0.0


def test_who_owns_the_log_is_asked_at_every_scrape():
    owns = [False]
    gauge = OwnerGauge(lambda: owns[0])
    (before,) = gauge.collect()
    owns[0] = True
    (after,) = gauge.collect()
    assert before.name == "gearshift_decision_log_owner"
    assert [family.samples[0].value for family in (before, after)] == [0.0, 1.0]
