"""The `gearshift` command: finds the subcommand and turns errors into lines and exit codes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, Final

import click
from click.exceptions import NoArgsIsHelpError

from gearshift import registry
from gearshift.errors import ConfigError, GearshiftError, MissingExtraError, Problem

COMMANDS: Final = {
    "serve": ("gearshift.cli.serve:command", "Run the gateway."),
    "score": ("gearshift.cli.score:command", "Score a text and show which tier it goes to."),
    "launch": ("gearshift.cli.launch:command", "Start a client that uses the gateway."),
    "ask": ("gearshift.cli.ask:command", "Route one prompt and print the answer."),
    "doctor": ("gearshift.cli.doctor:command", "Check everything that a request needs."),
    "pull": ("gearshift.cli.pull:command", "Download the models that the tiers need."),
    "key": ("gearshift.cli.key:command", "Create an API key, or hash an existing one."),
    "evaluate": ("gearshift.cli.evaluate:command", "Measure scorers on recorded outcomes."),
    "train": ("gearshift.cli.train:command", "Fit the learned scorer to judged answers."),
    "tune": ("gearshift.cli.tune:command", "Find the cheapest threshold with a quality guarantee."),
    "replay": ("gearshift.cli.replay:command", "Estimate what another threshold would have done."),
    "experiment": ("gearshift.cli.experiment:command", "Compare settings on live traffic."),
    "stats": ("gearshift.cli.stats:command", "Show traffic, compute and latency from the log."),
    "cache": ("gearshift.cli.cache:command", "Show or clear what the answer cache keeps."),
    "plan": ("gearshift.cli.plan:command", "Find how many deployments a load needs."),
    "export": ("gearshift.cli.export:command", "Write the decision log as Parquet."),
    "config": ("gearshift.cli.config:command", "Check or show the configuration."),
}
"""Name, where the command is, and its line in the help; imported only when it is called."""

_FOLDERS_OF_METRICS: Final = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")
_FAILED: Final = 1
_BAD_USAGE: Final = 2
_INTERRUPTED: Final = 130


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's file; for an unknown name the nearest one is suggested."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            close = get_close_matches(cmd_name, COMMANDS, n=1)
            guess = f". Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"No such command {cmd_name!r}{guess}")
        # Looking for garbage among what is imported finds none, and is a tenth of the time.
        gc.disable()
        try:
            command: click.Command = registry.load(entry[0])
        finally:
            gc.enable()
        gc.freeze()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(name="gearshift", cls=_LazyGroup)
@click.version_option(package_name="gearshift", prog_name="gearshift")
def group() -> None:
    """Send each LLM request to the smallest model that can answer it well."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, 1 for a failure, 2 for what the user must set right.

    That is bad usage, a mistake in the configuration, or an extra that is not installed.
    """
    # Meant for another program of the image or shell: where there are workers to be added up,
    # gearshift makes a folder of its own, and the library would not even load without this one.
    for name in _FOLDERS_OF_METRICS:
        os.environ.pop(name, None)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. Expected errors become lines on standard error."""
    _hold_standard_files()
    code = _run(list(sys.argv[1:] if arguments is None else arguments))
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        # Whoever read our output has gone; the interpreter's own flush must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or _FAILED
    return code


def _hold_standard_files() -> None:
    """Where one is closed, a socket would get its number, and what is printed would go there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _run(args: list[str]) -> int:
    try:
        code = group.main(args, prog_name="gearshift", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except NoArgsIsHelpError as error:
        error.show()
        return _BAD_USAGE
    except click.ClickException as error:
        _print_error(_usage_line(error))
        return error.exit_code
    except ConfigError as error:
        for problem in error.problems:
            _print_error(_config_line(problem, error.source))
        return _BAD_USAGE
    except BrokenPipeError:
        return _FAILED
    except (GearshiftError, OSError) as error:
        _print_error(error)
        return _BAD_USAGE if isinstance(error, MissingExtraError) else _FAILED


def _print_error(message: Any) -> None:
    with suppress(OSError):  # nobody reads it
        click.echo(f"gearshift: {' '.join(str(message).split())}", err=True)


def _config_line(problem: Problem, source: str) -> str:
    is_about_file = source and not problem.key.startswith("GEARSHIFT_")
    return f"{source}: {problem}" if is_about_file else str(problem)


def _usage_line(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return message
    return f"{message} (see `{context.command_path} --help`)"
