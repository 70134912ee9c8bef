"""Files that wait for their import, sealed block by block with the merchant's key: no disk ever holds plain codes.

The file is ``(length, envelope)…``; the associated data of each envelope names the file and the number of the block,
and an empty block ends it. Blocks can therefore not be exchanged, dropped or cut off unnoticed.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xinka.platform.vault.envelope import DataKey, EnvelopeError, key_id_of
from xinka.stock.errors import NoRoomForFile

#: Seconds that a file waits for somebody to confirm its import.
KEPT_FOR = 24 * 3600
_LENGTH = 4
#: Opens an envelope in its place; the reader may have been started after the key was exchanged.
Opener = Callable[[bytes, bytes], bytes]


class SealedFiles:
    """The waiting files in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def writer(self, key: DataKey) -> SealedWriter:
        """Begin a file.

        Raises:
            NoRoomForFile: if the disk is full.
        """
        with _needing_room():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = secrets.token_hex(16)
            return SealedWriter(self._path(name), name, key)

    def write(self, blocks: Iterable[bytes], key: DataKey) -> str:
        """Seal a file and return the name under which it is found again."""
        writer = self.writer(key)
        try:
            for block in blocks:
                writer.write(block)
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
        return writer.name

    def read(self, name: str, opened: Opener) -> Iterator[bytes]:
        """Yield the blocks of a file.

        Raises:
            FileNotFoundError: if it is gone.
            EnvelopeError: if it was changed or cut off.
        """
        with self._path(name).open("rb") as file:
            number = 0
            while head := file.read(_LENGTH):
                block = opened(file.read(int.from_bytes(head, "big")), _where(name, number))
                if not block:
                    return
                yield block
                number += 1
        raise EnvelopeError("a waiting file was cut off")

    def remove(self, name: str) -> None:
        """Delete a file; doing it twice is harmless."""
        if name:
            self._path(name).unlink(missing_ok=True)

    def remove_old(self, *, keep: set[str], now: float | None = None) -> int:
        """Delete what waited too long, except files that are still being imported; return how many went."""
        oldest = (time.time() if now is None else now) - KEPT_FOR
        removed = 0
        for path in self._directory.glob("*.sealed"):
            with suppress(FileNotFoundError):
                if path.stem not in keep and path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
        return removed

    def keys(self) -> set[int]:
        """Return the numbers of the data keys that waiting files name."""
        found = set()
        for path in self._directory.glob("*.sealed"):
            with suppress(FileNotFoundError), path.open("rb") as file:
                found.add(key_id_of(file.read(_LENGTH + 5)[_LENGTH:]))
        return found

    def _path(self, name: str) -> Path:
        if not name.isalnum():
            raise FileNotFoundError(name)
        return self._directory / f"{name}.sealed"


class SealedWriter:
    """A file that is being sealed, block by block."""

    def __init__(self, path: Path, name: str, key: DataKey) -> None:
        self.name = name
        self._path = path
        self._key = key
        self._number = 0
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, block: bytes) -> None:
        """Append a block.

        Raises:
            NoRoomForFile: if the disk is full; nothing of the file is left then.
        """
        if block:
            with self._whole_or_gone():
                self._append(block)

    def finish(self) -> None:
        """Append the mark of the end and bring all of it to the disk.

        Raises:
            NoRoomForFile: if the disk is full; nothing of the file is left then.
        """
        with self._whole_or_gone():
            self._append(b"")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def abandon(self) -> None:
        """Delete what there is."""
        with suppress(OSError):  # closing writes what is left, for which there may be no room
            self._file.close()
        self._path.unlink(missing_ok=True)

    @contextmanager
    def _whole_or_gone(self) -> Iterator[None]:
        try:
            with _needing_room():
                yield
        except NoRoomForFile:
            self.abandon()
            raise

    def _append(self, block: bytes) -> None:
        envelope = self._key.seal(block, _where(self.name, self._number))
        self._file.write(len(envelope).to_bytes(_LENGTH, "big") + envelope)
        self._number += 1


@contextmanager
def _needing_room() -> Iterator[None]:
    """Say in our words that the disk is full, or what this user may take of it."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise NoRoomForFile from error


def _where(name: str, number: int) -> bytes:
    return b"stock_file:%s:%d" % (name.encode("ascii"), number)
