"""From codes to rows in PostgreSQL's binary COPY format (PostgreSQL documentation, COPY, "Binary Format").

The nonce, the envelope and the fingerprint of each code are made here; no plain code leaves this module.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import SystemRandom

from xinka.platform.vault.envelope import BlindIndex, DataKey
from xinka.stock.importing.problems import MAX_EXAMPLES, Problem
from xinka.stock.importing.records import Record

COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TAIL = b"\xff\xff"
_EPOCH = date(2000, 1, 1).toordinal()
_NULL = b"\xff\xff\xff\xff"
#: id, sku_id, batch_id, fingerprint and the length of the envelope.
_CODE = struct.Struct(">hiqiqiqi16si")
_QUEUE = struct.Struct(">hiqiqiq")
_LENGTH = struct.Struct(">i")
_DAY = struct.Struct(">ii")
_NO_LABEL_NO_DATE = bytes(4) + _NULL
_RANDOM_PLACES = 10**15


def code_place(code_id: int) -> bytes:
    """Return the associated data of a code's envelope."""
    return b"stock_stockcode.envelope:%d" % code_id


@dataclass(frozen=True, slots=True)
class Target:
    """Where the codes of one import go."""

    sku_id: int
    batch_id: int
    delivery_order: str
    key: DataKey
    index: BlindIndex


@dataclass(slots=True)
class SealedChunk:
    """A stretch of the file, sealed: for each fingerprint its row of the vault and its row of the queue."""

    rows: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    last_line: int = 0
    n_lines: int = 0
    n_repeated: int = 0
    n_invalid: int = 0
    problems: list[Problem] = field(default_factory=list)
    is_last: bool = False


def seal_chunk(records: Iterator[Record | Problem], ids: Sequence[int], target: Target) -> SealedChunk:
    """Seal as many records as there are ids. The chunk with fewer is the last one."""
    chunk = SealedChunk()
    rows = chunk.rows
    fingerprint_of, seal_row = target.index.raw, _row_sealer(target)
    free = iter(ids)
    n_free = len(ids)
    for record in records:
        chunk.last_line = record.line
        chunk.n_lines += 1
        if isinstance(record, Problem):
            chunk.n_invalid += 1
            if len(chunk.problems) < MAX_EXAMPLES:
                chunk.problems.append(record)
            continue
        fingerprint = fingerprint_of(record.code)
        if fingerprint in rows:
            chunk.n_repeated += 1
            continue
        rows[fingerprint] = seal_row(next(free), fingerprint, record)
        n_free -= 1
        if not n_free:
            return chunk
    chunk.is_last = True
    return chunk


class _row_sealer:  # noqa: N801 - a closure with its constants at hand, called a million times
    __slots__ = ("_order", "_random", "_seal", "_target")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._seal = target.key.seal
        self._order = target.delivery_order
        self._random = SystemRandom()

    def __call__(self, code_id: int, fingerprint: bytes, record: Record) -> tuple[bytes, bytes]:
        target = self._target
        envelope = self._seal(record.code, code_place(code_id))
        head = _CODE.pack(8, 8, code_id, 8, target.sku_id, 8, target.batch_id, 16, fingerprint, len(envelope))
        if self._order == "oldest":
            place = code_id
        elif self._order == "newest":
            place = -code_id
        else:
            place = self._random.randrange(_RANDOM_PLACES)
        queue = _QUEUE.pack(4, 8, target.sku_id, 8, place, 8, code_id)
        if not record.label and record.expires_on is None:
            return head + envelope + _NO_LABEL_NO_DATE + _NULL, queue + _NULL
        label = record.label.encode()
        day = _NULL if record.expires_on is None else _DAY.pack(4, record.expires_on.toordinal() - _EPOCH)
        return head + envelope + _LENGTH.pack(len(label)) + label + day + _NULL, queue + day
