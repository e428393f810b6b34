"""`gearshift pull`: downloads the tiers' missing models, where the upstream can do that."""

from __future__ import annotations

import asyncio
import sys

import click

from gearshift.catalog.discovery import ollama_upstream
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.interface import LLMInterface
from gearshift.providers.base import PullingProvider, start_advice
from gearshift.types import Deployment, Readiness


@click.command(name="pull")
@config_option
@json_option
def command(config: str | None, as_json: bool) -> None:
    """Download the missing models of tiers and embeddings, where upstreams can do that (Ollama)."""
    pulled = asyncio.run(_pull(load(config), quiet=as_json))
    if as_json:
        print_json({"pulled": pulled})


async def _pull(settings: Settings, *, quiet: bool) -> list[str]:
    upstreams = settings.upstream_configs() or (ollama_upstream(),)
    async with LLMInterface(settings, upstreams=upstreams) as llm:
        missing = [
            health.deployment
            for deployments in (*llm.tier_health().values(), llm.embeddings_health())
            for health in deployments
            if health.readiness is Readiness.MISSING_MODEL
        ]
        unreachable = [name for name, s in llm.upstream_states().items() if not s.is_reachable]
        if unreachable and not missing:
            raise GearshiftError(
                f"cannot reach {', '.join(unreachable)}; "
                f"{start_advice(*(llm.providers[name] for name in unreachable))} and try again"
            )
        pulled = []
        for deployment in dict.fromkeys(missing):
            provider = llm.providers[deployment.upstream]
            if not isinstance(provider, PullingProvider):
                raise GearshiftError(
                    f"{deployment.upstream} cannot pull models; add {deployment.model} there"
                )
            try:
                await _fetch(provider, deployment, quiet=quiet)
            except UpstreamError as error:  # its words name no model
                raise GearshiftError(f"cannot pull {deployment.model}: {error.message}") from error
            pulled.append(deployment.model)
        if not pulled and not quiet:
            click.echo("every tier's model is already present")
        return pulled


async def _fetch(provider: PullingProvider, deployment: Deployment, *, quiet: bool) -> None:
    if quiet or not sys.stderr.isatty():
        async for _ in provider.pull(deployment.model):
            pass
        if not quiet:
            click.echo(f"pulled {deployment.model}")
        return
    label = f"pulling {deployment.model}"
    with click.progressbar(length=0, label=label, file=sys.stderr) as bar:
        async for step in provider.pull(deployment.model):
            bar.label = f"{label}: {step.status}"
            if step.total_bytes and step.total_bytes != bar.length:
                bar.length, bar.pos = step.total_bytes, 0
            bar.update(max(0, step.completed_bytes - bar.pos))
    click.echo(f"pulled {deployment.model}")
