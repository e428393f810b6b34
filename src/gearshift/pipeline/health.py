"""HealthMonitor: probes upstreams off the request path and knows what each deployment can do."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gearshift.errors import UpstreamError
from gearshift.pipeline.circuit_breakers import CircuitBreakers, State
from gearshift.pipeline.topology import Topology, is_listed, resolve
from gearshift.providers.base import InformedProvider, Provider, PullingProvider, UpstreamConfig
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import (
    Capability,
    ChatRequest,
    Deployment,
    Readiness,
    UpstreamState,
)

logger = logging.getLogger(__name__)

TROUBLED_POLL_SECONDS = 1.0
LONGEST_TROUBLED_POLL_SECONDS = 30.0
# Each pause is up to so much longer or shorter, so that many gateways do not ask at one moment.
_JITTER = 0.1
_GROWTH = 1.5
FIRST_PROBE_SECONDS = 3.0
PROBE_SECONDS = 10.0

_WORDS = {
    Capability.TOOLS: ("tool",),
    Capability.VISION: ("image", "vision", "multimodal", "mmproj"),
    Capability.THINKING: ("think", "reasoning"),
}


@dataclass(frozen=True, slots=True)
class DeploymentHealth:
    """The health of one deployment of a tier, for people and for `/health/ready`.

    Attributes:
        detail: One line: what was found, and what to do about it.
        in_cooldown: It failed recently: its circuit is open.
        is_unlisted: Its upstream does not say which models it has.
    """

    deployment: Deployment
    readiness: Readiness
    detail: str = ""
    in_cooldown: bool = False
    is_unlisted: bool = False

    @property
    def has_model(self) -> bool | None:
        """Whether the upstream has the model; `None` where only a request will show."""
        if self.is_unlisted:
            return None
        return self.readiness in (Readiness.READY, Readiness.LOADING)


class Probes(Protocol):
    """Which process probes which upstream."""

    def is_mine(self, name: str) -> bool:
        """Whether this process is to probe it now."""
        ...

    def is_informed(self, name: str) -> bool:
        """Whether what another process has found is known here."""
        ...

    def found(self, name: str, state: UpstreamState, *, is_ready: bool) -> None:
        """A probe of this process has found it so."""
        ...


class HealthMonitor:
    """Keeps the newest state of every upstream, and the topology that follows from it.

    Attributes:
        states: What was found last, by the upstream's name.
        topology: What follows from it.
        probes: Says who probes, where processes share that; else this one does.
    """

    def __init__(
        self,
        config: TierConfig,
        upstreams: Sequence[UpstreamConfig],
        providers: Mapping[str, Provider],
        circuits: CircuitBreakers,
        embeddings_model: str | None = None,
    ) -> None:
        self._config = config
        self._embeddings_model = embeddings_model
        self.upstreams = tuple(upstreams)
        self._providers = providers
        self._circuits = circuits
        self._incapabilities: dict[Deployment, frozenset[Capability]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.states: dict[str, UpstreamState] = {}
        self.probes: Probes | None = None
        self.topology = self._resolve()

    async def start(self) -> None:
        """Probe once what nobody has, bounded in time, then go on in the background."""
        probes = self.probes
        names = [n for n in self._providers if probes is None or not probes.is_informed(n)]
        try:
            async with asyncio.timeout(FIRST_PROBE_SECONDS):
                await self.probe(names)
        except TimeoutError:
            logger.info("the first probe of the upstreams is taking longer; going on without it")
        self._tasks = [asyncio.create_task(self._poll(name)) for name in self._providers]

    async def aclose(self) -> None:
        """Stop polling."""
        loop = asyncio.get_running_loop()
        # Those of a loop that has ended have ended with it.
        tasks = [task for task in self._tasks if task.get_loop() is loop]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def probe_all(self) -> None:
        """Probe every upstream now, each on its own, so that a slow one delays no other."""
        await self.probe(self._providers)

    async def probe(self, names: Iterable[str]) -> None:
        """The same for some of them; of names that are none, nothing happens."""
        async with asyncio.TaskGroup() as group:
            for name in names:
                if name in self._providers:
                    group.create_task(self._probe(name))

    def carry_over(self, previous: HealthMonitor, unchanged: Collection[str]) -> None:
        """Go on with what is known of the upstreams that are the same."""
        self.states.update({u: s for u, s in previous.states.items() if u in unchanged})
        lacking = previous._incapabilities
        self._incapabilities.update({d: lacking[d] for d in lacking if d.upstream in unchanged})
        self.topology = self._resolve()

    def learn_incapable(
        self, deployment: Deployment, request: ChatRequest, error: UpstreamError
    ) -> None:
        """Remember what a deployment said it cannot do, so that it is not asked again."""
        message = error.message.lower()
        lacking = frozenset(
            need for need in request.needs if any(word in message for word in _WORDS[need])
        )
        if lacking:
            incapabilities = self._incapabilities.get(deployment, frozenset())
            self._incapabilities[deployment] = incapabilities | lacking
            self.topology = self._resolve()

    def tier_health(self) -> dict[str, list[DeploymentHealth]]:
        """Every tier's deployments, each with its level of health."""
        return {
            tier: [self._health(target.deployment) for target in targets]
            for tier, targets in self.topology.tiers.items()
        }

    def embeddings_health(self) -> list[DeploymentHealth]:
        """Those of the model that answers `auto` for embeddings; empty where none is set."""
        return [self._health(target.deployment) for target in self.topology.embeddings]

    async def _poll(self, name: str) -> None:
        """Each upstream has a rhythm of its own, so that one that hangs delays no other."""
        usual = next(u.health_every_seconds for u in self.upstreams if u.name == name)
        longest = min(usual, LONGEST_TROUBLED_POLL_SECONDS)
        troubled = TROUBLED_POLL_SECONDS
        while True:
            if self._is_well(name):
                pause, troubled = usual, TROUBLED_POLL_SECONDS
            else:
                pause, troubled = min(troubled, longest), troubled * _GROWTH
            await asyncio.sleep(pause * random.uniform(1 - _JITTER, 1 + _JITTER))
            if self.probes is None or self.probes.is_mine(name):
                await self._probe(name)

    def _is_well(self, name: str) -> bool:
        state = self.states.get(name)
        return state is not None and _is_ready(state) and not self._circuits.is_any_open(name)

    async def _probe(self, name: str) -> None:
        state = await self._asked(name)
        self._found(name, state)
        if self.probes is not None:
            self.probes.found(name, state, is_ready=_is_ready(state))

    def take(self, name: str, state: UpstreamState) -> None:
        """Go by what another process has found of an upstream."""
        provider = self._providers[name]
        if isinstance(provider, InformedProvider):
            provider.inform(state)
        self._found(name, state)

    def _found(self, name: str, state: UpstreamState) -> None:
        previous = self.states.get(name)
        self.states[name] = state
        _tell(name, previous, state)
        if previous != state:
            self.topology = self._resolve()
        if _is_ready(state):
            is_news = previous is not None and not _is_ready(previous)
            for deployment in self._circuits.failing_at(name):
                if not _may_have(state, deployment.model):
                    continue
                self._circuits.reachable(deployment, is_news=is_news)

    async def _asked(self, name: str) -> UpstreamState:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self._providers[name].probe()
        except TimeoutError:
            waited = time.perf_counter() - started
            return UpstreamState(is_reachable=False, detail=f"no answer in {waited:.0f} s")
        except Exception as error:  # whatever an upstream tells of itself, the next probe comes
            detail = f"the probe failed: {type(error).__name__}"
            previous = self.states.get(name)
            if previous is None or previous.detail != detail:
                logger.exception("upstream %s: the probe failed; probing continues", name)
            return UpstreamState(is_reachable=False, detail=detail)

    def _resolve(self) -> Topology:
        return resolve(
            self._config,
            self.upstreams,
            self.states,
            self._incapabilities,
            self._embeddings_model,
        )

    def _health(self, deployment: Deployment) -> DeploymentHealth:
        readiness, detail = self._readiness(deployment)
        is_unlisted = readiness is Readiness.READY and not self._is_listed(deployment)
        state = self._circuits.state(deployment)
        refusal = self._circuits.refusal(deployment)
        if refusal is not None:
            detail = refusal.message
        is_open = state is not State.CLOSED
        return DeploymentHealth(deployment, readiness, detail, is_open, is_unlisted)

    def _is_listed(self, deployment: Deployment) -> bool:
        return _lists(self.states[deployment.upstream], deployment.model)

    def _readiness(self, deployment: Deployment) -> tuple[Readiness, str]:
        state = self.states.get(deployment.upstream)
        if state is None:
            return Readiness.UNKNOWN, "not probed yet"
        if not state.is_reachable:
            return Readiness.UNREACHABLE, state.detail
        if state.refuses_key:
            return Readiness.REFUSED, state.detail
        if state.is_loading:
            return Readiness.LOADING, state.detail
        if deployment.model in state.missing:
            return Readiness.MISSING_MODEL, f"{deployment.upstream} says that it has no such model"
        if not _may_have(state, deployment.model):
            return Readiness.MISSING_MODEL, self._missing(deployment)
        return Readiness.READY, state.detail

    def _missing(self, deployment: Deployment) -> str:
        provider = self._providers[deployment.upstream]
        if isinstance(provider, PullingProvider):
            command = provider.pull_command(deployment.model)
            return f"{deployment.model} is not there; run: {command}"
        return f"{deployment.model} is not among the models that {deployment.upstream} serves"


def _is_ready(state: UpstreamState) -> bool:
    return state.is_reachable and not state.is_loading and not state.refuses_key


def _lists(state: UpstreamState, model: str) -> bool:
    return any(is_listed(model, info) for info in state.models)


def _may_have(state: UpstreamState, model: str) -> bool:
    """Whether a request may find the model there: it is listed, or there is no list."""
    return model not in state.missing and (not state.lists_models or _lists(state, model))


def _tell(name: str, previous: UpstreamState | None, state: UpstreamState) -> None:
    """Log what has changed between two probes."""
    if state.refuses_key and not (previous and previous.refuses_key):
        logger.warning("upstream %s refuses its api_key: %s", name, state.detail)
    elif previous is None or _level(previous) != _level(state):
        word = "reachable" if state.is_reachable else "not reachable"
        logger.info("upstream %s is %s: %s", name, word, state.detail)


def _level(state: UpstreamState) -> tuple[bool, bool]:
    return state.is_reachable, state.refuses_key
