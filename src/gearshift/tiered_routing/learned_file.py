"""Files of trained scorers: an npz archive of arrays with a JSON header; no pickle."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gearshift.errors import ModelFileError
from gearshift.tiered_routing import learned_features
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.learned_features import FOR_TREES, GRADED, SLOTS
from gearshift.tiered_routing.learned_model import Calibration, Familiarity, LearnedModel, Trees

FORMAT: Final = "gearshift-scorer"
FORMAT_VERSION: Final = 1

_LARGEST: Final = 16_000_000
_MOST_TREES: Final = 1_000
_DEEPEST: Final = 8
_HEADER: Final = "header"
_ARRAYS: Final = (
    *("rarity", "weights", "means", "scales", "graded_weights"),
    *("tree_features", "tree_thresholds", "tree_values"),
)
_UNREADABLE: Final = (
    *(ValueError, KeyError, TypeError, SyntaxError, OverflowError, MemoryError, RuntimeError),
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error),
)
"""What zipfile, numpy and json raise for files that are none of theirs."""
_AGAIN: Final = "train it again with `gearshift train`"


def write_model(model: LearnedModel, file: Path) -> None:
    """Write a model; a file that is already there is replaced at once or not at all.

    Raises:
        ModelFileError: It cannot be written.
    """
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "features_version": learned_features.VERSION,
        "rule_version": TaskComplexityScorer.version,
        "tree_weight": model.tree_weight,
        "rule_weight": model.rule_weight,
        "base": model.base,
        "weight_scale": _scale(model.weights),
        "calibration": list(astuple(model.calibration)),
        "familiarity": list(astuple(model.familiarity)),
        "training": model.facts,
    }
    arrays: dict[str, NDArray[Any]] = {
        _HEADER: np.frombuffer(json.dumps(header, allow_nan=False).encode(), np.uint8),
        "rarity": model.rarity.astype(np.float16),
        "weights": (model.weights / _scale(model.weights)).astype(np.float16),
        "means": model.means,
        "scales": model.scales,
        "graded_weights": model.graded_weights,
        "tree_features": model.trees.features,
        "tree_thresholds": model.trees.thresholds,
        "tree_values": model.trees.values,
    }
    temporary = file.with_name(f".{file.name}.new")
    try:
        with temporary.open("wb") as opened:
            _archive(opened, arrays)
        temporary.replace(file)
    except OSError as error:
        raise ModelFileError(f"{file}: cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _archive(opened: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """An npz as `numpy.savez_compressed` writes it, but the same bytes for the same arrays."""
    with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            body = io.BytesIO()
            np.lib.format.write_array(body, array, allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, body.getvalue())


def _scale(weights: NDArray[np.float32]) -> float:
    """So that the largest weight is 1, where half precision is best."""
    return float(np.abs(weights).max(initial=0.0)) or 1.0


def as_stored(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights as they are once written and read, so that a model is what its file says."""
    scale = _scale(values)
    return (values / scale).astype(np.float16).astype(np.float32) * np.float32(scale)


