"""The outlines of a picture, in numbers that survive other colours: which way its edges run, and where.

An edge that runs at an angle a is the vector (cos 2a, sin 2a), so light on dark equals dark on light, and edges that
run otherwise cancel out (double-angle representation, Granlund 1978). What lies outside the inscribed circle is left
out, because a round frame hides it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

#: Sides of the picture looked at, of the fine map and of the coarse one.
SIDE, FINE, COARSE = 60, 30, 10
#: Difference of neighbouring pixels, of 255, that counts half where nothing else is near; a coarse JPEG makes smaller.
_FAINT = 14.0
#: How wide the surroundings are against which an edge is weighed, in pixels on either side.
_NEAR = 7


@cache
def window(side: int) -> Floats:
    """Return what each cell counts: 1 in the middle, falling to 0 at the inscribed circle."""
    steps = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    away = np.hypot(steps[:, None], steps[None, :])
    weights: Floats = np.clip((0.97 - away) / 0.12, 0, 1).astype(np.float32)
    return weights


def fine_map(picture: Image.Image) -> Floats:
    """Return the map of the outlines of a picture: two numbers for each of ``FINE`` x ``FINE`` cells."""
    pixels = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.float32)
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    across, down = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
    # Summing the colours' structure tensors keeps an edge between two colours that are equally light (Di Zenzo 1986).
    along = (across * across - down * down).sum(axis=2)
    slanted = 2 * (across * down).sum(axis=2)
    strength = np.sqrt((across * across + down * down).sum(axis=2))
    double = np.maximum(np.hypot(along, slanted), 1e-6)
    kept = strength / (strength + _surroundings(strength) + _FAINT) / double
    return _blurred(_pooled(np.stack((along * kept, slanted * kept)), FINE))


def _surroundings(strength: Floats) -> Floats:
    """Return the mean of what is around each pixel."""
    width = 2 * _NEAR + 1
    padded = np.pad(strength, _NEAR + 1, mode="edge")[:-1, :-1]
    sums = padded.cumsum(axis=0, dtype=np.float32).cumsum(axis=1, dtype=np.float32)
    total: Floats = sums[width:, width:] - sums[:-width, width:] - sums[width:, :-width] + sums[:-width, :-width]
    around: Floats = (total / width**2).astype(np.float32)
    return around


def _pooled(maps: Floats, side: int) -> Floats:
    cells = maps.shape[-1] // side
    pooled: Floats = maps.reshape(*maps.shape[:-2], side, cells, side, cells).mean(axis=(-3, -1), dtype=np.float32)
    return pooled


def _blurred(maps: Floats) -> Floats:
    """Return maps whose cells reach into their neighbours, so that a small shift changes little."""
    padded = np.pad(maps, [(0, 0)] * (maps.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    rows = padded[..., :-2, :] + 2 * padded[..., 1:-1, :] + padded[..., 2:, :]
    blurred: Floats = (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 16
    return blurred


def coarse_rows(maps: Floats) -> Floats:
    """Return one row of length one for each fine map, to be compared by its product with another."""
    rows = (_blurred(_pooled(maps, COARSE)) * window(COARSE)).reshape(len(maps), -1)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = rows / np.maximum(lengths, 1e-6)
    return unit


def tint_map(picture: Image.Image) -> NDArray[np.uint8]:
    """Return the colours of a picture: three numbers for each of ``FINE`` x ``FINE`` cells."""
    small = picture.resize((FINE, FINE), Image.Resampling.BOX)
    return np.ascontiguousarray(np.asarray(small, dtype=np.uint8).transpose(2, 0, 1))


def turned(fine: Floats) -> Floats:
    """Return a map turned by quarters, then its mirror image the same: eight maps; the vectors turn along."""
    quarter = np.array([-1, -1], dtype=np.float32)[:, None, None]
    mirror = np.array([1, -1], dtype=np.float32)[:, None, None]
    return np.stack(
        [one * (quarter if at % 2 else 1) for at, one in enumerate(ways_of(fine, fine[:, :, ::-1] * mirror))]
    ).astype(np.float32, copy=False)


def ways_of(plain: NDArray[Any], mirrored: NDArray[Any]) -> list[NDArray[Any]]:
    """Return a map of any numbers turned by quarters, and its mirror image the same, in the order of ``turned``."""
    return [np.rot90(one, quarters, axes=(1, 2)) for one in (plain, mirrored) for quarters in range(4)]
