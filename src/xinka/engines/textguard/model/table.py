"""The file a model is shipped in: weights of pieces of text, with a sum over the whole; reading it runs nothing."""

from __future__ import annotations

import hashlib
import sys
import zlib
from array import array
from pathlib import Path
from typing import Any

import msgspec

from xinka.engines.textguard.model.features import Tables

MAGIC = b"XKTG5\n"
#: Weights are multiples of this: then sums of them are exact in floating point, whatever their order, and the file is
#: a third smaller. A finer grid finds nothing more.
GRID = 2.0**-6


class UnreadableModel(ValueError):
    """The file is no model of this version, or was changed."""


class LongTable(msgspec.Struct, frozen=True):
    """What longer texts taught of one task: pieces of letters joined by line ends, a float32 for each.

    Of a whole, ``log odds = of_lines * log odds by the table of lines + sum / sqrt(n pieces) + of_warning * n words +
    bias``; of a part, ``log odds by the table of lines + min(0, sum / sqrt(n pieces) + bias)``. Of a whole that only
    its like speaks for, the table of lines is glanced at: its log odds are about ``steep * glance + rise``.
    """

    pieces: str
    weights: bytes
    of_lines: float
    of_warning: float
    bias: float
    steep: float = 1.0
    rise: float = 0.0


#: A table that leaves what the table of lines says as it is.
NOTHING_LONG = LongTable("", bytes(4), 1.0, 0.0, 0.0)


class TaskTable(msgspec.Struct, frozen=True):
    """One task: features joined by line ends, pairs as little-endian uint32, a float32 for each of both.

    ``score = 1 / (1 + exp(-(slope * (sum / sqrt(n features) + sum of pairs / sqrt(n pairs) + bias) + shift)))``.
    """

    features: str
    weights: bytes
    pairs: bytes
    pair_weights: bytes
    bias: float
    slope: float
    shift: float
    review_from: float
    block_from: float
    longer: LongTable
    parts: LongTable


class ModelFile(msgspec.Struct, frozen=True):
    """All that is shipped: the character tables and one table for each task."""

    fold: str
    sound: str
    shape: str
    tasks: dict[str, TaskTable]

    def tables(self) -> Tables:
        """Return the character tables."""
        return Tables(self.fold, self.sound, self.shape)


def numbers_of(kind: str, data: bytes) -> array[Any]:
    """Return little-endian numbers of four bytes; ``kind`` is ``I`` for integers, ``f`` for floats."""
    found = array(kind)
    found.frombytes(data)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def write(path: Path, model: ModelFile) -> str:
    """Write a model; return the SHA-256 of the file in hex."""
    data = MAGIC + zlib.compress(msgspec.msgpack.encode(model), 9)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read(path: Path) -> ModelFile:
    """Read a model.

    Raises:
        UnreadableModel: the file is of another kind, cut, or changed.
    """
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise UnreadableModel(f"{path}: not a textguard model / 不是 textguard 模型文件")
    try:
        found: Any = msgspec.msgpack.decode(zlib.decompress(data[len(MAGIC) :]), type=ModelFile)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise UnreadableModel(f"{path}: damaged ({error}) / 文件已损坏") from None
    return found  # type: ignore[no-any-return]
