"""Is this picture made of an official one: cropped, framed, mirrored, turned, recoloured, with something laid over?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from xinka.engines.lookalike import pictures
from xinka.engines.lookalike.pictures import Floats
from xinka.engines.lookalike.verdict import CLEAR, Reason, Verdict

#: How much of the middle of an official picture, and of the one asked about, is compared.
_SHARES, _CORNER, _ASKED_SHARES = (1.0, 0.88, 0.76), 0.88, (1.0, 0.88)
_ANGLES = (0, 5, -5, 10, -10, 15, -15)
_REVIEW, _IMPOSTOR = 0.94, 0.97
#: Deviation of a map of length one below which what is left of it shows next to nothing.
_EMPTY = 0.6 / pictures.CELLS
#: How many of the likeliest are looked at for something laid over, blocks on a side, the share of blocks that may be
#: covered, and what the likeness of the rest counts.
_MOST_COMPARED, _BLOCKS, _SHARE_COVERED, _COVERED_IS = 24, 6, 0.36, 0.965


class AvatarIndex:
    """Official pictures, asked with one picture at a time."""

    def __init__(self) -> None:
        self._rows: tuple[list[Floats], list[Floats]] = [], []
        self._numbers: list[int] = []
        self._names: list[str] = []
        self._owners: list[str | None] = []
        self._light: Floats | None = None
        self._edges: Floats | None = None

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str, picture: Image.Image, owner: str | None = None) -> None:
        """Register a picture under a name.

        Raises:
            ValueError: it is too large.
        """
        whole = pictures.load(picture)
        number = len(self._names)
        self._names.append(name)
        self._owners.append(owner)
        for one in _framings(whole):
            for part in _parts(one):
                if pictures.is_plain(part):
                    continue
                for rows, values in zip(self._rows, pictures.features(part), strict=True):
                    rows.append(values.ravel())
                self._numbers.append(number)
        self._light = self._edges = None

    def judge(self, picture: Image.Image, owner: str | None = None) -> Verdict:
        """Say whether a picture is made of an official one.

        Raises:
            ValueError: it is too large.
        """
        if not self._numbers:
            return CLEAR
        score, number, angle = self._nearest(pictures.load(picture))
        official = self._names[number]
        if score < _REVIEW:
            return Verdict("clear", score)
        if owner is not None and self._owners[number] == owner:
            return Verdict("clear", 0.0, official)
        text = f"与“{official}”的轮廓一致", f"its outlines are those of {official}"
        turned = (Reason("turned", "图片被旋转", "the picture is turned"),) if angle else ()
        return Verdict(
            "impostor" if score >= _IMPOSTOR else "review", score, official, (Reason("outline", *text), *turned)
        )

    def _nearest(self, whole: Image.Image) -> tuple[float, int, int]:
        """Return the best score, the number of the picture, and the angle it is turned by."""
        if self._light is None or self._edges is None:
            self._light, self._edges = np.stack(self._rows[0]), np.stack(self._rows[1])
        best = 0.0, 0, 0
        for angle, light, edges in _asked(whole):
            by_edges = edges @ self._edges.T
            likeness = (by_edges + np.abs(light @ self._light.T)) / 2
            place = int(likeness.argmax())
            if likeness.flat[place] > best[0]:
                best = float(likeness.flat[place]), self._numbers[place % likeness.shape[1]], angle
            if not angle:
                best = max(best, self._nearest_covered(light, edges, likeness))
        return best

    def _nearest_covered(self, light: Floats, edges: Floats, likeness: Floats) -> tuple[float, int, int]:
        """Return the best of the likeliest when the parts that differ most are taken for something laid over."""
        best = 0.0, 0, 0
        for place in np.argsort(-likeness, axis=None)[:_MOST_COMPARED]:
            way, row = divmod(int(place), likeness.shape[1])
            score = _COVERED_IS * uncovered(light[way], self._rows[0][row], edges[way], self._rows[1][row])
            best = max(best, (score, self._numbers[row], 0))
        return best


def _parts(picture: Image.Image) -> list[Image.Image]:
    """Return the parts of a picture somebody may have cut out: the whole, its middle, its corners."""
    across, down = picture.width * (1 - _CORNER), picture.height * (1 - _CORNER)
    corners = [
        picture.crop((round(x), round(y), round(x + picture.width - across), round(y + picture.height - down)))
        for x in (0, across)
        for y in (0, down)
    ]
    return [*(pictures.centre(picture, share) for share in _SHARES), *corners]


def _framings(whole: Image.Image) -> list[Image.Image]:
    """Return a picture as it is, and without its border where it has one."""
    inner = pictures.trimmed(whole)
    return [whole] if inner.size == whole.size else [whole, inner]


def _asked(whole: Image.Image) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield an angle and both maps of the picture turned by it: one row for each quarter turn and mirroring."""
    corner = whole.getpixel((0, 0))
    for angle in _ANGLES:
        rotated = whole.rotate(angle, Image.Resampling.BILINEAR, fillcolor=corner) if angle else whole
        for one in _framings(rotated):
            for share in _ASKED_SHARES:
                part = pictures.centre(one, share)
                if not pictures.is_plain(part):
                    light, edges = (
                        np.stack([way.ravel() for way in pictures.turned(values)]) for values in pictures.features(part)
                    )
                    yield angle, light, edges


def uncovered(light: Floats, other_light: Floats, edges: Floats, other_edges: Floats) -> float:
    """Return how alike two pictures are without the blocks in which they differ most."""
    side = pictures.CELLS // _BLOCKS
    sign = 1.0 if float(light @ other_light) >= 0 else -1.0
    difference = (edges - other_edges) ** 2 + (sign * light - other_light) ** 2
    blocks = difference.reshape(_BLOCKS, side, _BLOCKS, side).sum(axis=(1, 3)).ravel()
    kept = np.argsort(blocks)[: round(_BLOCKS**2 * (1 - _SHARE_COVERED))]
    mask = np.zeros(_BLOCKS**2, dtype=bool)
    mask[kept] = True
    where = np.repeat(np.repeat(mask.reshape(_BLOCKS, _BLOCKS), side, axis=0), side, axis=1).ravel()
    if min(values[where].std() for values in (light, other_light, edges, other_edges)) < _EMPTY:
        return 0.0
    by_edges = float(np.corrcoef(edges[where], other_edges[where])[0, 1])
    return (by_edges + abs(float(np.corrcoef(light[where], other_light[where])[0, 1]))) / 2
