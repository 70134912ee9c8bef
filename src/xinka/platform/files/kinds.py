"""What a file is, by its content alone. A name and a declared type are what the sender wishes, not what it is."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from xinka.platform.files.pdfs import is_plain_pdf

_MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body|svg|script|\?xml|iframe|!--)", re.IGNORECASE)
_UNSAFE_IN_NAMES = re.compile(r"[^\w.()\[\] -]|\.\.+")
_LONGEST_NAME = 60


class FileKind(StrEnum):
    """The kinds of files that are taken; the value is the ending they are handed out with."""

    PNG = "png"
    JPEG = "jpg"
    WEBP = "webp"
    PDF = "pdf"
    TEXT = "txt"

    @property
    def is_image(self) -> bool:
        """Whether pages show it; all else is only ever downloaded."""
        return self in {FileKind.PNG, FileKind.JPEG, FileKind.WEBP}

    @property
    def content_type(self) -> str:
        """The type it is handed out as."""
        return {
            FileKind.PNG: "image/png",
            FileKind.JPEG: "image/jpeg",
            FileKind.WEBP: "image/webp",
            FileKind.PDF: "application/pdf",
            FileKind.TEXT: "text/plain; charset=utf-8",
        }[self]


def kind_of(content: bytes) -> FileKind | None:
    """Return what a content is, or ``None`` when it is nothing that is taken."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if content.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return FileKind.WEBP
    if content.startswith(b"%PDF-"):
        return FileKind.PDF if is_plain_pdf(content) else None
    return FileKind.TEXT if as_text(content) is not None else None


def as_text(content: bytes) -> str | None:
    """Return a plain text (UTF-8, else GB 18030), or ``None`` for anything with control characters or markup."""
    if not content or b"\0" in content:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        controls = any(unicodedata.category(char) in {"Cc", "Cn", "Co"} and char not in "\t\r\n\f" for char in text)
        return None if controls or _MARKUP.match(text) else text
    return None


def safe_name(name: str, kind: FileKind) -> str:
    """Return the name a file is kept and shown under: its own words without tricks, and the ending of its kind."""
    words = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    stem = words.rpartition(".")[0] or words
    printable = "".join(char for char in stem if char.isprintable() and unicodedata.category(char) != "Cf")
    clean = _UNSAFE_IN_NAMES.sub("_", printable).strip(" ._")[:_LONGEST_NAME].strip(" ._")
    return f"{clean or 'file'}.{kind.value}"
