"""Shapes that belong to nobody. An official picture that looks like one of them needs more evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image, ImageDraw

_SIDE = 120
_Pen = ImageDraw.ImageDraw

_FIGURES: tuple[Callable[[_Pen, tuple[int, int, int, int]], None], ...] = (
    lambda pen, box: pen.ellipse(box, fill="black"),
    lambda pen, box: pen.rectangle(box, fill="black"),
    lambda pen, box: pen.rounded_rectangle(box, radius=(box[2] - box[0]) // 5, fill="black"),
    lambda pen, box: pen.ellipse(box, outline="black", width=(box[2] - box[0]) // 8),
    lambda pen, box: pen.rounded_rectangle(
        box, radius=(box[2] - box[0]) // 5, outline="black", width=(box[2] - box[0]) // 8
    ),
    lambda pen, box: pen.polygon([(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) // 2, box[1])], fill="black"),
    lambda pen, box: pen.polygon(
        [(60, box[1]), (box[2], 60), (60, box[3]), (box[0], 60)],
        fill="black",
    ),
    lambda pen, box: pen.polygon(
        [
            (box[0], 60),
            ((box[0] + 60) // 2, box[1]),
            ((box[2] + 60) // 2, box[1]),
            (box[2], 60),
            (75, box[3]),
            (45, box[3]),
        ],
        fill="black",
    ),
)


def plain_shapes() -> Iterator[Image.Image]:
    """Yield each figure alone, with a dot, a bar and a cross inside, small on its ground."""
    box = (18, 18, _SIDE - 18, _SIDE - 18)
    for figure in _FIGURES:
        for inside in (None, (48, 48, 72, 72), (34, 54, 86, 66), (54, 34, 66, 86)):
            picture = Image.new("RGB", (_SIDE, _SIDE), "white")
            pen = ImageDraw.Draw(picture)
            figure(pen, box)
            if inside:
                pen.rectangle(inside, fill=(130, 130, 130))
            yield picture
