"""What is read: the files of a table in a folder, divided into parts of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gearshift.errors import GearshiftError
from gearshift.offline.parts import FilePart
from gearshift.offline.reading import JSON_LINES, MemoryLimit, opened, row_groups

_SUFFIXES: Final = (".parquet", *JSON_LINES)
DECISIONS: Final = "decisions"
JUDGEMENTS: Final = "judgements"


def table_files(source: str, table: str) -> list[str]:
    """The files of a table that `gearshift export` has written, in order.

    Args:
        source: The folder that it was written to, or one file.
        table: `decisions` or `judgements`.

    Raises:
        GearshiftError: There are none, or two kinds of them that would count twice.
    """
    folder = Path(source).expanduser()
    if folder.is_file():
        return [str(folder)] if table == DECISIONS else []
    _check_is_there(folder, source)
    single = [str(folder / f"{table}{end}") for end in _SUFFIXES]
    found = [file for file in single if Path(file).is_file()]
    inside = list(_below(folder / table))
    if len(found) + bool(inside) > 1:
        names = ", ".join([*found, *([f"{folder / table}/"] if inside else [])])
        raise GearshiftError(f"{names}: both have {table}; remove one, or requests count twice")
    return found or inside


def all_files(source: str) -> list[str]:
    """The files of a folder and of those in it, in order; or the one file.

    Raises:
        GearshiftError: There are none.
    """
    folder = Path(source).expanduser()
    if folder.is_file():
        return [str(folder)]
    _check_is_there(folder, source)
    return list(_below(folder))


def nothing_in(source: str, what: str) -> GearshiftError:
    """The error where a folder has no files of a kind."""
    kinds = ", ".join(f"*{end}" for end in _SUFFIXES[:3])
    return GearshiftError(f"{source}: there are no {what}: {kinds} are read")


def parts_of(files: Sequence[str], most_rows: int, limits: MemoryLimit) -> list[FilePart]:
    """Files as parts of about `most_rows` rows: whole row groups, as these are read at once.

    Raises:
        GearshiftError: A file is damaged; names it.
    """
    with opened(limits) as connection:
        return [
            part
            for file in files
            for part in (
                [FilePart(file)]
                if file.endswith(JSON_LINES)
                else _split(file, row_groups(connection, file), most_rows)
            )
        ]


def _split(file: str, groups: Sequence[int], most_rows: int) -> Iterator[FilePart]:
    total, first, rows = sum(groups), 0, 0
    for group in groups:
        if rows and rows + group > most_rows:
            yield FilePart(file, first, rows, is_whole=False)
            first, rows = first + rows, 0
        rows += group
    if rows:
        yield FilePart(file, first, rows, is_whole=rows == total)


def _below(folder: Path) -> Iterator[str]:
    """Not what begins with `.` or `_`, as half-written files and marks of other programs do."""
    for file in sorted(folder.rglob("*")):
        names = file.relative_to(folder).parts
        if file.name.endswith(_SUFFIXES) and not any(name[0] in "._" for name in names):
            yield str(file)


def _check_is_there(folder: Path, source: str) -> None:
    if not folder.is_dir():
        raise GearshiftError(f"{source}: there is no such file or folder")
