"""Pictures are decoded and written anew: what was hidden in them (places, times, second files) does not come along.

The size is read from the head of the file before anything is decoded, so that a small file cannot become a large
picture in memory; one picture is decoded at a time in each process, so that many uploads cannot add up either.
"""

from __future__ import annotations

import io
import struct
from threading import Lock
from typing import TYPE_CHECKING

from xinka.platform.files.errors import FileNotTaken, ImageTooLarge
from xinka.platform.files.kinds import FileKind

if TYPE_CHECKING:
    from PIL.Image import Image

#: A photo of a good telephone has 12 to 50 million pixels; JPEG can be decoded at a fraction of them.
MOST_PIXELS = {FileKind.PNG: 24_000_000, FileKind.WEBP: 24_000_000, FileKind.JPEG: 64_000_000}
#: What is kept has at most this many pixels on its longer side: enough to read every word of a screenshot.
LONGEST_SIDE = 4096
_FORMATS = {FileKind.PNG: "PNG", FileKind.JPEG: "JPEG", FileKind.WEBP: "WEBP"}
_one_at_a_time = Lock()


def re_encode(content: bytes, kind: FileKind, name: str) -> bytes:
    """Return the picture anew, upright, without metadata, in the format it came in.

    Raises:
        ImageTooLarge: if it has too many pixels.
        FileNotTaken: if it does not decode from its first byte to its last row.
    """
    size = _size_in_head(content, kind)
    if size is not None and size[0] * size[1] > MOST_PIXELS[kind]:
        raise ImageTooLarge(name=name)
    with _one_at_a_time:
        try:
            return _decode_and_write(content, kind, name)
        except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError, TypeError):
            # Pillow's decoders raise all of these for damaged files, and say so in their documentation only in part.
            raise FileNotTaken(name=name) from None


def _decode_and_write(content: bytes, kind: FileKind, name: str) -> bytes:
    from PIL import Image, ImageOps  # here, because pages that take no pictures need not load it

    Image.MAX_IMAGE_PIXELS = None  # its warning is not enough and its limit too high: ours is looked at first
    with Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as picture:
        if picture.width * picture.height > MOST_PIXELS[kind]:
            raise ImageTooLarge(name=name)
        if kind is FileKind.JPEG:
            picture.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    plain = _in_plain_mode(upright, kind)
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    plain.info = {}  # or the writer would copy comments and colour profiles
    written = io.BytesIO()
    if kind is FileKind.PNG:
        plain.save(written, "PNG", compress_level=6)
    else:
        plain.save(written, _FORMATS[kind], quality=86)
    return written.getvalue()


def _in_plain_mode(picture: Image, kind: FileKind) -> Image:
    """Return the picture in a mode that carries neither palette nor print colours."""
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    if kind is FileKind.JPEG or not has_alpha:
        return picture.convert("L" if picture.mode in {"1", "L"} else "RGB")
    return picture.convert("RGBA")


def _size_in_head(content: bytes, kind: FileKind) -> tuple[int, int] | None:
    """Return width and height as the first bytes tell them; ``None`` where only the decoder can say (JPEG)."""
    if kind is FileKind.PNG and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if kind is FileKind.WEBP and len(content) >= 30:
        return _webp_size(content)
    return None


def _webp_size(content: bytes) -> tuple[int, int]:
    """Return the size of the canvas (RFC 9649, section 2)."""
    chunk = content[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF
