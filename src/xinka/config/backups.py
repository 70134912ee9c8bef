"""Backups: a dump of the whole database, sealed with the master key, so that a file that leaks tells nothing.

A file is ``magic | mark of the master key (16 bytes) | salt (32) | sealed stream`` (``vault/sealed_stream``). Its key
is derived from the master key and the salt, so whoever finds the file needs the master key, which is never in it.
PostgreSQL's own programs dump and restore; no password stands in their arguments, which everybody may see.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, NamedTuple, Self

from xinka.config.environment import Environment
from xinka.kernel.errors import Refusal
from xinka.platform.database.embedded import binaries
from xinka.platform.vault.envelope import EnvelopeError
from xinka.platform.vault.sealed_stream import open_stream, seal_stream

MAGIC = b"xinka-backup 1\n"
_MARK, _SALT, _PIECE = 16, 32, 1 << 16
#: Neither who owned a table nor what others were allowed belongs to the shop: the restored one is its restorer's.
_DUMP = ("--format=custom", "--no-owner", "--no-privileges")
_RESTORE = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")

Progress = Callable[[int], None]
#: What became of the last backup is a report like those of examinations; of one that failed, the facts of the last
#: whole one stay.
_NOTE = """
INSERT INTO audit_report (name, at, took_ms, holds, details) VALUES ('backup', now(), %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET at = now(), took_ms = excluded.took_ms, holds = excluded.holds,
  details = audit_report.details || excluded.details
"""


class NoBackup(Refusal):
    """The file is no backup of a shop, or not a whole one."""

    code = "no_backup"
    zh = "这个文件不是完整的备份：{why_zh}。请换另一个备份文件。"
    en = "This is no whole backup: {why_en}. Take another file."


class OtherMasterKey(Refusal):
    """The backup was sealed with another master key than the one in place."""

    code = "other_master_key"
    zh = "这个备份是用另一个主密钥加密的。请把当时的主密钥放到 master.key 或 XINKA_MASTER_KEY，再试一次。"
    en = "This backup was sealed with another master key. Put the one of that time into master.key or XINKA_MASTER_KEY."


class NothingThere(Refusal):
    """The database holds no shop."""

    code = "no_shop"
    zh = "这个数据库里没有店铺的数据表，没有可备份的。请检查 DATABASE_URL 或 XINKA_DATA_DIR。"
    en = "This database holds no shop, so there is nothing to back up. Look at DATABASE_URL or XINKA_DATA_DIR."


class NotEmpty(Refusal):
    """A backup is restored into an empty database only."""

    code = "database_not_empty"
    zh = "数据库里已经有数据表，什么都没有改动。请恢复到空的数据目录（XINKA_DATA_DIR）或空的数据库（DATABASE_URL）。"
    en = "The database has tables already; nothing was changed. Restore into an empty XINKA_DATA_DIR or DATABASE_URL."


class PostgresFailed(Refusal):
    """PostgreSQL's program gave up; what it said is told."""

    code = "postgres_failed"
    zh = "PostgreSQL 没有完成，什么都没有改动：{said}"
    en = "PostgreSQL gave up, and nothing was changed: {said}"


class _Head(NamedTuple):
    """What a backup begins with."""

    mark: bytes
    salt: bytes

    def as_bytes(self) -> bytes:
        return MAGIC + self.mark + self.salt


def write_backup(environment: Environment, target: BinaryIO, on_progress: Progress) -> None:
    """Write a sealed dump of the database as it is at this moment; the shop goes on selling meanwhile.

    Raises:
        NothingThere: if there is no shop in the database.
        PostgresFailed: if the database could not be read to its end; what was written is no backup.
    """
    if not _has_tables(environment):
        raise NothingThere
    head = _Head(_mark(environment), secrets.token_bytes(_SALT))
    target.write(head.as_bytes())
    done = len(head.as_bytes())
    address, password = _address(environment)
    with _Program("pg_dump", *_DUMP, "--dbname", address, password=password, stdout=subprocess.PIPE) as dump:
        for part in seal_stream(_key(environment, head), dump.pieces(), head.as_bytes()):
            target.write(part)
            done += len(part)
            on_progress(done)


def note(environment: Environment, *, took_ms: int, written: tuple[str, int] | None) -> None:
    """Write down for the office what became of a backup: its name and size in bytes, or ``None`` if it failed.

    Raises:
        psycopg.Error: if the database does not take it, as one of before the first ``xinka migrate``.
    """
    import psycopg  # here, because --help does without
    from psycopg.types.json import Jsonb  # here for the same reason

    now = datetime.now(UTC).isoformat()
    details = {"file": written[0], "bytes": written[1], "whole_at": now} if written else {}
    with psycopg.connect(environment.database_url) as connection:
        connection.execute(_NOTE, [took_ms, written is not None, Jsonb(details)])


def look_over(environment: Environment, file: Path, on_progress: Progress) -> int:
    """Read a whole backup, open it and have PostgreSQL read its contents; return how many tables are in it.

    Raises:
        NoBackup: if the file is something else, was changed or is cut off.
        OtherMasterKey: if this shop's master key does not open it.
    """
    with tempfile.TemporaryFile() as listing:
        with _Program("pg_restore", "--list", stdout=listing) as reader:
            for part in _parts(environment, file, on_progress):
                reader.take(part)  # it ends after the list; the rest is opened all the same
        listing.seek(0)
        return sum(b" TABLE DATA " in line for line in listing)


def restore(environment: Environment, file: Path, on_progress: Progress) -> None:
    """Fill the empty database from a backup, all of it or nothing. Look it over before.

    Raises:
        NoBackup, OtherMasterKey: as for ``look_over``.
        NotEmpty: if there are tables already.
        PostgresFailed: if the database did not take it; then it is as empty as before.
    """
    if _has_tables(environment):
        raise NotEmpty
    address, password = _address(environment)
    with _Program("pg_restore", *_RESTORE, "--dbname", address, password=password) as restoring:
        for part in _parts(environment, file, on_progress):
            if not restoring.take(part):
                break  # it says why when it is asked at the end


def _parts(environment: Environment, file: Path, on_progress: Progress) -> Iterator[bytes]:
    """Yield the dump inside of a backup."""
    with file.open("rb") as sealed:
        head = _read_head(environment, sealed)
        try:
            for part in open_stream(_key(environment, head), sealed, head.as_bytes()):
                yield part
                on_progress(sealed.tell())
        except EnvelopeError as error:
            raise NoBackup(why_zh="文件被改动过，或者不完整", why_en=str(error)) from None


def _read_head(environment: Environment, sealed: BinaryIO) -> _Head:
    begun = sealed.read(len(MAGIC) + _MARK + _SALT)
    if len(begun) < len(MAGIC) + _MARK + _SALT or not begun.startswith(MAGIC):
        raise NoBackup(why_zh="开头不像备份文件", why_en="it does not begin like one")
    head = _Head(begun[len(MAGIC) : -_SALT], begun[-_SALT:])
    if not secrets.compare_digest(head.mark, _mark(environment)):
        raise OtherMasterKey
    return head


def _mark(environment: Environment) -> bytes:
    """Return what tells master keys apart without telling anything of them."""
    return environment.derive("backup-mark", _MARK)


def _key(environment: Environment, head: _Head) -> bytes:
    return environment.derive(f"backup/{head.salt.hex()}")


def _has_tables(environment: Environment) -> bool:
    import psycopg  # here, because --help does without

    with psycopg.connect(environment.database_url) as connection:
        found = connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone()
    return found is not None


def _address(environment: Environment) -> tuple[str, str]:
    """Return the database's address without its password, and the password: arguments are seen by everybody."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # here, because --help does without

    facts = conninfo_to_dict(environment.database_url)
    password = str(facts.pop("password", "") or "")
    return make_conninfo("", **facts), password


class _Program:
    """One of PostgreSQL's programs at work, in a ``with`` block; if it fails, what it said is told at the end."""

    def __init__(
        self, name: str, *options: str, password: str = "", stdout: int | IO[bytes] = subprocess.DEVNULL
    ) -> None:
        surroundings = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed where the block ends
        self._process = subprocess.Popen(  # noqa: S603 - a program of the wheel, arguments of our own making
            [str(binaries() / name), *options],
            env=surroundings | {"LC_ALL": "C", "PGPASSWORD": password},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=self._said,
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def pieces(self) -> Iterator[bytes]:
        """Yield what it writes.

        Raises:
            PostgresFailed: in place of an end, if it fails: half a dump must not look like a whole one.
        """
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: whoever reads has asked for a pipe
        while piece := self._process.stdout.read(_PIECE):
            yield piece
        self._must_have_done_it()

    def take(self, part: bytes) -> bool:
        """Give it something to read; return whether it still reads."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        try:
            self._process.stdin.write(part)
        except BrokenPipeError:
            return False
        return True

    def _must_have_done_it(self) -> None:
        if self._process.wait():
            self._said.seek(0)
            raise PostgresFailed(said=" ".join(self._said.read(2000).decode(errors="replace").split()))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wait for its end; after a fault of ours, end it."""
        if kind is not None:
            self._process.kill()
        with self._said:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            self._process.wait()
            if kind is None:
                self._must_have_done_it()
