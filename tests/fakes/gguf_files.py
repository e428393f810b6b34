"""Tiny models of kinds that the demo has not: one that sees, and one for embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np

from gearshift.providers import demo_model

WIDTH = 512
"""Of the demo's models, and of what stands for an image in them."""
PATCHES = 16
"""That an image has, each as long as a token."""

_SIDE, _PATCH, _INNER, _HEADS = 56, 14, 64, 2
_NORMS = ("v.pre_ln", "v.post_ln", "v.blk.0.ln1", "v.blk.0.ln2")


def write_eyes(path: Path) -> None:
    """What turns an image into the input of a demo model, as LLaVA does it, without any sense."""
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", True)
    writer.add_string("clip.projector_type", "mlp")
    sizes = {
        "image_size": _SIDE,
        "patch_size": _PATCH,
        "embedding_length": _INNER,
        "feed_forward_length": _INNER,
        "block_count": 1,
        "projection_dim": WIDTH,
        "attention.head_count": _HEADS,
    }
    for name, size in sizes.items():
        writer.add_uint32(f"clip.vision.{name}", size)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    for name in ("image_mean", "image_std"):
        writer.add_array(f"clip.vision.{name}", [0.5] * 3)
    for name, shape in _shapes().items():
        writer.add_tensor(name, _filled(name, shape))
    _close(writer)


def _shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "v.class_embd": (_INNER,),
        "v.patch_embd.weight": (_INNER, 3, _PATCH, _PATCH),
        "v.position_embd.weight": (PATCHES + 1, _INNER),
    }
    square = {f"v.blk.0.{name}": _INNER for name in ("attn_q", "attn_k", "attn_v", "attn_out")}
    square |= {"v.blk.0.ffn_up": _INNER, "v.blk.0.ffn_down": _INNER, "mm.0": WIDTH}
    for name, rows in square.items():
        shapes |= {f"{name}.weight": (rows, _INNER), f"{name}.bias": (rows,)}
    for name in _NORMS:
        shapes |= {f"{name}.weight": (_INNER,), f"{name}.bias": (_INNER,)}
    return shapes | {"mm.2.weight": (WIDTH, WIDTH), "mm.2.bias": (WIDTH,)}


def _filled(name: str, shape: tuple[int, ...]) -> Any:
    if name.endswith(".bias"):
        return np.zeros(shape, np.float32)
    if name.removesuffix(".weight") in _NORMS:
        return np.ones(shape, np.float32)
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32) / 50


def write_embedder(path: Path, monkeypatch: Any) -> None:
    """A demo model that says how its vectors are made, by which Ollama knows one for embeddings."""
    told = demo_model._write_metadata

    def write(writer: Any, vocabulary: list[str]) -> None:
        told(writer, vocabulary)
        writer.add_pooling_type(gguf.PoolingType.MEAN)

    monkeypatch.setattr(demo_model, "_write_metadata", write)
    demo_model.write_demo_model(path, "none")


def _close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
