"""Is this picture made of an official one: cropped, framed, mirrored, turned, recoloured, with something laid over?"""

from __future__ import annotations

from functools import cache
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
#: How many official pictures are compared closely, and how many of the shapes that belong to nobody beside them.
_COMPARED, _SHAPES = 8, 3
#: What share of the likeness to the next pictures is taken off, and how many count, without the very next.
_TAKEN_OFF, _NEXT = 0.3, 6
#: Pictures whose coarse rows are this alike are the same picture registered twice, and say nothing about each other.
_SAME = 0.97
#: What must be left of the likeness, as a whole and without what seems laid over; chosen on drawn and on real logos.
_LEAST_WHOLE, _LEAST_REST = 0.765, 0.845
#: What colours in their places add, and how far below what is asked for the outlines may lie for that.
_FOR_COLOURS, _FAR_BELOW = 0.25, 0.12
#: From which likeness on a picture is reported whatever it resembles besides, and from which it is beyond doubt.
_SURELY, _IMPOSTOR = 0.985, 0.965
_FIRST_ONLY = Reason("animated", "动态图片只检查了第一帧", "of the moving picture only the first frame was looked at")


class _Found(NamedTuple):
    """An official picture found in the one asked about.

    Attributes:
        beyond: how much more alike the two are than they must be; below 0 it is none.
        whole: how alike they are, 0 to 1.
        number: the official picture's.
        way: which way it lay (see ``turned``).
    """

    beyond: float
    whole: float
    number: int
    way: int


class AvatarIndex:
    """Official pictures, asked with one picture at a time."""

    def __init__(self) -> None:
        self._coarse: list[Floats] = []
        self._fine: list[NDArray[np.float16]] = []
        self._tints: list[NDArray[np.uint8]] = []
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
        maps, tints = _official_maps(whole)
        self._coarse.append(outlines.coarse_rows(maps))
        self._fine.append(maps.astype(np.float16))
        self._tints.append(tints)
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
            self._table = _Table(self._coarse, self._fine, self._tints)
        found = self._table.nearest(*_asked_maps(whole))
        official, score = self._names[found.number], min(max(0.5 + 2 * found.beyond, 0.0), 1.0)
        if found.beyond < 0:
            return Verdict("clear", score, None, notes)
        if owner is not None and self._owners[found.number] == owner:
            return Verdict("clear", 0.0, official, notes)
        decision = "impostor" if found.whole >= _IMPOSTOR else "review"
        return Verdict(decision, score, official, (*_why(official, found.way), *notes))


