"""Upstreams: one list of upstreams, with all that stands between a call and their answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from gearshift import registry
from gearshift.cache.store import AnswerStore
from gearshift.config.loading import Settings
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.build import build
from gearshift.pipeline.carry_over import carry_over
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.health import HealthMonitor
from gearshift.pipeline.prefix_affinity import PrefixAffinity
from gearshift.pipeline.shared_circuits import SharedCircuits
from gearshift.pipeline.shared_probes import SharedProbes
from gearshift.pipeline.upstream_identity import shared_identities
from gearshift.providers.base import (
    EnginesProvider,
    InformedProvider,
    Provider,
    ReusableProvider,
    UpstreamConfig,
)
from gearshift.shared_state.state import Part, SharedState
from gearshift.telemetry.events import Sink


class Upstreams:
    """Providers, circuit breakers, queues, health and pipeline of one list of upstreams.

    Args:
        settings: All settings.
        configs: The upstreams.
        sinks: Called with every finished request.
        store: Where answers are kept, if they are.
        previous: Whose unchanged upstreams are reused, with their connections, engines and
            health; it owns them until its `hand_over`.
        shared: Where processes share what they know of upstreams.

    Attributes:
        configs: The upstreams, in the order of the settings.
        providers: The code that speaks to each of them, by its name.
        circuits: The circuit breakers of all deployments.
        admission: Queues in front of the upstreams.
        health: What is known of them.
        pipeline: Answers a call.
        affinity: Which deployments have read which conversations, where that is to count.

    Raises:
        PluginError: Another package's provider cannot be made.
    """

    def __init__(
        self,
        settings: Settings,
        configs: Sequence[UpstreamConfig],
        sinks: Sequence[Sink] = (),
        store: AnswerStore | None = None,
        previous: Upstreams | None = None,
        shared: SharedState | None = None,
    ) -> None:
        self.configs = tuple(configs)
        self._deadlines = settings.deadlines
        kept = self._unchanged(previous) if previous else {}
        self.providers: dict[str, Provider] = {
            config.name: kept.get(config.name)
            or registry.made("providers", config.provider, config, self._deadlines)
            for config in self.configs
        }
        self._owned = self.providers.keys() - kept.keys()
        circuit, limits = settings.circuit, settings.limits
        self.circuits = CircuitBreakers(
            time.monotonic,
            failures=circuit.failures,
            open_seconds=circuit.open_seconds,
            longest_open_seconds=circuit.longest_open_seconds,
        )
        self.admission = Admission(
            limits.max_in_flight,
            limits.max_queue,
            limits.first_token_seconds,
            lambda upstream: self.health.topology.tiers_at(upstream),
        )
        self.health = HealthMonitor(
            settings.tiered_routing,
            self.configs,
            self.providers,
            self.circuits,
            settings.embeddings.model,
        )
        parts = self.providers, self.circuits, self.admission, self.health
        self.shared_circuits: SharedCircuits | None = None
        self.shared_probes: SharedProbes | None = None
        if shared is not None:
            identities = shared_identities(self.configs, self.providers)
            self.shared_circuits = SharedCircuits(shared, self.circuits, identities)
            self.shared_probes = SharedProbes(shared, self._informed(identities), self.health.take)
            self.health.probes = self.shared_probes
        claim = None if self.shared_circuits is None else self.shared_circuits.claim
        self.pipeline = build(settings, *parts, sinks, store, claim)
        self.affinity: PrefixAffinity | None = None
        if settings.cache.prefix_affinity:
            self.affinity = PrefixAffinity(self.admission.busy, self.circuits)
        if previous is not None:
            self._take_over(previous, kept)

    def _unchanged(self, previous: Upstreams) -> dict[str, Provider]:
        """The previous providers that serve here unchanged."""
        if previous._deadlines != self._deadlines:
            return {}
        before = {config.name: config for config in previous.configs}
        same = [config.name for config in self.configs if before.get(config.name) == config]
        return {name: previous.providers[name] for name in same}

    def _take_over(self, previous: Upstreams, kept: Mapping[str, Provider]) -> None:
        """What is known of the upstreams, so that a change of settings is no fresh start."""
        for name in self._owned & previous.providers.keys():
            provider = self.providers[name]
            if isinstance(provider, ReusableProvider):
                provider.reuse_from(previous.providers[name])
        if self.shared_circuits is not None and previous.shared_circuits is not None:
            self.shared_circuits.reuse_from(previous.shared_circuits)
        if self.shared_probes is not None and previous.shared_probes is not None:
            self.shared_probes.reuse_from(previous.shared_probes)
        if self.affinity is not None and previous.affinity is not None:
            self.affinity.reuse_from(previous.affinity)
        carry_over(self.pipeline.stateful, previous.pipeline.stateful, kept)

    def hand_over(self, successor: Upstreams) -> None:
        """Leave the reused providers to those that reuse them, which close them from now on.

        Args:
            successor: Those that were made with these as `previous`.
        """
        shared = set(self.providers.values()) & set(successor.providers.values())
        self._owned -= {name for name, provider in self.providers.items() if provider in shared}
        successor._owned = set(successor.providers)
        for targets in successor.health.topology.models.values():
            for target in targets:
                if successor.providers[target.deployment.upstream] not in shared:
                    # What failed at the old address, or with the old key, may do now.
                    successor.circuits.succeeded(target.deployment)

    @property
    def shared_parts(self) -> tuple[Part, ...]:
        """What of them is to be looked at in rounds, while they are the live ones."""
        parts = self.shared_circuits, self.shared_probes
        return tuple(part for part in parts if part is not None)

    def _informed(self, identities: Mapping[str, str]) -> dict[str, str]:
        """Those upstreams that need no probe of their own to be asked."""
        providers = self.providers.items()
        names = [name for name, provider in providers if isinstance(provider, InformedProvider)]
        return {name: identities[name] for name in names if name in identities}

    async def start(self) -> None:
        """Start what is not reused, and probe each upstream once.

        Raises:
            UpstreamError: An embedded engine cannot be started.
        """
        for name in self._owned:
            await self.providers[name].start()
        await self.health.start()

    async def aclose(self) -> None:
        """Stop probing, close connections, end child processes; they may be started again."""
        if self.pipeline.refreshing is not None:
            await self.pipeline.refreshing.aclose()
        await self.health.aclose()
        for name in self._owned:
            await self.providers[name].aclose()

    def running(self) -> tuple[UpstreamConfig, ...]:
        """The upstreams with the addresses of engines started here, for other processes."""
        return tuple(map(self._as_running, self.configs))

    def _as_running(self, config: UpstreamConfig) -> UpstreamConfig:
        provider = self.providers[config.name]
        return provider.shared_config if isinstance(provider, EnginesProvider) else config
