"""Whether a PDF only shows something: scripts, programs started and files inside files are not taken (ISO 32000).

What acts may stand in a compressed stream (7.5.7), so every stream is unpacked and looked at, piece by piece and never
more than a limit. What cannot be looked at, because it is encrypted, packed in a way of old or hidden behind a
predictor, is not taken either.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from xinka.platform.files.pdf_objects import TooManyTokens, has_predicted_objects

#: Names of what acts (12.6 and 7.11).
_ACTIVE = (
    *(b"JavaScript", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"OpenAction", b"RichMedia", b"XFA"),
    *(b"SubmitForm", b"ImportData"),
)
#: As short as that a name turns up among the bytes of pictures by chance; it counts only before a value.
_SHORT = (b"JS", b"AA")
#: Encryption (7.6), and filters other than those of today's documents (7.4), which would have to be undone first.
_UNREADABLE = (
    *(b"Encrypt", b"Crypt", b"LZWDecode", b"LZW", b"RunLengthDecode", b"ASCII85Decode", b"A85", b"ASCIIHexDecode"),
    b"AHx",
)
_NAMES = re.compile(rb"/(?:%b)(?![A-Za-z])" % b"|".join(_ACTIVE))
_SHORT_NAMES = re.compile(rb"/(?:%b)[\s\x00]*[(<%%0-9]" % b"|".join(_SHORT))
_FILTERS = re.compile(rb"/(?:%b)(?![A-Za-z0-9])" % b"|".join(_UNREADABLE))
#: "#4A" stands for "J" in a name (7.3.5): honest in the names of fonts, and a way to hide the ones above.
_OTHERWISE = re.compile(rb"#([0-9A-Fa-f]{2})")
_WRITTEN_OTHERWISE = re.compile(rb"/((?:[A-Za-z0-9]|#[0-9A-Fa-f]{2})+)")
_REFUSED = frozenset((*_ACTIVE, *_SHORT, *_UNREADABLE, b"First", b"DecodeParms", b"DP"))
#: More of what must be looked at closely has no honest document in so small a piece.
_MOST_SUSPECTS = 2_000

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_END_OF_ZIP = b"PK\x05\x06"
_PIECE = 1 << 20
_READ = 1 << 10
#: No such name is longer, however it is written: so much of a piece is looked at again with the next.
_OVERLAP = 64
#: A document of pictures unpacks to some tens of megabytes, from streams that do not overlap.
MOST_UNPACKED = 64 << 20
MOST_READ = 64 << 20


def is_plain_pdf(content: bytes) -> bool:
    """Whether it ends like a PDF, is no ZIP at the same time, can be looked at whole, and names nothing that acts."""
    if b"%%EOF" not in content[-1024:] or _END_OF_ZIP in content:
        return False
    if _FILTERS.search(content) or _names_what_acts(content):
        return False
    left = _Left(MOST_READ, MOST_UNPACKED)
    try:
        return not has_predicted_objects(content) and not any(
            _acts(_unpacked(content, start.end(), left)) for start in _STREAM.finditer(content)
        )
    except (_TooMuch, TooManyTokens):
        return False


class _TooMuch(Exception):
    """The document holds more than anybody would hand in."""


@dataclass
class _Left:
    """How many bytes of a document may still be read from its streams and unpacked."""

    packed: int
    unpacked: int

    def take(self, packed: int, unpacked: int) -> None:
        """Count; raises ``_TooMuch``."""
        self.packed -= packed
        self.unpacked -= unpacked
        if self.packed < 0 or self.unpacked < 0:
            raise _TooMuch


def _names_what_acts(text: bytes) -> bool:
    """Whether such a name is in a text; the quick questions come first, for a piece may be made to be slow to read."""
    if any(b"/" + name in text for name in _ACTIVE) and _NAMES.search(text):
        return True
    n_short, n_otherwise = sum(text.count(b"/" + name) for name in _SHORT), text.count(b"#")
    if n_short > _MOST_SUSPECTS or (n_short and _SHORT_NAMES.search(text)):
        return True
    return bool(n_otherwise) and _writes_otherwise(text)


def _writes_otherwise(text: bytes) -> bool:
    for n_found, found in enumerate(_OTHERWISE.finditer(text)):
        around = text[max(0, found.start() - _OVERLAP) : found.start() + _OVERLAP]
        names = {_OTHERWISE.sub(_letter, name[1]) for name in _WRITTEN_OTHERWISE.finditer(around)}
        if n_found > _MOST_SUSPECTS or not _REFUSED.isdisjoint(names):
            return True
    return False


def _letter(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode("ascii"))


def _acts(pieces: Iterator[bytes]) -> bool:
    before = b""
    for piece in pieces:
        if _names_what_acts(before + piece):
            return True
        before = piece[-_OVERLAP:]
    return False


def _unpacked(content: bytes, start: int, left: _Left) -> Iterator[bytes]:
    """Yield what a stream holds, as far as it can be unpacked; nothing of one that is not packed."""
    unpacker = zlib.decompressobj()
    try:
        while not unpacker.eof and start < len(content):
            packed = content[start : start + _READ]
            start += _READ
            left.take(len(packed), 0)
            while packed:
                piece = unpacker.decompress(packed, _PIECE)
                left.take(0, len(piece))
                packed = unpacker.unconsumed_tail
                yield piece
    except zlib.error:
        return
