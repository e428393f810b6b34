"""`make clients`: every client with a real gateway; writes the table in docs/clients/README.md.

make agents                           the coding agents, which are large
make clients                          all of them
make clients ARGS="--only litellm"    the files of `clients/` whose names contain that
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from clients import coding_agents
from clients.case import At
from clients.gateway import running_gateway
from clients.scripted import scripted_upstream
from clients.table import Outcome, write_table

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
_PAGE: Final = ROOT / "docs" / "clients" / "README.md"
_LONGEST_SECONDS: Final = 400
_FOLDERS: Final = {
    "python": sys.executable,
    "openai2": str(ROOT / ".venv-clients-openai2" / "bin" / "python"),
    "node": str(Path(sys.executable).with_name("node")),
}
"""Of clients, and what runs what is in it."""
_SHARED: Final = ("harness", "case")


def main() -> int:
    """0 if every client did all that it can, else 1."""
    given = _arguments()
    with (
        tempfile.TemporaryDirectory(prefix="gearshift-clients-") as folder,
        scripted_upstream() as scripted,
        running_gateway(Path(folder), scripted) as at,
    ):
        run = coding_agents.tried(at, Path(folder), scripted, given.only) if given.agents else None
        outcomes = [*_told(run or _run(at, given.only))]
    write_table(_PAGE, outcomes, "agents" if given.agents else "clients")
    failed = [outcome for outcome in outcomes if outcome.problem]
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return int(bool(failed))


def _told(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Each as it comes, but for what there was nothing to try of."""
    for outcome in outcomes:
        if outcome.problem is not None:
            mark = "FAIL" if outcome.problem else "ok  "
            print(f"{mark} {outcome.title}: {outcome.feature} {outcome.problem}", flush=True)
            yield outcome


def _run(at: At, only: str | None) -> Iterator[Outcome]:
    for folder in _FOLDERS:
        for file in sorted((HERE / folder).glob("[a-z]*.*")):
            is_asked_for = only is None or only in f"{folder}/{file.name}"
            if file.suffix in (".py", ".mjs") and file.stem not in _SHARED and is_asked_for:
                yield from _outcomes(file, at)


def _outcomes(file: Path, at: At) -> Iterator[Outcome]:
    """What one file's process tells; that it broke off, if it did."""
    folder, given = file.parent.name, json.dumps(asdict(at))
    command = [_FOLDERS[folder], "-m", "clients.one", f"{folder}.{file.stem}", given]
    if file.suffix == ".mjs":
        command = [_FOLDERS[folder], str(HERE / "node" / "harness.mjs"), file.stem, given]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        alarm = threading.Timer(_LONGEST_SECONDS, process.kill)
        alarm.start()
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                yield Outcome(**json.loads(line))
        code = process.wait()
        alarm.cancel()
    if code:
        yield Outcome(file.stem, "", "", "", "process", f"ended with {code}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make clients", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="PART", help="files whose name contains this")
    parser.add_argument("--agents", action="store_true", help="the coding agents: `make agents`")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ["OLLAMA_HOST"] = "127.0.0.1:9"  # nobody; a client that is not told must not find one
    sys.exit(main())