def read_model(file: Path) -> LearnedModel:
    """The model in a file.

    Raises:
        ModelFileError: It cannot be read, is no model, is damaged, or was made by another
            version; the message says which and what to do.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise ModelFileError(f"{file}: is not a scorer model: larger than {_LARGEST:,} bytes")
        raw = file.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{file}: cannot be read: {error.strerror}") from error
    return model_of(raw, str(file))


def model_of(raw: bytes, name: str) -> LearnedModel:
    """The model in the bytes of a file called `name`; see `read_model`."""
    try:
        arrays = _arrays(raw)
        header = json.loads(arrays.pop(_HEADER).tobytes())
    except _UNREADABLE as error:
        raise ModelFileError(f"{name}: is not a scorer model, or is damaged: {error}") from error
    _check_versions(header, name)
    try:
        return _model(header, arrays, hashlib.sha256(raw).hexdigest())
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise ModelFileError(f"{name}: is damaged: {error}; {_AGAIN}") from error


def _arrays(raw: bytes) -> dict[str, NDArray[Any]]:
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if sum(info.file_size for info in members.values()) > _LARGEST:
            raise ValueError("too large when unpacked")
        for name in (_HEADER, *_ARRAYS):
            with archive.open(members[f"{name}.npy"]) as body:
                content = io.BytesIO(body.read(_LARGEST))
            arrays[name] = np.lib.format.read_array(content, allow_pickle=False)
    return arrays


def _check_versions(header: Any, name: str) -> None:
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError(f"{name}: is not a scorer model of gearshift")
    if header.get("format_version") != FORMAT_VERSION:
        raise ModelFileError(
            f"{name}: has format {header.get('format_version')!r}, this gearshift reads "
            f"{FORMAT_VERSION}; {_AGAIN}, or use the gearshift that wrote it"
        )
    expected = (learned_features.VERSION, TaskComplexityScorer.version)
    if (header.get("features_version"), header.get("rule_version")) != expected:
        raise ModelFileError(
            f"{name}: was trained on the features of another version of gearshift; {_AGAIN}"
        )


def _model(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], digest: str
) -> LearnedModel:
    count = len(GRADED)
    scale = _number(header["weight_scale"])
    calibration = Calibration(*map(_number, header["calibration"]))
    if not (calibration.low < calibration.cut < calibration.high and 0 < calibration.at < 10):
        raise ValueError("its calibration is not ascending")
    scales = _checked(arrays["scales"], np.float64, (count,))
    if (scales <= 0).any():
        raise ValueError("a scale is not above 0")
    if not isinstance(header["training"], dict):
        raise ValueError("its training summary is not an object")
    weights = _checked(arrays["weights"], np.float16, (SLOTS,)).astype(np.float32)
    return LearnedModel(
        _checked(arrays["rarity"], np.float16, (SLOTS,)).astype(np.float32),
        weights * np.float32(scale),
        _checked(arrays["means"], np.float64, (count,)),
        scales,
        _checked(arrays["graded_weights"], np.float64, (count,)),
        _trees(arrays),
        tree_weight=_number(header["tree_weight"]),
        rule_weight=_number(header["rule_weight"]),
        base=_number(header["base"]),
        calibration=calibration,
        familiarity=Familiarity(*map(_number, header["familiarity"])),
        facts=header["training"],
        digest=digest,
    )


def _trees(arrays: Mapping[str, NDArray[Any]]) -> Trees:
    features = arrays["tree_features"]
    if features.ndim != 2 or features.dtype != np.int16:
        raise ValueError("its trees are not a table")
    trees, inner = features.shape
    if trees > _MOST_TREES or inner not in {(1 << depth) - 1 for depth in range(_DEEPEST + 1)}:
        raise ValueError("it has too many trees, or incomplete ones")
    if ((features < 0) | (features >= len(FOR_TREES))).any():
        raise ValueError("its trees ask about an unknown feature")
    return Trees(
        features,
        _checked(arrays["tree_thresholds"], np.float32, (trees, inner), is_finite=False),
        _checked(arrays["tree_values"], np.float64, (trees, 2 * inner + 1)),
    )


def _checked(
    array: NDArray[Any], kind: type[Any], shape: tuple[int, ...], *, is_finite: bool = True
) -> NDArray[Any]:
    if array.dtype != kind or array.shape != shape:
        raise ValueError(f"an array is {array.dtype}{array.shape}, not {np.dtype(kind)}{shape}")
    if np.isnan(array).any() or (is_finite and not np.isfinite(array).all()):
        raise ValueError("an array has numbers that are not finite")
    return array


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{value!r} is not a number")
    number = float(value)
    if abs(number) == float("inf"):
        raise ValueError("a number is not finite")
    return number
