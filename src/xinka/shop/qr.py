"""QR codes as pictures inside the page, so that nothing has to be stored and no other address asked for."""

from __future__ import annotations

_INK = "#0b1a1a"
_PAPER = "#ffffff"


def qr_image(text: str) -> str:
    """Return a QR code (ISO/IEC 18004, error correction M) as a ``data:`` address of an SVG."""
    import segno  # here, because only the payment page draws any

    return str(segno.make_qr(text, error="m").svg_data_uri(scale=4, border=2, dark=_INK, light=_PAPER))
