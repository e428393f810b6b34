"""Engine: where parts are worked on; the work itself is the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol, TypeVar

from gearshift import registry
from gearshift.errors import GearshiftError
from gearshift.offline.parts import FilePart

R = TypeVar("R")
T = TypeVar("T", covariant=True)

Progress = Callable[[FilePart], None]
"""Is told of each part that is done."""

ENGINES: Final = {
    "duckdb": "gearshift.offline.processes:Processes",
    "ray": "gearshift.offline.ray_engine:RayEngine",
}
"""Name, and the class that is made with the number of workers."""


class PartWork(Protocol[T]):
    """What is done with a part: pure, and picklable, so that it can be sent elsewhere."""

    def __call__(self, part: FilePart) -> T:
        """The result of one part; reads nothing but files."""
        ...


class Engine(Protocol):
    """Works on parts, several at a time."""

    def map(self, work: PartWork[R], parts: Sequence[FilePart]) -> Iterator[tuple[FilePart, R]]:
        """Every part with its result, in whatever order they are done.

        Raises:
            GearshiftError: The work on a part has failed; names it.
        """
        ...


def load_engine(name: str, workers: int) -> Engine:
    """The engine of a name of `ENGINES`.

    Raises:
        MissingExtraError: Its package is not installed.
    """
    engine: Engine = registry.load(ENGINES[name])(workers)
    return engine


def results(
    engine: Engine, work: PartWork[R], parts: Sequence[FilePart], progress: Progress
) -> list[R]:
    """The results of all parts, in the order of the parts, whatever the engine's."""
    done: dict[FilePart, R] = {}
    for part, result in engine.map(work, parts):
        done[part] = result
        progress(part)
    return [done[part] for part in parts]


def attempt(work: PartWork[R], part: FilePart) -> R:
    """Work on a part where the engine has put it.

    Raises:
        GearshiftError: It has failed; names the part, and survives the way back to the caller.
    """
    try:
        return work(part)
    except GearshiftError as error:
        message = str(error)
        named = message if message.startswith(part.file) else f"{part}: {message}"
        raise GearshiftError(named) from error
    except Exception as error:
        raise GearshiftError(f"{part}: {type(error).__name__}: {error}") from error


def one_after_another(work: PartWork[R], parts: Iterable[FilePart]) -> Iterator[tuple[FilePart, R]]:
    """Work in this process, for what is not worth another."""
    for part in parts:
        yield part, attempt(work, part)
