"""Files as people hand them in, honest and otherwise; made here, so nothing harmful lies in the tree."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SECRET = "taken at home"


def pdf_with(part: bytes) -> bytes:
    """A PDF with a part that is compressed, as today's programs write them."""
    packed = zlib.compress(part)
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>" % len(packed)
    return PDF.replace(b"trailer", b"4 0 obj%b\nstream\n%b\nendstream endobj\ntrailer" % (head, packed))


def pdf_behind_predictor(part: bytes, more: bytes = b"") -> bytes:
    """The same with a predictor (PNG "up", rows of eight): unpacked, the part is differences and shows no name."""
    rows = [part[at : at + 8].ljust(8) for at in range(0, len(part), 8)]
    before = [bytes(8), *rows[:-1]]
    predicted = b"".join(
        b"\x02" + bytes((one - up) % 256 for one, up in zip(row, above, strict=True))
        for row, above in zip(rows, before, strict=True)
    )
    packed = zlib.compress(predicted)
    parameters = b"/DecodeParms<</Predictor 12/Columns 8>>"
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode%b%b/Length %d>>" % (more, parameters, len(packed))
    return PDF.replace(b"trailer", b"4 0 obj%b\nstream\n%b\nendstream endobj\ntrailer" % (head, packed))


def pdf_with_table() -> bytes:
    """An honest PDF of today: an object stream without a predictor beside a table of places with one."""
    packed = zlib.compress(b"\x02" + bytes(8))
    head = b"<</Type/XRef/W[1 2 1]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>/Length %d>>" % len(packed)
    outline = b"6 0 obj<</Title(a \\( b)/First 7 0 R/Last 7 0 R>>endobj\n"
    table = b"%b5 0 obj%b\nstream\n%b\nendstream endobj\ntrailer" % (outline, head, packed)
    return pdf_with(b"1 0 <</Type/Font>>").replace(b"trailer", table)


def png(size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    """A picture with a comment inside."""
    hidden = PngInfo()
    hidden.add_text("Comment", SECRET)
    return _saved(Image.new(mode, size, None), "PNG", pnginfo=hidden)


def jpeg(size: tuple[int, int] = (40, 30), *, orientation: int = 1) -> bytes:
    """A photo with a place, a time and a comment in it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET
    return _saved(Image.new("RGB", size, "teal"), "JPEG", exif=exif, comment=SECRET.encode())


def webp(size: tuple[int, int] = (40, 30)) -> bytes:
    """A WebP picture."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    return _saved(Image.new("RGBA", size, "teal"), "WEBP", exif=exif)


def png_that_claims(width: int, height: int) -> bytes:
    """A small file whose head promises a large picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def webp_that_claims(width: int, height: int) -> bytes:
    """The same as WebP."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def _saved(image: Image.Image, name: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, name, **options)  # type: ignore[arg-type]  # Pillow's options are as they are
    return written.getvalue()