class _Table:
    """The rows of all official pictures, then of shapes that belong to nobody, in one block of memory.

    How alike two pictures must be cannot be one number: discs resemble discs. So the mean likeness to the next pictures
    is taken off in part (as speakers' voices are compared, T-norm, Auckenthaler et al. 2000), and shapes stand among
    them, so that there is always somebody next.
    """

    def __init__(self, coarse: list[Floats], fine: list[NDArray[np.float16]], tints: list[NDArray[np.uint8]]) -> None:
        self._n_official = len(coarse)
        shapes = _shape_maps()
        every = [*coarse, *(outlines.coarse_rows(maps) for maps, _ in shapes)]
        self._ends = np.cumsum([len(rows) for rows in every])
        self._starts = np.concatenate(([0], self._ends[:-1])).astype(np.intp)
        self._coarse = np.concatenate(every)
        self._fine = np.concatenate([*fine, *(maps.astype(np.float16) for maps, _ in shapes)])
        self._tints = np.concatenate([*tints, *(one for _, one in shapes)])

    def nearest(self, asked: Floats, tints: Floats) -> _Found:
        """Return the official picture most beyond what it asks for, or least below."""
        products = outlines.coarse_rows(asked) @ self._coarse.T
        by_row = products.max(axis=0)
        numbers = self._likeliest(np.maximum.reduceat(by_row, self._starts))
        rows = [
            int(start + by_row[start:end].argmax())
            for start, end in zip(self._starts[numbers], self._ends[numbers], strict=True)
        ]
        ways = products[:, rows].argmax(axis=0)
        official, official_tints = self._fine[rows].astype(np.float32), _shares(self._tints[rows])
        lying, lying_tints = aligning.aligned(asked[ways], official, tints[ways])
        whole, rest = aligning.likeness(lying, official)
        others = self._others(rows, numbers)
        left = np.maximum(_left(whole, others) - _LEAST_WHOLE, _left(rest, others) - _LEAST_REST)
        left = with_colours(left, aligning.tints_explained(lying_tints, official_tints))
        beyond = np.maximum(left, whole - _SURELY)
        at = int(beyond[numbers < self._n_official].argmax())
        return _Found(float(beyond[at]), float(whole[at]), int(numbers[at]), int(ways[at]) % 8)

    def _likeliest(self, by_picture: Floats) -> NDArray[np.intp]:
        """Return the numbers of the pictures to compare closely: official ones first, then shapes."""
        official, shapes = by_picture[: self._n_official], by_picture[self._n_official :]
        return np.concatenate(
            (
                np.argsort(-official, kind="stable")[:_COMPARED],
                self._n_official + np.argsort(-shapes, kind="stable")[:_SHAPES],
            )
        )

    def _others(self, rows: list[int], numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return for each pair of compared pictures whether the second is another one than the first."""
        alike = self._coarse[rows] @ self._coarse[rows].T
        same = (alike >= _SAME) & (numbers < self._n_official)[:, None] & (numbers < self._n_official)[None, :]
        others: NDArray[np.bool_] = ~(same | np.eye(len(rows), dtype=bool))
        return others


def with_colours(left: Floats, explained: Floats) -> Floats:
    """Return what is left of likenesses, more where the colours are in their places.

    Black is in its place on every black shape: colours make up for what is laid over, not for outlines far from the
    official ones.
    """
    added: Floats = left + _FOR_COLOURS * explained * (left > -_FAR_BELOW)
    return added


def _left(alike: Floats, others: NDArray[np.bool_]) -> Floats:
    """Return what is left of each likeness when that to the next pictures is taken off in part."""
    following = -np.sort(-np.where(others, alike, 0), axis=1)[:, 1 : _NEXT + 1]
    many = np.maximum((following > 0).sum(axis=1), 1)
    left: Floats = alike - _TAKEN_OFF * following.sum(axis=1) / many
    return left


@cache
def _shape_maps() -> list[tuple[Floats, NDArray[np.uint8]]]:
    """Return the maps of the shapes that belong to nobody."""
    return [_official_maps(shape) for shape in plain_shapes()]


def _why(official: str, way: int) -> tuple[Reason, ...]:
    reasons = [Reason("outline", f"与“{official}”的轮廓一致", f"its outlines are those of {official}")]
    if way >= 4:
        reasons.append(Reason("mirrored", "图片被镜像翻转", "the picture is mirrored"))
    if way % 4:
        reasons.append(Reason("turned", "图片被旋转", "the picture is turned"))
    return tuple(reasons)


def _asked_maps(whole: Image.Image) -> tuple[Floats, Floats]:
    """Return the maps of a picture asked about and those of its colours: eight ways for each framing."""
    framings = pictures.framings(whole)
    tints = [outlines.tint_map(one) for one in framings]
    turned = [way for one in tints for way in outlines.ways_of(one, one[:, :, ::-1])]
    return np.concatenate([outlines.turned(outlines.fine_map(one)) for one in framings]), _shares(np.stack(turned))


def _official_maps(whole: Image.Image) -> tuple[Floats, NDArray[np.uint8]]:
    """Return the maps of an official picture's parts, with and without borders, turned a little; and their colours."""
    parts = [pictures.middle(one, *part) for one in _outer_and_inner(whole) for part in _PARTS]
    for angle in _ANGLES:
        parts += _outer_and_inner(whole.rotate(angle, Image.Resampling.BILINEAR, fillcolor=whole.getpixel((0, 0))))
    return np.stack([outlines.fine_map(one) for one in parts]), np.stack([outlines.tint_map(one) for one in parts])


def _shares(tints: NDArray[np.uint8]) -> Floats:
    """Return colours as shares of the most, 0 to 1."""
    return tints.astype(np.float32) / np.float32(255)


def _outer_and_inner(whole: Image.Image) -> list[Image.Image]:
    framed = pictures.framings(whole)
    return [framed[0], framed[-1]] if len(framed) > 1 else framed
