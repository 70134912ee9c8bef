"""Two maps of outlines laid over each other as well as they go, and how much of the one is found in the other.

The alignment is the inverse compositional algorithm for affine warps (Baker & Matthews 2004), for many pairs at once.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np

from xinka.engines.lookalike.outlines import FINE, Floats, window

#: Steps of the alignment, and how firmly it holds on to where it began.
_STEPS, _HOLD = 5, 0.02
#: Side of a block in cells, and the share of the official outlines that may be covered by something.
_BLOCK, _COVERED = 5, 0.25
#: From which difference on of a channel, of 1, two colours are just different, and the least mean difference from the
#: commonest colour that tells pictures apart.
_OTHER_COLOUR, _LEAST_COLOUR = 0.3, 0.01


@cache
def _places() -> Floats:
    """Return each cell's place as (across, down, 1), -1 to 1 from edge to edge."""
    steps = (np.arange(FINE, dtype=np.float32) + 0.5) / FINE * 2 - 1
    down, across = np.meshgrid(steps, steps, indexing="ij")
    return np.stack((across.ravel(), down.ravel(), np.ones(FINE * FINE, dtype=np.float32)))


def aligned(asked: Floats, official: Floats, carried: Floats) -> tuple[Floats, Floats]:
    """Return each map asked about, warped so that it lies on its official one; pairs x 2 x FINE x FINE.

    What is carried, pairs x 3 x FINE x FINE, is warped along.
    """
    pairs = len(asked)
    weights = np.sqrt(window(FINE))
    target = (official * weights).reshape(pairs, -1)
    slopes = _slopes(official, weights)
    normal = slopes.transpose(0, 2, 1) @ slopes
    size = np.trace(normal, axis1=1, axis2=2)[:, None, None] / 6
    normal += (_HOLD * size + 1e-6) * np.eye(6, dtype=np.float32)
    warps = np.tile(np.eye(3, dtype=np.float32), (pairs, 1, 1))
    for _ in range(_STEPS):
        there = (_warped(asked, warps) * weights).reshape(pairs, -1)
        gain = np.einsum("ij,ij->i", there, target) / np.maximum(np.einsum("ij,ij->i", there, there), 1e-6)
        rest = np.clip(gain, 0.5, 2)[:, None] * there - target
        change = np.linalg.solve(normal, np.einsum("ijk,ij->ik", slopes, rest)[:, :, None])[:, :, 0]
        warps = warps @ _undone(change)
    return _warped(asked, warps), _warped(carried, warps, beyond="edge")


def _slopes(official: Floats, weights: Floats) -> Floats:
    """Return how each number of a map changes with the six numbers of a warp; pairs x numbers x 6."""
    down, across = np.gradient(official, 2 / FINE, axis=(2, 3))
    places = _places().reshape(3, FINE, FINE)
    parts = [slope * weights * place for slope in (across, down) for place in places]
    slopes: Floats = np.stack(parts, axis=-1).reshape(len(official), -1, 6).astype(np.float32)
    return slopes


def _undone(change: Floats) -> Floats:
    """Return the warps that undo small changes."""
    step = np.tile(np.eye(3, dtype=np.float32), (len(change), 1, 1))
    step[:, :2] += np.clip(change, -0.12, 0.12).reshape(-1, 2, 3)
    undone: Floats = np.linalg.inv(step).astype(np.float32)
    return undone


def _warped(maps: Floats, warps: Floats, beyond: Literal["constant", "edge"] = "constant") -> Floats:
    """Return maps looked up at warped places, in between by the four cells around; outside 0 or as at the edge."""
    spots = ((warps[:, :2] @ _places()) + 1) * (FINE / 2) - 0.5 + 1
    padded = np.pad(maps, ((0, 0), (0, 0), (1, 2), (1, 2)), mode=beyond).reshape(*maps.shape[:2], -1)
    across, down = np.clip(spots, 0, FINE + 1, out=spots).transpose(1, 0, 2)
    left, top = across.astype(np.intp), down.astype(np.intp)
    right_share, low_share = across - left, down - top
    width, start = FINE + 3, top * (FINE + 3) + left
    result = np.zeros((*maps.shape[:2], FINE * FINE), dtype=np.float32)
    for step, share in (
        (0, (1 - right_share) * (1 - low_share)),
        (1, right_share * (1 - low_share)),
        (width, (1 - right_share) * low_share),
        (width + 1, right_share * low_share),
    ):
        result += np.take_along_axis(padded, (start + step)[:, None, :], axis=2) * share[:, None, :]
    return result.reshape(maps.shape)


def likeness(asked: Floats, official: Floats) -> tuple[Floats, Floats]:
    """Return how alike the pairs are, 0 to 1, as a whole, and without what seems laid over.

    For the second the blocks that disagree most are set aside, until a share of the official outlines is gone.
    """
    weights = window(FINE)
    both, ours, theirs = (
        _blocks((one * other).sum(axis=1) * weights)
        for one, other in ((asked, official), (official, official), (asked, asked))
    )
    order = np.argsort(-(ours + theirs - 2 * both), axis=1)
    both, ours, theirs = (np.take_along_axis(one, order, axis=1) for one in (both, ours, theirs))
    kept = (ours.cumsum(axis=1) > _COVERED * ours.sum(axis=1, keepdims=True)).astype(np.float32)
    return _cosine(both, ours, theirs), _cosine(both * kept, ours * kept, theirs * kept)


def tints_explained(asked: Floats, official: Floats) -> Floats:
    """Return what share of an official picture, but for its commonest colour, has its colours in the other, 0 to 1.

    Both are pairs x 3 x FINE x FINE, 0 to 1.
    """
    weights = window(FINE)
    common = np.median(official.reshape(*official.shape[:2], -1), axis=2)[:, :, None, None]
    missed, there = (
        (np.minimum(np.abs(one - official).max(axis=1), _OTHER_COLOUR) * weights).sum(axis=(1, 2))
        for one in (asked, common)
    )
    explained: Floats = np.clip(1 - missed / np.maximum(there, 1e-3), 0, 1)
    return np.where(there > _LEAST_COLOUR * weights.sum(), explained, 0).astype(np.float32)


def _cosine(both: Floats, ours: Floats, theirs: Floats) -> Floats:
    lengths = ours.sum(axis=1) * theirs.sum(axis=1)
    cosine: Floats = np.clip(both.sum(axis=1) / np.sqrt(np.maximum(lengths, 1e-9)), 0, 1)
    return cosine


def _blocks(cells: Floats) -> Floats:
    side = FINE // _BLOCK
    sums: Floats = cells.reshape(len(cells), side, _BLOCK, side, _BLOCK).sum(axis=(2, 4)).reshape(len(cells), -1)
    return sums
