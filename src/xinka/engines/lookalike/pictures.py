"""A picture made ready to be compared: safely unpacked, on one ground, with and without its borders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Longest side kept of a picture, in pixels.
SIDE = 128
#: A larger picture is refused before it is unpacked, in pixels.
LARGEST = 40_000_000
#: Difference in any channel, of 255, up to which an edge row counts as border, and how many nested borders are undone.
_BORDER, _RINGS = 28, 3
#: A side shorter than this is no picture any more, in pixels.
_SMALLEST = 8
#: Deviation of lightness, of 255, below which a picture is plain.
_PLAIN = 6.0


def load(picture: Image.Image) -> Image.Image:
    """Return the (first) picture in RGB, at most ``SIDE`` pixels long; what is transparent lies on white.

    A white drawing on nothing would vanish on white, so it is laid on black.

    Raises:
        ValueError: it is too large, or too small to show anything.
        OSError: the file is broken.
    """
    if picture.width * picture.height > LARGEST:
        raise ValueError(f"{picture.width} x {picture.height} pixels, more than {LARGEST} / 图片过大")
    if min(picture.size) < _SMALLEST or max(picture.size) > 100 * min(picture.size):
        raise ValueError(f"{picture.width} x {picture.height} pixels show nothing / 图片太小或太窄")
    try:
        if is_animated(picture):
            picture.seek(0)
        picture.draft("RGB", (SIDE, SIDE))
        picture.load()
    except (SyntaxError, EOFError) as error:  # what Pillow raises for some damaged files beside OSError
        raise OSError(f"broken picture: {error} / 图片已损坏") from error
    if not picture.has_transparency_data:
        return _shrunk(picture.convert("RGB"))
    rgba = _shrunk(picture.convert("RGBA"))
    on_white = _on(rgba, 255)
    return _on(rgba, 0) if is_plain(on_white) else on_white


def is_animated(picture: Image.Image) -> bool:
    """Say whether there are more pictures behind the first."""
    return getattr(picture, "n_frames", 1) > 1


def _shrunk(picture: Image.Image) -> Image.Image:
    """Return a picture of at most ``SIDE`` pixels, never a side of less than one that can be compared."""
    share = min(1.0, SIDE / max(picture.size))
    size = max(_SMALLEST, round(picture.width * share)), max(_SMALLEST, round(picture.height * share))
    return picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0) if size != picture.size else picture.copy()


def _on(rgba: Image.Image, grey: int) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", rgba.size, (grey, grey, grey, 255)), rgba).convert("RGB")


def framings(picture: Image.Image) -> list[Image.Image]:
    """Return a picture as it is, without its outermost border, and without all its borders, where it has any."""
    found = [picture]
    for _ in range(_RINGS):
        inner = _without_ring(found[-1])
        if inner.size == found[-1].size:
            break
        found.append(inner)
    return found if len(found) <= _RINGS else [found[0], found[1], found[-1]]


def _without_ring(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture, dtype=np.int16)
    flat_rows = (pixels.max(axis=1) - pixels.min(axis=1)).max(axis=1) <= _BORDER
    flat_columns = (pixels.max(axis=0) - pixels.min(axis=0)).max(axis=1) <= _BORDER
    left, top, right, bottom = _run(flat_columns), _run(flat_rows), _run(flat_columns[::-1]), _run(flat_rows[::-1])
    if picture.width - left - right < _SMALLEST or picture.height - top - bottom < _SMALLEST:
        return picture
    return picture.crop((left, top, picture.width - right, picture.height - bottom))


def _run(flags: NDArray[np.bool_]) -> int:
    """Return how many flags from the beginning are set; none where all are."""
    return 0 if flags.all() else int(np.argmin(flags))


def is_plain(picture: Image.Image) -> bool:
    """Say whether there is next to nothing to see on a picture, in any of its colours."""
    small = np.asarray(picture.resize((16, 16), Image.Resampling.BOX), dtype=np.float32)
    return float(small.std(axis=(0, 1)).max()) < _PLAIN


def middle(picture: Image.Image, share: float, across: float = 0.5, down: float = 0.5) -> Image.Image:
    """Return a part of a picture, a share of its sides; 0.5 is the middle, 0 the left or upper edge, 1 the other."""
    left, top = picture.width * (1 - share) * across, picture.height * (1 - share) * down
    return picture.crop(
        (round(left), round(top), round(left + picture.width * share), round(top + picture.height * share))
    )
