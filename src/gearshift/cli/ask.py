"""`gearshift ask`: routes one prompt and streams the answer."""

from __future__ import annotations

import asyncio
import sys

import click

from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings
from gearshift.interface import LLMInterface


@click.command(name="ask")
@click.argument("text")
@click.option("--model", default="auto", show_default=True, help="auto, a tier or a model.")
@click.option("--tier", default=None, help="Force a tier.")
@config_option
@json_option
def command(text: str, model: str, tier: str | None, config: str | None, as_json: bool) -> None:
    """Route TEXT to a model and print its answer; `-` reads the text from standard input.

    The tier and model that answer, and the reason, are printed to standard error.
    """
    prompt = sys.stdin.read() if text == "-" else text
    asyncio.run(_ask(load(config), prompt, model, tier, as_json=as_json))


async def _ask(
    settings: Settings, prompt: str, model: str, tier: str | None, *, as_json: bool
) -> None:
    async with LLMInterface(settings) as llm:
        for notice in llm.notices:
            click.echo(f"gearshift: {notice}", err=True)
        answer = await llm.chat_completion(prompt, model=model, tier=tier, stream=True)
        if as_json:
            whole = await answer.collect()
            print_json({"content": whole.content, "decision": whole.decision.to_json()})
            return
        decision = answer.decision
        score = "" if decision.score is None else f", score {decision.score:.2f}"
        click.echo(f"[{decision.tier or '-'} · {decision.model}{score}]", err=True)
        click.echo(f"[{decision.reason}]", err=True)
        async for chunk in answer:
            click.echo(chunk.content, nl=False)
        click.echo()
