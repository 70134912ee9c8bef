"""The drawn ticket that stands for a product, so no brand's logo is needed: notches, perforation, glyph, face value."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_BODY: Final = (
    "M10 0H111a5 5 0 0 0 10 0H150a10 10 0 0 1 10 10V90a10 10 0 0 1-10 10H121a5 5 0 0 0-10 0H10"
    "a10 10 0 0 1-10-10V10A10 10 0 0 1 10 0z"
)
_GLYPHS: Final = {
    "c1": "M7.5 7.5h9a4.5 4.5 0 0 1 4.5 5l-.5 3.5a2.3 2.3 0 0 1-4 1L15 15.5H9L7.5 17a2.3 2.3 0 0 1-4-1L3 12.5"
    "a4.5 4.5 0 0 1 4.5-5zM8.5 10v3M7 11.5h3M15.5 11.5v.1",
    "c2": "M3.5 8A1.5 1.5 0 0 1 5 6.5h14A1.5 1.5 0 0 1 20.5 8v2a2 2 0 0 0 0 4v2a1.5 1.5 0 0 1-1.5 1.5H5"
    "A1.5 1.5 0 0 1 3.5 16v-2a2 2 0 0 0 0-4zM14.5 7v1.5M14.5 11v2M14.5 15.5V17",
    "c3": "M12 12a4 4 0 1 1-8 0a4 4 0 1 1 8 0zM12 12h9M17.5 12v3.5M21 12v2.5",
    "c4": "M12 6.5C10 5 7 4.5 4 4.5V18c3 0 6 .5 8 2 2-1.5 5-2 8-2V4.5c-3 0-6 .5-8 2zM12 6.5V20",
}
_STUBS: Final = {
    "c1": "M142.5 50a4 4 0 1 1-8 0a4 4 0 1 1 8 0zM147.5 50a9 9 0 1 1-18 0a9 9 0 1 1 18 0z"
    "M152.5 50a14 14 0 1 1-28 0a14 14 0 1 1 28 0z",
    "c2": "M149.5 37a11 11 0 1 1-22 0a11 11 0 1 1 22 0zM149.5 50a11 11 0 1 1-22 0a11 11 0 1 1 22 0z"
    "M149.5 63a11 11 0 1 1-22 0a11 11 0 1 1 22 0z",
    "c3": "M127 22h5M137 22h5M147 22h5M127 36h5M147 36h5M137 50h5M147 50h5M127 64h5M137 64h5M127 78h5M147 78h5",
    "c4": "M127 24h24M127 33h18M127 42h24M127 51h12M127 60h24M127 69h20M127 78h14",
}
#: Which drawing stands for which word a category or a kind of product may go by.
ARTS: Final = {"game": "c1", "member": "c2", "software": "c3", "licence": "c3", "course": "c4", "download": "c4"}
_WIDE_FROM: Final = 0x1100
_ROOM: Final = 4.8  # 汉字 of full size between the left edge and the perforation


def art_of(word: object) -> str:
    """Return the drawing (``c1`` … ``c4``) for a category's word; the first where there is none."""
    name = str(word or "")
    return name if name in _GLYPHS else ARTS.get(name, "c1")


def draw_ticket(art: str, face: str, *, css: str = "") -> SafeString:
    """Return the ticket as SVG. It is decoration: the title beside it says the same in words."""
    return format_html(
        '<svg class="face f{} {}" viewBox="0 0 160 100" aria-hidden="true" focusable="false">'
        '<path class="bgd" d="{}"/><g class="soft"><path d="{}"/></g><g class="perf"><path d="M116 12v77"/></g>'
        '<g transform="translate(12 11) scale(1.3)"><path d="{}"/></g>{}</svg>',
        art[1],
        css,
        mark_safe(_BODY),  # noqa: S308 - our own constant
        mark_safe(_STUBS[art]),  # noqa: S308 - our own constant
        mark_safe(_GLYPHS[art]),  # noqa: S308 - our own constant
        _face_text(face),
    )


def _face_text(face: str) -> SafeString:
    """Return the face value, smaller where it is long, cut where it would run over the perforation."""
    width = sum(1.0 if ord(char) >= _WIDE_FROM else 0.56 for char in face)
    if not face:
        return SafeString("")
    if width <= _ROOM:
        return format_html('<text x="14" y="84">{}</text>', face)
    size, room = ("t2", _ROOM * 1.4) if width <= _ROOM * 1.4 else ("t3", _ROOM * 1.75)
    return format_html('<text class="{}" x="14" y="83">{}</text>', size, _cut(face, room))


def _cut(text: str, room: float) -> str:
    used = 0.0
    for place, char in enumerate(text):
        used += 1.0 if ord(char) >= _WIDE_FROM else 0.56
        if used > room:
            return text[: max(1, place - 1)] + "…"
    return text
