"""Demo models: tiny GGUF files whose constructed weights make a real engine say one fixed reply.

The embedding is orthonormal, attention adds nothing, and the feed-forward block maps each token
to its successor in the reply; every token outside the reply is followed by the reply's first.
So whatever the prompt and the temperature, the engine says the reply and stops.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gearshift.errors import GearshiftError
from gearshift.extras import extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

CONTEXT_TOKENS: Final = 32768
"""Long, because words are spelt letter by letter; at one small layer it costs only 8 MB."""

_WIDTH: Final = 512  # of everything: embedding, feed-forward block, vocabulary
_HEAD: Final = 64
_SPACE: Final = "\u2581"  # how a SentencePiece vocabulary writes a space
_CONTROL: Final = ("<unk>", "<s>", "</s>", "[INST]", "[/INST]")
_UNKNOWN, _BEGIN, _END = 0, 1, 2
_FORMAT_VERSION: Final = 1  # changes when the same reply would give another file

# Lenient: any role, texts or parts, anything a real client sends.
_TEMPLATE: Final = (
    "{{ bos_token }}{%- for m in messages -%}[INST]{{ m['role'] }}: "
    "{%- if m['content'] is string -%}{{ m['content'] }}"
    "{%- elif m['content'] -%}{%- for p in m['content'] -%}"
    "{%- if p['text'] -%}{{ p['text'] }}{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{%- endfor -%}[/INST]"
)


def demo_reply(tier: str, models: Sequence[str]) -> str:
    """What the demo model of a tier says: that it is one, and how to get the real models."""
    commands = " and ".join(f"`ollama pull {model}`" for model in models)
    return (
        f"This is gearshift's demo model for the {tier} tier. It says these same words whatever "
        f"you ask. For real answers install Ollama, run {commands}, then restart gearshift."
    )


def demo_models(tiers: Mapping[str, str], folder: Path | None = None) -> dict[str, Path]:
    """One GGUF file for each tier, written unless it is there already.

    Args:
        tiers: The real model of each tier, which the reply names.
        folder: Where to keep the files; the user's cache folder otherwise.

    Raises:
        GearshiftError: The extra `embedded` is not installed, or the folder cannot be written.
    """
    folder = folder or _cache_folder()
    files = {}
    for tier in tiers:
        reply = demo_reply(tier, list(tiers.values()))
        digest = hashlib.sha256(f"{_FORMAT_VERSION}:{reply}".encode()).hexdigest()[:12]
        files[tier] = folder / f"demo-{tier}-{digest}.gguf"
        if not files[tier].exists():
            write_demo_model(files[tier], reply)
    return files


def write_demo_model(path: Path, reply: str) -> None:
    """Write a model that says `reply`, a text of 1 to about 900 characters.

    Raises:
        GearshiftError: The file cannot be written.
        MissingExtraError: `embedded` is not installed.
    """
    with extra("embedded", "the demo"):
        import gguf
    pieces = reply_pieces(reply)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = gguf.GGUFWriter(part, "llama")
        vocabulary = _vocabulary(pieces)
        _write_metadata(writer, vocabulary)
        for name, matrix in _tensors(vocabulary, pieces).items():
            writer.add_tensor(name, matrix)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise GearshiftError(f"cannot write the demo model {path}: {error}") from error


def reply_pieces(reply: str) -> list[str]:
    """The reply cut into pieces of which no two are equal, so that each has one successor.

    >>> reply_pieces("to be or not to be")
    ['to', '▁be', '▁or', '▁not', '▁to▁be']
    """
    text = reply.replace(" ", _SPACE)
    ends = [match.end() for match in re.finditer(rf"{_SPACE}?\w+|{_SPACE}?[^\w{_SPACE}]", text)]
    pieces: list[str] = []
    start = 0
    for end in ends:
        # A word that was said before is joined with what follows until it is new.
        if end > start and text[start:end] not in pieces:
            pieces.append(text[start:end])
            start = end
    rest = text[start:]
    while rest and rest in pieces:
        rest = pieces.pop() + rest
    return [*pieces, rest] if rest else pieces


def _vocabulary(pieces: Sequence[str]) -> list[str]:
    """Control tokens, 256 bytes, the reply, single characters, and filler up to the width."""
    letters = [_SPACE, "\n", *map(chr, range(33, 127))]
    every = [*_CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces, *letters]
    vocabulary = list(dict.fromkeys(every))
    if len(vocabulary) > _WIDTH:
        raise GearshiftError(f"the demo reply is too long: {len(pieces)} pieces")
    return vocabulary + [f"{_SPACE}filler{n}" for n in range(_WIDTH - len(vocabulary))]


def _write_metadata(writer: Any, vocabulary: Sequence[str]) -> None:
    with extra("embedded", "the demo"):
        from gguf import LlamaFileType, TokenType

    kinds = [TokenType.UNKNOWN, *[TokenType.CONTROL] * (len(_CONTROL) - 1)]
    kinds += [TokenType.BYTE] * 256
    kinds += [TokenType.NORMAL] * (len(vocabulary) - len(kinds))
    writer.add_name("gearshift demo")
    writer.add_description("constructed weights that say one fixed reply; not a trained model")
    writer.add_file_type(int(LlamaFileType.MOSTLY_F16))
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(_HEAD)
    writer.add_value_length(_HEAD)
    writer.add_rope_dimension_count(_HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e6)
    writer.add_vocab_size(_WIDTH)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(vocabulary)
    writer.add_token_scores([-float(rank) for rank in range(len(vocabulary))])
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_bos_token_id(_BEGIN)
    writer.add_eos_token_id(_END)
    writer.add_unk_token_id(_UNKNOWN)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(_TEMPLATE)


def _tensors(vocabulary: Sequence[str], pieces: Sequence[str]) -> dict[str, Any]:
    import numpy as np

    basis = _hadamard() / np.float32(np.sqrt(_WIDTH))  # row i: the embedding of token i
    ids = {piece: index for index, piece in enumerate(vocabulary)}
    successor = np.full(_WIDTH, ids[pieces[0]])
    for piece, following in pairwise(pieces):
        successor[ids[piece]] = ids[following]
    successor[ids[pieces[-1]]] = _END
    small = np.full((_HEAD, _WIDTH), 0.01, np.float16)
    heads = np.full((2 * _HEAD, _WIDTH), 0.01, np.float16)
    ones = np.ones(_WIDTH, np.float32)
    # Norm and gate turn token i into a one-hot of i; `down` turns that into its successor.
    return {
        "token_embd.weight": basis.astype(np.float16),
        "blk.0.attn_norm.weight": ones,
        "blk.0.attn_q.weight": heads,
        "blk.0.attn_k.weight": small,
        "blk.0.attn_v.weight": small,
        "blk.0.attn_output.weight": np.zeros((_WIDTH, 2 * _HEAD), np.float16),
        "blk.0.ffn_norm.weight": ones,
        "blk.0.ffn_gate.weight": basis.astype(np.float16),
        "blk.0.ffn_up.weight": basis.astype(np.float16),
        "blk.0.ffn_down.weight": basis[successor].T.astype(np.float16).copy(),
        "output_norm.weight": ones,
        "output.weight": basis.astype(np.float16),
    }


def _hadamard() -> Matrix:
    """Orthogonal rows of +1 and -1: the same bytes on every machine."""
    import numpy as np

    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < _WIDTH:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gearshift"
