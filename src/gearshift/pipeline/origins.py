"""Upstreams as the origins of answers: what tells one from another, and one model's weights too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gearshift.cache.key import AnsweredBy
from gearshift.pipeline.topology import is_listed
from gearshift.pipeline.upstream_identity import identity_of
from gearshift.providers.base import Provider, SeededProvider, UpstreamConfig
from gearshift.types import Deployment, UpstreamState


class Server(NamedTuple):
    """An upstream as the origin of answers.

    Attributes:
        identity: What tells it from others: kind, address, headers, account.
        honours_seed: The same seed gives the same answer.
    """

    identity: str
    honours_seed: bool


@dataclass(frozen=True, slots=True)
class Origins:
    """Where an answer can come from: upstreams, and the weights of their models.

    Attributes:
        servers: The upstreams, by name.
        digest: Of a deployment's model, empty where nobody knows it.
    """

    servers: Mapping[str, Server]
    digest: Callable[[Deployment], str]

    def of(self, deployment: Deployment) -> AnsweredBy | None:
        """Whose answers a deployment's are; `None` where its upstream is not known."""
        server = self.servers.get(deployment.upstream)
        if server is None:
            return None
        return AnsweredBy(server.identity, deployment.model, self.digest(deployment))

    def honours_seed(self, deployment: Deployment) -> bool:
        """Whether the same seed gives the same answer there."""
        server = self.servers.get(deployment.upstream)
        return server is not None and server.honours_seed


def servers_of(
    upstreams: Iterable[UpstreamConfig], providers: Mapping[str, Provider]
) -> dict[str, Server]:
    """The upstreams as origins of answers, by their names."""
    return {
        upstream.name: Server(
            identity_of(upstream), isinstance(providers[upstream.name], SeededProvider)
        )
        for upstream in upstreams
    }


class Digests:
    """What is known of the models' weights, also while their upstream is away.

    Args:
        states: The newest of every upstream.
    """

    def __init__(self, states: Mapping[str, UpstreamState]) -> None:
        self._states = states
        self._known: dict[Deployment, tuple[UpstreamState, str]] = {}

    def carry_over(self, previous: Digests, unchanged: Collection[str]) -> None:
        """Go on with what is known of the upstreams that are the same."""
        digests = previous._known.items()
        self._known.update({where: what for where, what in digests if where.upstream in unchanged})

    def __call__(self, deployment: Deployment) -> str:
        """The digest of its model, as the upstream told it last; empty if it never did."""
        state, last_digest = self._states.get(deployment.upstream), self._known.get(deployment)
        if state is None or not state.is_reachable or (last_digest and last_digest[0] is state):
            return last_digest[1] if last_digest else ""
        infos = (info for info in state.models if is_listed(deployment.model, info))
        digest = str(next((info.details.get("digest", "") for info in infos), ""))
        self._known[deployment] = state, digest
        return digest
