"""Where tiles and entry bundles are, how wide, and what bytes they hold (C2SP tlog-tiles)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from itertools import chain

from xinka.engines.merkle.errors import BadEntry, BadFormat
from xinka.engines.merkle.hashing import HASH_SIZE, TILE_WIDTH

LONGEST_ENTRY = 65_535
#: Sizes are 63-bit in the formats around (tlog-cosignature's times, Go's int64).
LARGEST_SIZE = 2**63 - 1
CHECKPOINT = "checkpoint"
_PATH = re.compile(
    r"tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?", re.ASCII
)
_length = struct.Struct(">H").pack


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile of hashes; ``width`` below 256 names a partial one."""
    return f"tile/{level}/{_index_path(index)}{_suffix(width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a bundle of entries."""
    return f"tile/entries/{_index_path(index)}{_suffix(width)}"


def is_resource(path: str) -> bool:
    """Return whether this is the checkpoint or a tile or bundle: all that a reader may ask for."""
    return path == CHECKPOINT or _PATH.fullmatch(path) is not None


def _index_path(index: int) -> str:
    digits = f"{index:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])


def _suffix(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def partial_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield level, index and width of the tiles that are partial in a tree of this size."""
    level = 0
    while size:
        index, width = divmod(size, TILE_WIDTH)
        if width:
            yield level, index, width
        size, level = index, level + 1


def tile_width(size: int, level: int, index: int) -> int:
    """Return how wide a tile is in a tree of ``size``; 0 where it has none."""
    return max(0, min(TILE_WIDTH, (size >> (8 * level)) - index * TILE_WIDTH))


def n_hashes(tile: bytes) -> int:
    """Return how many hashes a tile holds.

    Raises:
        BadFormat: its length is not that of 1 to 256 hashes.
    """
    width, rest = divmod(len(tile), HASH_SIZE)
    if rest or not 1 <= width <= TILE_WIDTH:
        raise BadFormat("tile", f"{len(tile)} bytes are no whole hashes", f"{len(tile)} 字节不是整数个哈希")
    return width


def pack_entries(entries: Sequence[bytes], first: int = 0) -> bytes:
    """Return entries as a bundle: each behind its length, two bytes, big-endian.

    Raises:
        BadEntry: one is not bytes or too long; ``first`` is added to its place in the message.
    """
    try:
        lengths = [len(entry) for entry in entries]
        packed = b"".join(chain.from_iterable(zip(map(_length, lengths), entries, strict=True)))
    except (struct.error, TypeError):
        packed, lengths = b"", [1]
    # Of numbers in an array ``len`` counts numbers, not bytes: that bundle could never be read again.
    if len(packed) != sum(lengths) + 2 * len(lengths):
        place = next(at for at, entry in enumerate(entries) if not _fits(entry))
        raise BadEntry(place=first + place)
    return packed


def _fits(entry: object) -> bool:
    try:
        return len(entry) == memoryview(entry).nbytes <= LONGEST_ENTRY  # type: ignore[arg-type]  # or it is a TypeError
    except TypeError:
        return False


def unpack_entries(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        BadFormat: it ends inside an entry.
    """
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at < end:
        begin = at + 2
        at = begin + int.from_bytes(bundle[at:begin], "big")
        if begin > end or at > end:
            raise BadFormat("entry bundle", f"entry {len(entries)} is cut off", f"第 {len(entries)} 条不完整")
        entries.append(bundle[begin:at])
    return entries
