"""Changes one value in the text of a configuration file, and leaves every other byte alone."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Final

import yaml

from gearshift.errors import GearshiftError

_BLOCK: Final = "tiered_routing"
_KEY: Final = "complexity_threshold"

Scalar = bool | float | str


def replace_threshold(file: Path, threshold: float) -> str:
    """Write a threshold into a file; what was done, in a line.

    The old text is kept beside it, for `restore_threshold`.

    Raises:
        GearshiftError: The file cannot be written, or has no one place for the threshold.
    """
    file = file.resolve()
    old = _read(file)
    new = with_threshold(old, threshold, str(file))
    _write(_previous(file), old, like=file)
    _write(file, new, like=file)
    return f"written: {_KEY} {threshold:g} into {file} (`gearshift tune --undo` takes it back)"


def restore_threshold(file: Path) -> str:
    """Put back what the last `replace_threshold` has replaced; what was done, in a line.

    Raises:
        GearshiftError: There is nothing to put back, or the file cannot be written.
    """
    file = file.resolve()
    previous = _previous(file)
    if not previous.exists():
        raise GearshiftError(f"{file}: nothing to undo; {previous.name} is not there")
    earlier = threshold_in(_read(previous), str(previous))
    now = _read(file)
    if earlier is None:
        text = _read(previous) if threshold_in(now, str(file)) is not None else now
    else:
        text = with_threshold(now, earlier, str(file))
    _write(file, text, like=file)
    previous.unlink()
    return f"put back: {_KEY} {'is the default again' if earlier is None else f'{earlier:g}'}"


def threshold_in(text: str, name: str) -> float | None:
    """The threshold that a file's text sets itself."""
    node = _node(text, name)
    return None if node is None or isinstance(node, yaml.MappingNode) else float(node.value)


def with_threshold(text: str, threshold: float, name: str) -> str:
    """The text with another threshold.

    Raises:
        GearshiftError: It has no one place for it.
    """
    _node(text, name)  # which finds what speaks against it
    return with_value(text, (_BLOCK, _KEY), threshold, name)


def replace_value(file: Path, path: tuple[str, ...], value: Scalar) -> None:
    """Write a value into a file, and leave every other byte alone.

    Raises:
        GearshiftError: The file cannot be written, or has no one place for the value.
    """
    file = file.resolve()
    _write(file, with_value(_read(file), path, value, str(file)), like=file)


def with_value(text: str, path: tuple[str, ...], value: Scalar, name: str) -> str:
    """The text with another value at a path of keys.

    Raises:
        GearshiftError: There is no one place for it.
    """
    node, depth = _deepest(text, path, name)
    shown = _scalar(value)
    if depth == len(path) and isinstance(node, yaml.ScalarNode):
        if "$" in str(node.value):
            raise GearshiftError(f"{name}: {'.'.join(path)} comes from the environment")
        return text[: node.start_mark.index] + shown + text[node.end_mark.index :]
    if node is None:
        return f"{text.rstrip()}\n\n{_nested(path, shown, 0)}\n".lstrip()
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        first = node.value[0][0].start_mark
        inserted = _nested(path[depth:], shown, first.column)
        return f"{text[: first.index]}{inserted}\n{' ' * first.column}{text[first.index :]}"
    raise GearshiftError(f"{name}: write `{path[-1]}: {shown}` under `{path[0]}` by hand")


def _deepest(text: str, path: tuple[str, ...], name: str) -> tuple[yaml.Node | None, int]:
    """The last node on the way to a value that is there, and how far it is."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise GearshiftError(f"{name}: is no YAML: {error}") from error
    depth = 0
    while node is not None and depth < len(path):
        child = _under(node, path[depth])
        if child is None:
            break
        node, depth = child, depth + 1
    return (node if depth else None), depth


def _nested(path: tuple[str, ...], shown: str, column: int) -> str:
    """Keys below each other with the value at the last, the first of them not indented."""
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(path)]
    lines[-1] += f" {shown}"
    return f"\n{' ' * column}".join(lines)


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}"


def _node(text: str, name: str) -> yaml.Node | None:
    """Where the threshold stands; the block where it does not; `None` where that is missing too."""
    block, depth = _deepest(text, (_BLOCK,), name)
    if block is None or not depth:
        return None
    tiers = _under(block, "tiers")
    if isinstance(tiers, yaml.SequenceNode) and tiers.value:
        raise GearshiftError(
            f"{name}: `tiers` are set, so there is more than one bound; write `below` by hand"
        )
    found = _under(block, _KEY)
    if found is not None and not isinstance(found, yaml.ScalarNode):
        raise GearshiftError(f"{name}: {_BLOCK}.{_KEY} is no number")
    if found is not None and "$" in str(found.value):
        raise GearshiftError(f"{name}: {_BLOCK}.{_KEY} comes from the environment; change it there")
    return block if found is None else found


def _under(node: yaml.Node, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _previous(file: Path) -> Path:
    return file.with_name(f"{file.name}.before-tune")


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GearshiftError(f"{file}: cannot be read: {error}") from error


def _write(file: Path, text: str, *, like: Path) -> None:
    """All of it or nothing, with the rights of another file."""
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(text.encode("utf-8"))
                opened.flush()
                os.fsync(opened.fileno())
            os.chmod(temporary, like.stat().st_mode & 0o777)
            os.replace(temporary, file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise GearshiftError(f"{file}: cannot be written: {error.strerror}") from error
