"""Docstrings: every example runs, and every public name says what it takes, raises and returns."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import inspect
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.upstream import FaultUpstream

import gearshift

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"
FILES = [file for file in sorted(SOURCES.rglob("*.py")) if ">>> " in file.read_text("utf-8")]
ANSWER = {
    "model": "gemma2:2b",
    "message": {"role": "assistant", "content": "It is noon."},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 5,
    "eval_count": 4,
    "embeddings": [[0.6, 0.8], [0.8, 0.6]],
}


@pytest.fixture(scope="module")
def ollama() -> Iterator[str]:
    """An Ollama that gives one answer to everything, beside the loops that examples run."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    server = FaultUpstream(says=json.dumps(ANSWER).encode() + b"\n")
    wait(server.__aenter__())
    yield server.url
    wait(server.__aexit__())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SOURCES).as_posix())
def test_examples_say_what_happens(file: Path, ollama: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLLAMA_HOST", ollama)
    monkeypatch.chdir(ROOT)  # examples read the configuration file that lies there
    parts = file.relative_to(SOURCES).with_suffix("").parts
    module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
    runner = doctest.DocTestRunner(verbose=False)
    complaints: list[str] = []
    for case in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(case, out=complaints.append)
    assert runner.summarize(verbose=False).attempted > 0
    assert not complaints, "".join(complaints)


# --- the public names


def members(owner: type) -> Iterator[tuple[str, Any]]:
    """What a class itself defines for its users, `_determine_provider_and_model` included."""
    for name, value in vars(owner).items():
        plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        is_public = not name.startswith("_") or name == "_determine_provider_and_model"
        if is_public and (inspect.isfunction(plain) or isinstance(plain, property)):
            yield name, plain


def public() -> Iterator[tuple[str, Any]]:
    for name in gearshift.__all__:
        value = getattr(gearshift, name)
        yield name, value
        if inspect.isclass(value):
            for member, plain in members(value):
                yield f"{name}.{member}", plain


PUBLIC = dict(public())
CALLED = {name: value for name, value in PUBLIC.items() if not isinstance(value, property)}


def takes(value: Any) -> set[str]:
    """The names that a caller may give, without what Python or pydantic brings."""
    function = value.__init__ if inspect.isclass(value) else value
    names = {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in ("self", "cls", "data", "args")
        and parameter.kind is not inspect.Parameter.VAR_POSITIONAL
    }
    return names - {"kwargs"}


def has(value: Any) -> set[str]:
    """The attributes that a class declares."""
    declared = inspect.get_annotations(value) if inspect.isclass(value) else {}
    return {name for name in declared if not name.startswith("_") and name != "model_config"}


def section(text: str, title: str) -> str:
    """What stands indented below a title of a docstring."""
    _, _, rest = inspect.cleandoc(text).partition(f"{title}:\n")
    lines = []
    for line in rest.splitlines():
        if line and not line.startswith(" "):
            break
        lines.append(line)
    return "\n".join(lines)


def described(value: Any) -> set[str]:
    text = value.__doc__ or ""
    both = f"{section(text, 'Args')}\n{section(text, 'Attributes')}"
    return {line.split(":")[0].strip() for line in both.splitlines() if ":" in line}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_says_what_it_is(name: str):
    text = inspect.cleandoc(PUBLIC[name].__doc__ or "")
    assert text.split("\n\n")[0].rstrip().endswith((".", "?")), name


@pytest.mark.parametrize("name", CALLED)
def test_a_public_name_has_an_example(name: str):
    assert ">>> " in section(CALLED[name].__doc__ or "", "Example"), name


@pytest.mark.parametrize("name", CALLED)
def test_a_public_name_describes_what_it_takes_and_holds(name: str):
    value = CALLED[name]
    if value is gearshift.Settings:  # its blocks are docs/configuration.md
        return
    assert (takes(value) | has(value)) - described(value) == set(), name


def test_every_exception_that_a_public_function_raises_is_named():
    for name, value in CALLED.items():
        if "raise " in inspect.getsource(value) and not inspect.isclass(value):
            assert section(value.__doc__ or "", "Raises"), name
