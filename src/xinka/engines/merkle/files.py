"""A log in a directory: tiles, bundles and the checkpoint as any web server can serve them, beside a private part.

``checkpoint`` and ``tile/`` are the log's public prefix (C2SP tlog-tiles). ``private/`` (mode 0700) holds the journal,
the writer's lock and, if the command made it, the key; it must not be served.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from xinka.engines.merkle.errors import LogBusy, LogDamaged, LogMissing
from xinka.engines.merkle.journal import ENOUGH, Journal
from xinka.engines.merkle.tiles import CHECKPOINT

PRIVATE = "private"
#: A journal shorter than this is read again in a blink. In bytes.
_LONG = 1 << 20
#: ``renameat2`` of Linux (glibc 2.28, musl 1.2.4): paths from the working directory; the two files change their places.
_HERE, _RENAME_EXCHANGE = -100, 2
_exchange = getattr(ctypes.CDLL(None), "renameat2", None)


class Directory:
    """Reads a log in a directory; needs no lock, and does not mind a writer at work."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def read(self, path: str) -> bytes | None:
        """Return the bytes at a path, or None."""
        try:
            return (self.directory / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None


class FileStorage(Directory):
    """Writes a log in a directory; one process at a time holds it.

    With ``renew`` a log whose journal is lost gets another one, empty, for ``mend``; what was there is kept beside it.

    Raises:
        LogBusy: another process holds it.
        LogMissing: the directory holds no log and ``create`` is off.
        LogDamaged: there is a log, and no journal to go on from.
        OSError: the disk failed.
    """

    def __init__(self, directory: Path, *, create: bool = False, renew: bool = False, enough: int = ENOUGH) -> None:
        super().__init__(directory)
        private = directory / PRIVATE
        if create or (renew and _is_begun(directory)):
            directory.mkdir(parents=True, exist_ok=True)
            private.mkdir(mode=0o700, exist_ok=True)
        elif not private.is_dir() or not (_is_begun(directory) or (private / "journal.0").exists()):
            raise LogMissing
        self._lock = lock_file(private / "lock")
        self._incoming = private / "incoming"
        try:
            if renew:
                _keep_old_journal(private)
            self._journal = _journal_in(directory, enough, create=create, renew=renew)
        except BaseException:
            os.close(self._lock)  # or this process would find its own lock when it tries again
            raise
        self._made: set[str] = set()
        self._unsettled: list[str] = []
        self._settler = ThreadPoolExecutor(1, "settle")
        self._settling: Future[None] | None = None
        self._is_closed = False

    def put(self, path: str, data: bytes) -> None:
        """Write aside, then move into place, so that a reader sees the whole or nothing.

        A partial tile nobody asks for before the checkpoint that needs it, so a new one is written where it belongs.
        """
        parent = path.rpartition("/")[0]
        if parent not in self._made:
            (self.directory / parent).mkdir(parents=True, exist_ok=True)
            self._made.add(parent)
        self._unsettled.append(path)
        place = f"{self.directory}/{path}"
        if not (parent.endswith(".p") and _write_new(place, data)):
            with open(self._incoming, "wb", buffering=0) as file:  # noqa: PTH123 - a Path costs as much as the write
                write_whole(file.fileno(), data)
            _move(f"{self._incoming}", place)

    def drop_partials(self, path: str) -> None:
        """Remove the partial ones of a full tile or bundle, in the background."""
        self._made.discard(f"{path}.p")
        self._settler.submit(_remove_all, f"{self.directory}/{path}.p")

    def keep(self, record: bytes, *, flush: bool = True) -> None:
        """Note a record in the journal."""
        self._journal.add(record, flush=flush)

    def kept(self) -> Iterator[bytes]:
        """Yield the journal's records."""
        return self._journal.records()

    @property
    def is_full(self) -> bool:
        """Whether the journal's file is full."""
        return self._journal.is_full

    @property
    def is_long(self) -> bool:
        """Whether reading the journal again would take a moment."""
        return self._journal.used > _LONG

    def settle(self, beginning: bytes) -> None:
        """Turn the journal over; the file left behind stays valid until all that was put by now is on the disk.

        That is waited for before the next turn, in the background meanwhile. The first time it is waited for at once:
        what was made again from the journal at opening is in no earlier settling.
        """
        paths, self._unsettled, self._made = self._unsettled, [], set()
        if self._settling is None:
            _flush(self.directory, paths)
        else:
            self._settling.result()
        self._journal.turn(beginning)
        self._settling = self._settler.submit(self._finish, paths)

    def _finish(self, paths: list[str]) -> None:
        _flush(self.directory, paths)
        self._journal.retire()

    def close(self) -> None:
        """Let go of the lock; what is not settled is made again from the journal by whoever opens the log next."""
        if not self._is_closed:
            self._is_closed = True
            self._settler.shutdown(wait=True)
            self._journal.close()
            os.close(self._lock)


def _is_begun(directory: Path) -> bool:
    """Return whether something of a log is in a directory, be it that its checkpoint or its journal was lost."""
    return (directory / CHECKPOINT).exists() or (directory / "tile").exists()


def _journal_in(directory: Path, enough: int, *, create: bool, renew: bool) -> Journal:
    is_begun = _is_begun(directory)
    try:
        return Journal(directory / PRIVATE, enough, create=renew or (create and not is_begun))
    except LogDamaged:
        if not is_begun:
            raise LogMissing from None  # what a creation that was cut short left
        raise


def _keep_old_journal(private: Path) -> None:
    for journal in sorted(private.glob("journal.[01]")):
        # Named by its time, so that mending again, after a kill say, does not overwrite what was damaged first.
        written = journal.stat().st_mtime_ns
        shutil.copy2(journal, journal.with_name(f"{journal.name}.{written}.before-mending"))


def _write_new(place: str, data: bytes) -> bool:
    try:
        file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    try:
        write_whole(file, data)
    finally:
        os.close(file)
    return True


def _move(place: str, to: str) -> None:
    """Move a file over another one in one step to whoever reads.

    ext4 begins to write a file to the disk when it is moved over another one, and removing that one waits for what was
    begun before; of files that change their places it waits for nothing. What must be durable is flushed elsewhere.
    """
    if _exchange is not None and _exchange(_HERE, os.fsencode(place), _HERE, os.fsencode(to), _RENAME_EXCHANGE) == 0:
        os.unlink(place)  # noqa: PTH108 - a Path costs as much as the call
    else:  # it is the first one there, or the file system cannot
        os.rename(place, to)  # noqa: PTH104 - the same


def write_whole(file: int, data: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part and says so only when asked for the rest.

    Raises:
        OSError: the rest cannot be written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _remove_all(place: str) -> None:
    try:
        for name in os.listdir(place):  # noqa: PTH208 - asked for each full tile; most have none
            os.unlink(f"{place}/{name}")  # noqa: PTH108 - the same
        os.rmdir(place)  # noqa: PTH106 - the same
    except FileNotFoundError:
        return


def lock_file(path: Path) -> int:
    """Return an open file that no other process has locked.

    Raises:
        LogBusy: another one has.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise LogBusy from None
    return file


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a small file so that a loss of power leaves the old or the new one; the new one once returned."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        write_whole(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    aside.rename(path)
    sync(path.parent)


def _flush(directory: Path, paths: list[str]) -> None:
    """Wait until all that was written under the directory is on the disk."""
    file = os.open(directory, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is not None:
            # One call for thousands of files and their directories; Linux reports write errors through it.
            if syncfs(file) != 0:
                raise OSError(ctypes.get_errno(), "syncfs")
            return
    finally:
        os.close(file)
    parents = {
        parent for path in paths for parent in (directory / path).parents if directory in (parent, *parent.parents)
    }
    for place in (*(directory / path for path in paths), *parents):
        sync(place)


def sync(place: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk; what is not there needs no waiting."""
    try:
        file = os.open(place, os.O_RDONLY)
    except FileNotFoundError:
        return  # a partial tile that has become a full one since
    try:
        os.fsync(file)
    finally:
        os.close(file)
