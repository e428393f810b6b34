"""What several test folders need: real engines, and gateways in this process."""

from __future__ import annotations

import gc
import importlib.util
import multiprocessing
import os
import re
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # as it is

from gearshift.config.loading import Settings
from gearshift.providers.demo_model import demo_models
from gearshift.serving.run import running_gateway

# Whatever a test starts keeps its state away from the user's.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="gearshift-state-")

# Tests run side by side: scikit-learn's threads in each of them would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# These machines pause whenever they like; how long a case takes is no reason to fail.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Collecting makes millions of objects that all stay: to look for garbage amid them, again and
# again, takes a third of the time.
gc.disable()

_LONG = (
    *("tests/install/", "tests/browser/", "tests/e2e/", "tests/faults/test_matrix.py"),
    *("tests/unit/cli/test_train.py", "tests/unit/decision_log/test_retention.py"),
)

TIERS = {"simple": "gemma2:2b", "complex": "mistral:7b-instruct"}


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory) -> dict[str, Path]:
    """The two demo models, written once."""
    return demo_models(TIERS, tmp_path_factory.mktemp("models"))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are no text name no test: gzip's hold the time, and all processes say one name."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


class _ByFileOrPair(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """A file stays in one process, as what its fixtures start; the fault matrix's pairs apart.

    Each pair has a gateway of its own, and all of them take longer than anything else.
    """

    def _split_scope(self, nodeid: str) -> str:
        pair = re.match(r"tests/faults/test_matrix\.py::\w+\[\w+-\w+-", nodeid)
        return pair[0] if pair else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)  # unknown without the plugin
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Compile the files before the processes that collect them do, each of them all of it."""
    if sys.dont_write_bytecode:
        return
    files = [file for file in sorted(Path(__file__).parent.rglob("test_*.py")) if _is_stale(file)]
    fork = multiprocessing.get_context("fork")
    shares = [files[first :: os.cpu_count()] for first in range(os.cpu_count() or 1)]
    compiling = [fork.Process(target=_compile, args=(config, share)) for share in shares if share]
    for process in compiling:
        process.start()
    for process in compiling:
        process.join()


def _is_stale(file: Path) -> bool:
    compiled = file.parent.glob(f"__pycache__/{file.stem}.*-pytest-*.pyc")
    return all(one.stat().st_mtime < file.stat().st_mtime for one in compiled)


def _compile(config: pytest.Config, files: list[Path]) -> None:
    """Import files as pytest would, with their assertions rewritten; what is wrong shows later."""
    hook: Any = config.pluginmanager.rewrite_hook
    for file in files:
        name = ".".join(file.relative_to(config.rootpath).with_suffix("").parts)
        spec = hook.find_spec(name, [str(file.parent)])
        if spec is not None and spec.loader is not None:
            sys.modules[name] = importlib.util.module_from_spec(spec)
            with suppress(BaseException):
                spec.loader.exec_module(sys.modules[name])


@pytest.hookimpl(optionalhook=True)  # unknown without the plugin
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Where files are dealt out, as `make test` does."""
    return _ByFileOrPair(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long go first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_collection_finish() -> None:
    """From now on garbage is looked for again, though not amid what has been collected."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000)  # of what one test leaves, little lives long


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where every service must be there, as in CI, a test that misses one has failed."""
    report = yield
    is_required = os.environ.get("GEARSHIFT_TEST_SERVICES") == "required"
    if is_required and report.skipped and not item.get_closest_marker("elsewhere"):
        report.outcome = "failed"
        report.longrepr = f"skipped although GEARSHIFT_TEST_SERVICES=required: {report.longrepr}"
    return report


@pytest.fixture
def without_garbage_collection() -> Iterator[None]:
    """Only what nobody refers to is freed: a cycle stays, as it would until the next collection."""
    gc.disable()
    yield
    gc.enable()


GatewayFactory = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
def gateway() -> GatewayFactory:
    """Runs a gateway with the given settings in this process; yields its URL."""

    @asynccontextmanager
    async def run(settings: Settings | dict, upstreams=None):
        if isinstance(settings, dict):
            settings = Settings.model_validate(settings)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        port = listener.getsockname()[1]
        async with running_gateway(settings, upstreams, listener):
            yield f"http://127.0.0.1:{port}"

    return run
