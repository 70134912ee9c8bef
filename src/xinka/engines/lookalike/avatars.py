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
_REVIEW, _IMPOSTOR = 0.72, 0.8


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
