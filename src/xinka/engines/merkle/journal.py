"""Two files written in turn, in which a log's appends are durable after one flush to the disk.

A file is written over from its beginning with a new epoch, not grown by an append: blocks that are there reach the disk
in one write, where growing a file costs the file system's own journal as well (ten times slower when measured).
A record's checksum goes on from the one before it, and the first from its epoch: what an older epoch or a torn write
left behind ends the reading. An epoch is valid once its first record is.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from xinka.engines.merkle.errors import LogDamaged

_MAGIC = b"XKJ1"
_HEAD = struct.Struct(">4sQI")
_RECORD = struct.Struct(">II")
_STEP = 1 << 20
#: Stands first in the first epoch, which goes on from nothing.
_NOTHING = b"0"
#: When a file holds more than this, the other one's turn has come. In bytes.
ENOUGH = 32 << 20
#: A longer record is none. In bytes.
LONGEST_RECORD = 64 << 20


class Journal:
    """The two files; ``enough`` is how much one takes before the other's turn.

    Raises:
        LogDamaged: no file is valid, or both are gone; what is there is left as it is, unless a log is being created.
    """

    def __init__(self, directory: Path, enough: int = ENOUGH, *, create: bool = False) -> None:
        self._enough = enough
        self._files = list[int]()
        try:
            for at in (0, 1):
                self._files.append(os.open(directory / f"journal.{at}", os.O_RDWR | os.O_CREAT, 0o600))
            self._take_up(create=create)
        except BaseException:
            self.close()
            raise

    def _take_up(self, *, create: bool) -> None:
        epochs = [_epoch_of(file) for file in self._files]
        self._epoch = max(epochs)
        self._order = [at for at in (0, 1) if epochs[at]]
        self._order.sort(key=epochs.__getitem__)
        # An epoch is of use only behind its forerunner or alone; the older of two that do not follow is a left-over.
        if len(self._order) == 2 and epochs[self._order[0]] + 1 != self._epoch:
            del self._order[0]
        self._active = self._order[-1] if self._order else 0
        self._end = _HEAD.size
        self._chain = 0
        self._allocated = os.fstat(self._files[self._active]).st_size
        if not self._order:
            if not create:
                raise LogDamaged(path="private/journal")
            self._begin(1, _NOTHING)
            self._order = [0]

    @property
    def is_full(self) -> bool:
        """Whether it is the other file's turn."""
        return self._end > self._enough

    @property
    def used(self) -> int:
        """Bytes in the file that is written to."""
        return self._end

    def records(self) -> Iterator[bytes]:
        """Yield what is valid, the older file first; afterwards records are added behind the last valid one."""
        for at in self._order:
            file, end = self._files[at], _HEAD.size
            chain = _start(_epoch_of(file))
            while (found := _record_at(file, end, chain)) is not None:
                record, chain = found
                end += _RECORD.size + len(record)
                yield record
            if at == self._active:
                self._end, self._chain = end, chain

    def add(self, record: bytes, *, flush: bool = True) -> None:
        """Write a record behind the last one, and wait for the disk unless ``flush`` is off."""
        self._write(self._end, self._framed(record))
        if flush:
            os.fdatasync(self._files[self._active])

    def turn(self, beginning: bytes) -> None:
        """Begin the next epoch in the other file with this record."""
        self._active = 1 - self._active
        self._allocated = os.fstat(self._files[self._active]).st_size
        self._begin(self._epoch + 1, beginning)

    def retire(self) -> None:
        """Let the other file be read no more: all that it was kept for is on the disk."""
        os.pwrite(self._files[1 - self._active], bytes(_HEAD.size), 0)

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            os.close(file)

    def _begin(self, epoch: int, beginning: bytes) -> None:
        self._epoch, self._chain = epoch, _start(epoch)
        self._write(0, _HEAD.pack(_MAGIC, epoch, self._chain) + self._framed(beginning))
        os.fdatasync(self._files[self._active])

    def _framed(self, record: bytes) -> bytes:
        self._chain = zlib.crc32(record, self._chain)
        return _RECORD.pack(len(record), self._chain) + record

    def _write(self, at: int, data: bytes) -> None:
        file, end = self._files[self._active], at + len(data)
        if end > self._allocated:
            grown = (end // _STEP + 1) * _STEP
            # Zeroes now, so that the blocks are there and written once before they matter.
            _write_all(file, bytes(grown - self._allocated), self._allocated)
            os.fsync(file)
            self._allocated = grown
        _write_all(file, data, at)
        self._end = end


def _start(epoch: int) -> int:
    return zlib.crc32(epoch.to_bytes(8, "big"))


def _write_all(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


def _epoch_of(file: int) -> int:
    head = os.pread(file, _HEAD.size, 0)
    if len(head) < _HEAD.size:
        return 0
    magic, epoch, checksum = _HEAD.unpack(head)
    if magic != _MAGIC or checksum != _start(epoch) or _record_at(file, _HEAD.size, checksum) is None:
        return 0
    return int(epoch)


def _record_at(file: int, at: int, chain: int) -> tuple[bytes, int] | None:
    head = os.pread(file, _RECORD.size, at)
    if len(head) < _RECORD.size:
        return None
    length, checksum = _RECORD.unpack(head)
    if not 0 < length <= LONGEST_RECORD:
        return None
    record = os.pread(file, length, at + _RECORD.size)
    return (record, checksum) if len(record) == length and zlib.crc32(record, chain) == checksum else None
