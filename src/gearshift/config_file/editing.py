"""Writes one value into a configuration file, all or nothing, and takes a threshold back."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gearshift.config_file.values import Scalar, value_at, values_of, with_value, without_value
from gearshift.errors import GearshiftError

_BLOCK: Final = "tiered_routing"
_KEY: Final = "complexity_threshold"

# The admin plane and `auto_tune` write from threads of one process.
_EDITING: Final = threading.Lock()


def replace_threshold(file: Path, threshold: float) -> str:
    """Write a threshold into a file; what was done, in a line.

    The old text is kept beside it, for `restore_threshold`.

    Raises:
        GearshiftError: The file cannot be written, or has no one place for the threshold.
    """
    with _edited(file) as file:
        old = _read(file)
        new = with_threshold(old, threshold, str(file))
        before = _previous(file)
        kept = _read(before) if before.exists() else None
        _write(before, old, like=file)
        try:
            _write(file, new, like=file, instead_of=old)
        except GearshiftError:
            _restore(before, kept, like=file)
            raise
    return f"written: {_KEY} {threshold:g} into {file} (`gearshift tune --undo` undoes it)"


def restore_threshold(file: Path) -> str:
    """Put back what the last `replace_threshold` has replaced; what was done, in a line.

    Raises:
        GearshiftError: There is nothing to put back, or the file cannot be written.
    """
    with _edited(file) as file:
        previous = _previous(file)
        if not previous.exists():
            raise GearshiftError(f"{file}: nothing to undo; {previous.name} is not there")
        earlier = threshold_in(_read(previous), str(previous))
        now = text = _read(file)
        if earlier is not None:
            text = with_threshold(now, earlier, str(file))
        elif threshold_in(now, str(file)) is not None:
            text = _without_threshold(now, _read(previous), str(file))
        _write(file, text, like=file, instead_of=now)
        previous.unlink()
    return f"restored: {_KEY} {'is the default again' if earlier is None else f'{earlier:g}'}"


def threshold_in(text: str, name: str) -> float | None:
    """The threshold that a file's text sets itself.

    Raises:
        GearshiftError: It is none, or no one place sets it.
    """
    block = value_at(values_of(text, name), (_BLOCK,))
    if not isinstance(block, dict):
        return None
    if block.get("tiers"):
        raise GearshiftError(
            f"{name}: `tiers` is set, so there are several thresholds; edit `below` by hand"
        )
    threshold = block.get(_KEY)
    if isinstance(threshold, str) and "$" in threshold:
        raise GearshiftError(f"{name}: {_BLOCK}.{_KEY} comes from the environment; change it there")
    if threshold is not None and (
        isinstance(threshold, bool) or not isinstance(threshold, int | float | str)
    ):
        raise GearshiftError(f"{name}: {_BLOCK}.{_KEY} is not a number")
    try:
        return None if threshold is None else float(threshold)
    except ValueError as error:
        raise GearshiftError(f"{name}: {_BLOCK}.{_KEY} is not a number") from error


def with_threshold(text: str, threshold: float, name: str) -> str:
    """The text with another threshold.

    Raises:
        GearshiftError: It has no one place for it.
    """
    threshold_in(text, name)  # which finds what speaks against it
    return with_value(text, (_BLOCK, _KEY), threshold, name)


def _without_threshold(now: str, previous: str, name: str) -> str:
    """What there was before, with whatever was changed since."""
    threshold = threshold_in(now, name)
    if threshold is not None and now == with_threshold(previous, threshold, name):
        return previous
    return without_value(now, (_BLOCK, _KEY), name)


def replace_value(file: Path, path: tuple[str, ...], value: Scalar) -> None:
    """Write a value into a file, and leave every other byte alone.

    Raises:
        GearshiftError: The file cannot be written, or has no one place for the value.
    """
    with _edited(file) as file:
        old = _read(file)
        _write(file, with_value(old, path, value, str(file)), like=file, instead_of=old)


@contextmanager
def _edited(file: Path) -> Iterator[Path]:
    """The file itself, behind any links, while nobody else edits it.

    Raises:
        GearshiftError: It is not there, is no file, or is not meant to be written.
    """
    try:
        file = file.resolve(strict=True)
        status = file.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = error.strerror if isinstance(error, OSError) else error
        raise GearshiftError(f"{file}: cannot be read: {reason}") from error
    if not file.is_file():
        raise GearshiftError(f"{file}: cannot be written: it is not a regular file")
    # Its folder may be written all the same, and then a new file could take its place.
    if not status.st_mode & 0o222 or not os.access(file, os.W_OK):
        raise GearshiftError(f"{file}: cannot be written: it is read-only; make it writable first")
    with _EDITING, _locked(file.parent):
        yield file


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold off other programs that edit here (`tune --apply` beside a server), where locks work."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _restore(before: Path, kept: str | None, *, like: Path) -> None:
    with suppress(GearshiftError, OSError):
        if kept is None:
            before.unlink()
        else:
            _write(before, kept, like=like)


def _previous(file: Path) -> Path:
    return file.with_name(f"{file.name}.before-tune")


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GearshiftError(f"{file}: cannot be read: {error}") from error


def _write(file: Path, text: str, *, like: Path, instead_of: str | None = None) -> None:
    """All of it or nothing, with the rights of another file; not over what others have written."""
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(text.encode("utf-8"))
                opened.flush()
                os.fsync(opened.fileno())
            if instead_of is not None and _read(file) != instead_of:
                raise GearshiftError(
                    f"{file}: was changed in the meantime; nothing was written, try again"
                )
            status = like.stat()
            with suppress(OSError):  # only root may give files away
                os.chown(temporary, status.st_uid, status.st_gid)
            os.chmod(temporary, status.st_mode & 0o777)
            os.replace(temporary, file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise GearshiftError(f"{file}: cannot be written: {_reason(error, file)}") from error


def _reason(error: OSError, file: Path) -> str:
    if error.errno == errno.EBUSY:
        return f"{error.strerror}; the file itself is a mount point: mount its folder instead"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.strerror}; a new file must be created next to it, in {file.parent}"
    return error.strerror or str(error)
