"""Keep a file, and open it again. Whoever asks for it has been looked at by the room it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from xinka.kernel.ids import new_uuid
from xinka.platform.files.errors import FileNotTaken, FileTooLarge, TooManyFiles
from xinka.platform.files.images import re_encode
from xinka.platform.files.kinds import FileKind, as_text, kind_of, safe_name
from xinka.platform.files.models import StoredFile
from xinka.platform.files.scanning import scan
from xinka.platform.vault.keys import open_envelope, sealing_key

#: Scope of the key that seals what people hand in.
FILES = "files"
MAX_SIZE = 8 * 1024 * 1024
MAX_FILES = 6
MAX_TOGETHER = 24 * 1024 * 1024


@dataclass(frozen=True)
class Handed:
    """A file as somebody handed it in."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"<Handed {len(self.content)} bytes>"


@dataclass(frozen=True)
class Harmless:
    """A file as it will be kept; made before the transaction begins, because decoding takes its time."""

    kind: FileKind
    name: str
    content: bytes
    received_sha256: bytes

    def __repr__(self) -> str:
        return f"<Harmless {self.kind} {len(self.content)} bytes>"


def make_harmless(files: Iterable[Handed]) -> list[Harmless]:
    """Return the files as they may be kept: all of them, or none.

    Raises:
        TooManyFiles, FileTooLarge, FileNotTaken, ImageTooLarge: if one of them may not.
        FileInfected, ScannerSilent: if a scanner is set up and objects to one, or does not answer.
    """
    wanted = list(files)
    if len(wanted) > MAX_FILES or sum(len(one.content) for one in wanted) > MAX_TOGETHER:
        raise TooManyFiles(limit=MAX_FILES, total=MAX_TOGETHER // 1024 // 1024)
    if any(len(one.content) > MAX_SIZE for one in wanted):
        raise FileTooLarge(limit=MAX_SIZE // 1024 // 1024)
    if settings.CLAMD is not None:
        scan(settings.CLAMD, [(_shown_name(one), one.content) for one in wanted])
    return [_one(handed) for handed in wanted]


def _shown_name(handed: Handed) -> str:
    """Return the name as it may be quoted before anything is known of the content."""
    return safe_name(handed.name, FileKind.TEXT).rpartition(".")[0]


def _one(handed: Handed) -> Harmless:
    kind = kind_of(handed.content)
    if kind is None:
        raise FileNotTaken(name=_shown_name(handed))
    name, content = safe_name(handed.name, kind), handed.content
    if kind.is_image:
        content = re_encode(content, kind, name)
    elif kind is FileKind.TEXT:
        content = (as_text(content) or "").encode()
    return Harmless(kind, name, content, hashlib.sha256(handed.content).digest())


def keep(file: Harmless, *, now: datetime) -> StoredFile:
    """Seal a file and store it, as part of the caller's transaction."""
    identifier = new_uuid()
    return StoredFile.objects.create(
        id=identifier,
        kind=file.kind.value,
        name=file.name,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).digest(),
        received_sha256=file.received_sha256,
        envelope=sealing_key(FILES).seal(file.content, file_place(identifier)),
        added_at=now,
    )


def open_file(file: StoredFile) -> bytes:
    """Return the content.

    Raises:
        EnvelopeError: if it was changed or moved.
    """
    return open_envelope(file.envelope, file_place(file.id))


def file_place(identifier: UUID) -> bytes:
    """Return the associated data of a file's content."""
    return b"files_file.envelope:" + identifier.bytes
