"""Is this picture made of an official one: cropped, framed, mirrored, turned, recoloured, with something laid over?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xinka.engines.lookalike import aligning, outlines, pictures
from xinka.engines.lookalike.outlines import Floats
from xinka.engines.lookalike.shapes import plain_shapes
from xinka.engines.lookalike.verdict import CLEAR, Reason, Verdict

#: The parts of an official picture somebody may have cut out: (share of its sides, across, down).
_PARTS = ((1.0, 0.5, 0.5), (0.88, 0.5, 0.5), (0.76, 0.5, 0.5), (0.88, 0, 0), (0.88, 1, 0), (0.88, 0, 1), (0.88, 1, 1))
#: By how many degrees an official picture is turned beforehand; the alignment does what lies between.
_ANGLES = (-10, 10)
#: How many official pictures are compared closely.
_COMPARED = 8
#: From which likeness on a picture is reported, and from which it is an imitation beyond doubt.
_REVIEW, _IMPOSTOR = 0.93, 0.965
#: How much liker than to any plain shape a picture must be to an official one, and the most that is ever asked for.
_BEYOND_SHAPES, _MOST_ASKED = 0.02, 0.985
_FIRST_ONLY = Reason("animated", "动态图片只检查了第一帧", "of the moving picture only the first frame was looked at")


class _Found(NamedTuple):
    """An official picture, how well it was found in the one asked about, and which way that lay (see ``turned``)."""

    score: float
    number: int
    way: int


class AvatarIndex:
    """Official pictures, asked with one picture at a time."""

    def __init__(self) -> None:
        self._coarse: list[Floats] = []
        self._fine: list[NDArray[np.float16]] = []
        self._names: list[str] = []
        self._owners: list[str | None] = []
        self._table: _Table | None = None

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str, picture: Image.Image, owner: str | None = None) -> None:
        """Register a picture under a name.

        Raises:
            ValueError: it is too large, or shows nothing that could be told from others.
            OSError: the file is broken.
        """
        whole = pictures.load(picture)
        if pictures.is_plain(whole):
            raise ValueError("the picture shows nothing but one colour / 图片只有一种颜色")
        maps = _official_maps(whole)
        self._coarse.append(outlines.coarse_rows(maps))
        self._fine.append(maps.astype(np.float16))
        self._names.append(name)
        self._owners.append(owner)
        self._table = None

    def judge(self, picture: Image.Image, owner: str | None = None) -> Verdict:
        """Say whether a picture is made of an official one; of a moving picture the first frame counts.

        Raises:
            ValueError: it is too large or too small.
            OSError: the file is broken.
        """
        whole = pictures.load(picture)
        notes = (_FIRST_ONLY,) if pictures.is_animated(picture) else ()
        if not self._names or pictures.is_plain(whole):
            return CLEAR._replace(reasons=notes)
        if self._table is None:
            self._table = _Table(self._coarse, self._fine)
        found, limit = self._table.nearest(_asked_maps(whole))
        official = self._names[found.number]
        if found.score < limit:
            return Verdict("clear", found.score, None, notes)
        if owner is not None and self._owners[found.number] == owner:
            return Verdict("clear", 0.0, official, notes)
        decision = "impostor" if found.score >= max(limit, _IMPOSTOR) else "review"
        return Verdict(decision, found.score, official, (*_why(official, found.way), *notes))


class _Table:
    """The rows of all official pictures in one block of memory, and what likeness each asks for."""

    def __init__(self, coarse: list[Floats], fine: list[NDArray[np.float16]]) -> None:
        ends = np.cumsum([len(rows) for rows in coarse])
        self._starts = np.concatenate(([0], ends[:-1])).astype(np.intp)
        self._ends = ends
        self._coarse, self._fine = np.concatenate(coarse), np.concatenate(fine)
        self._limits = np.full(len(coarse), _REVIEW, dtype=np.float32)
        for shape in plain_shapes():
            for found in self._compared(_asked_maps(shape)):
                asked_for = min(found.score + _BEYOND_SHAPES, _MOST_ASKED)
                self._limits[found.number] = max(self._limits[found.number], asked_for)

    def nearest(self, asked: Floats) -> tuple[_Found, float]:
        """Return the official picture most beyond what it asks for (or least below), and what it asks for."""
        best = max(
            self._compared(asked), key=lambda found: (found.score - float(self._limits[found.number]), -found.number)
        )
        return best, float(self._limits[best.number])

    def _compared(self, asked: Floats) -> list[_Found]:
        """Return the likeliest official pictures with how alike they are when laid over each other."""
        products = outlines.coarse_rows(asked) @ self._coarse.T
        by_row = products.max(axis=0)
        numbers = np.argsort(-np.maximum.reduceat(by_row, self._starts), kind="stable")[:_COMPARED]
        rows = [
            int(start + by_row[start:end].argmax())
            for start, end in zip(self._starts[numbers], self._ends[numbers], strict=True)
        ]
        ways = products[:, rows].argmax(axis=0)
        official = self._fine[rows].astype(np.float32)
        scores = aligning.likeness(aligning.aligned(asked[ways], official), official)
        return [
            _Found(float(score), int(number), int(way) % 8)
            for score, number, way in zip(scores, numbers, ways, strict=True)
        ]


def _why(official: str, way: int) -> tuple[Reason, ...]:
    reasons = [Reason("outline", f"与“{official}”的轮廓一致", f"its outlines are those of {official}")]
    if way >= 4:
        reasons.append(Reason("mirrored", "图片被镜像翻转", "the picture is mirrored"))
    if way % 4:
        reasons.append(Reason("turned", "图片被旋转", "the picture is turned"))
    return tuple(reasons)


def _asked_maps(whole: Image.Image) -> Floats:
    """Return the maps of a picture asked about: eight ways for each framing."""
    return np.concatenate([outlines.turned(outlines.fine_map(one)) for one in pictures.framings(whole)])


def _official_maps(whole: Image.Image) -> Floats:
    """Return the maps of an official picture: its parts, with and without its borders, and it turned a little."""
    parts = [pictures.middle(one, *part) for one in _outer_and_inner(whole) for part in _PARTS]
    for angle in _ANGLES:
        parts += _outer_and_inner(whole.rotate(angle, Image.Resampling.BILINEAR, fillcolor=whole.getpixel((0, 0))))
    return np.stack([outlines.fine_map(one) for one in parts])


def _outer_and_inner(whole: Image.Image) -> list[Image.Image]:
    framed = pictures.framings(whole)
    return [framed[0], framed[-1]] if len(framed) > 1 else framed
