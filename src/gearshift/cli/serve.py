"""`gearshift serve`: the gateway and the admin plane."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from gearshift.cli.options import config_file, config_option, load_with_sources
from gearshift.serving.event_loop import run
from gearshift.serving.file_watch import ConfigWatch
from gearshift.serving.listeners import DEFAULT_HOST, DEFAULT_PORT, Addresses
from gearshift.serving.logs import configure_logs, notice
from gearshift.serving.serve import serve

_PORT: Final = click.IntRange(0, 65535)


@click.command(name="serve")
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=_PORT, default=DEFAULT_PORT, show_default=True, help="Port of the gateway."
)
@click.option(
    "--admin-port", type=_PORT, default=11436, show_default=True, help="Port of the dashboard."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Number of processes that serve requests.",
)
@click.option("--demo", is_flag=True, help="Use tiny demo models, even if there are others.")
@click.option(
    "--model-path",
    "model_paths",
    multiple=True,
    metavar="[MODEL=]FILE",
    help="GGUF file for the embedded engine: one for each tier, lowest first, or MODEL=FILE.",
)
@config_option
def command(
    host: str,
    port: int,
    admin_port: int,
    workers: int,
    demo: bool,
    model_paths: tuple[str, ...],
    config: str | None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C; requests in flight are finished first.

    Port 0 picks a free port. The first line on standard output contains the addresses. The
    configuration is reloaded on SIGHUP and whenever its file changes.
    """
    watch = ConfigWatch(lambda: config_file(config))
    loaded = load_with_sources(config)
    configure_logs()
    run(
        serve(
            loaded,
            host=host,
            port=port,
            admin_port=admin_port,
            workers=workers,
            demo=demo,
            model_paths=model_paths,
            ready=_announce,
            reload=lambda: load_with_sources(config),
            watch=watch,
        )
    )


def _announce(addresses: Addresses) -> None:
    """Say it on standard output; whoever reads that may be gone, and we serve all the same."""
    line = f"gearshift ready {addresses.data} admin {addresses.admin}"
    try:
        click.echo(line)
    except OSError as error:
        # Or what is left in the buffer would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        notice(f"cannot write to standard output ({error.strerror}); {line}")
