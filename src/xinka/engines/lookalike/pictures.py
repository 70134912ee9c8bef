"""What a picture looks like, in numbers that survive recolouring: where it is light, where its edges are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

#: Side of the picture looked at, and of the maps made of it.
SIDE, CELLS = 72, 24
#: A larger picture is refused before it is unpacked, in pixels.
LARGEST = 40_000_000
#: Difference in any channel up to which an edge row counts as border.
_BORDER = 28
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
#: Deviation of lightness, of 255, below which a picture is plain.
_PLAIN = 10.0


def load(picture: Image.Image) -> Image.Image:
    """Return a picture in RGB on white, at most 160 pixels on a side.

    Raises:
        ValueError: it is too large.
    """
    if picture.width * picture.height > LARGEST:
        raise ValueError("picture too large")
    picture.draft("RGB", (160, 160))
    rgba = picture.convert("RGBA")
    rgba.thumbnail((160, 160), Image.Resampling.BOX)
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba).convert("RGB")


def trimmed(picture: Image.Image) -> Image.Image:
    """Return a picture without a border of one colour, which may be none, one or several rings."""
    for _ in range(3):
        pixels = np.asarray(picture, dtype=np.int16)
        flat_rows = (pixels.max(axis=1) - pixels.min(axis=1)).max(axis=1) <= _BORDER
        flat_columns = (pixels.max(axis=0) - pixels.min(axis=0)).max(axis=1) <= _BORDER
        box = (_run(flat_columns), _run(flat_rows), _run(flat_columns[::-1]), _run(flat_rows[::-1]))
        left, top, right, bottom = box
        width, height = picture.width - left - right, picture.height - top - bottom
        if width < 8 or height < 8 or not any(box):
            break
        picture = picture.crop((left, top, left + width, top + height))
    return picture


def _run(flags: NDArray[np.bool_]) -> int:
    """Return how many flags from the beginning are set; none where all are."""
    return 0 if flags.all() else int(np.argmin(flags))


def features(picture: Image.Image) -> tuple[Floats, Floats]:
    """Return two maps of a picture: how light it is, how strong its edges are; each centred, of length one."""
    pixels = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)
    down = np.abs(np.diff(pixels, axis=0, append=pixels[-1:])).max(axis=2)
    across = np.abs(np.diff(pixels, axis=1, append=pixels[:, -1:])).max(axis=2)
    return _centred(_pooled(pixels @ _LUMA)), _centred(np.sqrt(_pooled(down + across)))


def _pooled(values: Floats) -> Floats:
    """Return the means of overlapping cells, so that a shift of a pixel changes little."""
    side = SIDE // CELLS
    cells = values.reshape(CELLS, side, CELLS, side).mean(axis=(1, 3))
    padded = np.pad(cells, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    pooled: Floats = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16
    return pooled


def _centred(values: Floats) -> Floats:
    values = values - values.mean()
    centred: Floats = values / (float(np.linalg.norm(values)) or 1.0)
    return centred


def turned(values: Floats) -> list[Floats]:
    """Return a map turned by quarters, and mirrored: eight in all."""
    return [np.rot90(one, quarters) for one in (values, values[:, ::-1]) for quarters in range(4)]


def is_plain(picture: Image.Image) -> bool:
    """Say whether there is next to nothing to see on a picture."""
    return float(np.asarray(picture.convert("L").resize((16, 16), Image.Resampling.BOX)).std()) < _PLAIN


def centre(picture: Image.Image, share: float) -> Image.Image:
    """Return the middle of a picture, a share of its sides."""
    across, down = picture.width * (1 - share) / 2, picture.height * (1 - share) / 2
    return picture.crop((round(across), round(down), round(picture.width - across), round(picture.height - down)))
