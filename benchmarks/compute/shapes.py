"""GGUF files with the tensor shapes of gemma2:2b and mistral:7b-instruct and random weights.

What they say is nonsense; what they cost is what the real models cost, because neither time nor
memory depends on the values of weights. Shapes are those of the published model cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_SPACE: Final = "\u2581"
_CONTROL: Final = ("<unk>", "<s>", "</s>", "<turn>", "</turn>")
_TEMPLATE: Final = (
    "{{ bos_token }}{%- for m in messages -%}<turn>{{ m['role'] }}\n{{ m['content'] }}</turn>"
    "{%- endfor -%}<turn>assistant\n"
)
_Q4: Final = (GGMLQuantizationType.Q4_0, 32, 18)  # kind, weights and bytes of a block
_Q6: Final = (GGMLQuantizationType.Q6_K, 256, 210)


@dataclass(frozen=True)
class Shape:
    """What fixes the cost of a transformer.

    Attributes:
        is_tied: The output matrix is that of the embedding.
    """

    architecture: str
    layers: int
    width: int
    inner: int
    heads: int
    kv_heads: int
    head: int
    vocabulary: int
    is_tied: bool


SHAPES: Final = {
    "gemma2:2b": Shape("gemma2", 26, 2304, 9216, 8, 4, 256, 256_000, is_tied=True),
    "mistral:7b-instruct": Shape("llama", 32, 4096, 14336, 32, 8, 128, 32_768, is_tied=False),
}


def write_model(path: Path, shape: Shape, words: Iterable[str]) -> None:
    """Write a model; `words` are one token each, everything else is spelt."""
    part = path.with_suffix(".part")
    writer = GGUFWriter(part, shape.architecture)
    _metadata(writer, shape)
    _tokenizer(writer, _vocabulary(words, shape.vocabulary))
    tensors = list(_tensors(shape))
    for name, rows, columns, kind in tensors:
        if kind is None:
            writer.add_tensor_info(name, (rows,), np.dtype(np.float32), 4 * rows)
            continue
        quantised, weights, size = kind
        line = columns // weights * size
        writer.add_tensor_info(name, (rows, line), np.dtype(np.uint8), rows * line, quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    drawn = np.random.default_rng(1)
    for _, rows, columns, kind in tensors:
        writer.write_tensor_data(
            np.ones(rows, np.float32) if kind is None else _blocks(drawn, rows, columns, *kind[1:])
        )
    writer.close()
    part.replace(path)


def _tensors(shape: Shape) -> Iterator[tuple[str, int, int, tuple[Any, int, int] | None]]:
    """Name, rows, columns and quantisation of each tensor; `None`: a vector of ones."""
    width, queries, keys = shape.width, shape.heads * shape.head, shape.kv_heads * shape.head
    norms = ["attn_norm", "ffn_norm"]
    if shape.architecture == "gemma2":
        norms += ["post_attention_norm", "post_ffw_norm"]
    yield "token_embd.weight", shape.vocabulary, width, _Q6 if shape.is_tied else _Q4
    for layer in range(shape.layers):
        prefix = f"blk.{layer}."
        for norm in norms:
            yield f"{prefix}{norm}.weight", width, 0, None
        yield f"{prefix}attn_q.weight", queries, width, _Q4
        yield f"{prefix}attn_k.weight", keys, width, _Q4
        yield f"{prefix}attn_v.weight", keys, width, _Q4
        yield f"{prefix}attn_output.weight", width, queries, _Q4
        yield f"{prefix}ffn_gate.weight", shape.inner, width, _Q4
        yield f"{prefix}ffn_up.weight", shape.inner, width, _Q4
        yield f"{prefix}ffn_down.weight", width, shape.inner, _Q4
    yield "output_norm.weight", width, 0, None
    if not shape.is_tied:
        yield "output.weight", shape.vocabulary, width, _Q6


def _blocks(drawn: np.random.Generator, rows: int, columns: int, weights: int, size: int) -> Bytes:
    """Random quants under a scale that keeps activations finite through all layers."""
    count = rows * columns // weights
    blocks = drawn.integers(0, 256, (count, size), np.uint8)
    scale = np.float16(1.0 / (4.6 * columns**0.5 * (1 if size == _Q4[2] else 64)))
    at = 0 if size == _Q4[2] else size - 2
    blocks[:, at : at + 2] = np.array([scale]).view(np.uint8)
    return blocks.reshape(rows, -1)


def _metadata(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_name("true shape, random weights")
    writer.add_file_type(int(LlamaFileType.MOSTLY_Q4_0))
    writer.add_context_length(8192)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(shape.vocabulary)
    if shape.architecture == "gemma2":
        writer.add_attn_logit_softcapping(50.0)
        writer.add_final_logit_softcapping(30.0)
        writer.add_sliding_window(4096)
    else:
        writer.add_rope_dimension_count(shape.head)
        writer.add_rope_freq_base(1e6)


def _vocabulary(words: Iterable[str], size: int) -> list[str]:
    """Control tokens, bytes, characters, and every word with the beginnings that lead to it."""
    known = dict.fromkeys([*_CONTROL, *(f"<0x{byte:02X}>" for byte in range(256))])
    known |= dict.fromkeys([_SPACE, "\n", *map(chr, range(33, 127))])
    for word in words:
        spelt = f"{_SPACE}{word}"
        for end in range(2, len(spelt) + 1):
            if len(known) < size:
                known[spelt[:end]] = None
    return [*known, *(f"{_SPACE}filler{number}" for number in range(size - len(known)))]


def _tokenizer(writer: GGUFWriter, vocabulary: list[str]) -> None:
    kinds = [TokenType.UNKNOWN, *[TokenType.CONTROL] * (len(_CONTROL) - 1)]
    kinds += [TokenType.BYTE] * 256
    kinds += [TokenType.NORMAL] * (len(vocabulary) - len(kinds))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(vocabulary)
    writer.add_token_scores([-float(rank) for rank in range(len(vocabulary))])
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(_TEMPLATE)
