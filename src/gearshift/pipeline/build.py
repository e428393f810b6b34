"""The pipeline: the steps around a call, outermost first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gearshift.pipeline.admission import Admission
from gearshift.pipeline.call import Handler
from gearshift.pipeline.cooldown import Cooldown
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.health import HealthMonitor
from gearshift.pipeline.recording import Recording
from gearshift.providers.base import Provider
from gearshift.telemetry.events import Sink


def build(
    providers: Mapping[str, Provider],
    cooldown: Cooldown,
    admission: Admission,
    health: HealthMonitor,
    sinks: Sequence[Sink],
    *,
    with_prompts: bool,
) -> Handler:
    """Recording around fallback around admission to the providers."""
    fallback = Fallback(providers, cooldown, admission, health.learn_incapable)
    return Recording(fallback, sinks, with_prompts=with_prompts)
