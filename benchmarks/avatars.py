"""How well edited logos are found among official pictures, and how seldom others are; the last line is JSON.

改过的官方标志认出多少，别的图片误认多少；最后一行是 JSON。

``python -m benchmarks.avatars [--pictures DIR]``: DIR holds logos as PNG files, else they are drawn. One fixed half is
for tuning (``--half tune``), the other is reported. A false match is an unrelated picture reported at all, whichever
of the official ones it is taken for. Times are processor time of one core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import io
import json
import platform
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from benchmarks.arguments import BilingualCommand
from xinka.engines.lookalike.avatars import AvatarIndex
from xinka.engines.lookalike.pictures import is_plain

_SIDE = 200
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789&@#%?"


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def drawn(seed: int) -> Image.Image:
    """Return a logo: signs on a shape, an icon of several shapes, a face, or a gradient with noise."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (_SIDE, _SIDE), "white" if chance.random() < 0.4 else _colour(chance))
    if chance.random() < 0.2:
        picture = Image.effect_noise((_SIDE, _SIDE), 90).resize((_SIDE, _SIDE)).convert("RGB")
        picture = picture.filter(ImageFilter.GaussianBlur(chance.randrange(2, 9)))
    chance.choice((_signs, _icon, _icon, _face))(ImageDraw.Draw(picture), chance)
    return picture


def _signs(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    box, size = (16, 16, 184, 184), chance.randrange(60, 120)
    chance.choice((pen.ellipse, pen.rectangle))(box, fill=_colour(chance))
    text = "".join(chance.choices(_SIGNS, k=chance.randrange(2, 4)))
    pen.text((100, 100), text, fill=_colour(chance), font=ImageFont.load_default(size), anchor="mm")


def _icon(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    for _ in range(chance.randrange(3, 9)):
        x, y, size = chance.randrange(10, 140), chance.randrange(10, 140), chance.randrange(25, 90)
        if chance.random() < 0.5:
            pen.ellipse((x, y, x + size, y + size), fill=_colour(chance))
        else:
            corners = [(chance.randrange(15, 185), chance.randrange(15, 185)) for _ in range(chance.randrange(3, 6))]
            pen.polygon(corners, fill=_colour(chance))


def _face(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    wide, high = chance.randrange(50, 90), chance.randrange(55, 90)
    pen.ellipse((100 - wide, 100 - high, 100 + wide, 100 + high), fill=_colour(chance))
    apart, eye, mouth = chance.randrange(15, 40), chance.randrange(5, 15), chance.randrange(10, 40)
    for x in (100 - apart, 100 + apart):
        pen.ellipse((x - eye, 85 - eye, x + eye, 85 + eye), fill=_colour(chance))
    pen.arc((100 - mouth, 110, 100 + mouth, 150), 0, 180, fill=_colour(chance), width=chance.randrange(3, 9))
    _icon(pen, random.Random(chance.random()))


def _part(left: float, top: float, right: float, bottom: float) -> Callable[[Image.Image], Image.Image]:
    return lambda one: one.crop(
        (round(left * one.width), round(top * one.height), round(right * one.width), round(bottom * one.height))
    )


def _over(kind: str) -> Callable[[Image.Image], Image.Image]:
    def edit(one: Image.Image) -> Image.Image:
        one = one.copy()
        pen = ImageDraw.Draw(one)
        width, height = one.size
        if kind == "badge":
            pen.ellipse((0.7 * width, 0.7 * height, 0.98 * width, 0.98 * height), fill=(20, 150, 60))
        elif kind == "ribbon":
            pen.rectangle((0, 0.8 * height, width, height), fill=(200, 20, 20))
        else:
            font = ImageFont.load_default(0.12 * height)
            pen.text((width / 2, 0.5 * height), "OFFICIAL", fill="red", font=font, anchor="mm")
        return one

    return edit


def _hue(one: Image.Image) -> Image.Image:
    hue, *rest = one.convert("HSV").split()
    return Image.merge("HSV", (hue.point([(value + 90) % 256 for value in range(256)]), *rest)).convert("RGB")


def _round(one: Image.Image) -> Image.Image:
    mask = Image.new("L", one.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, one.width - 1, one.height - 1), fill=255)
    return Image.composite(one, Image.new("RGB", one.size, "white"), mask)


def _jpeg(one: Image.Image) -> Image.Image:
    packed = io.BytesIO()
    one.filter(ImageFilter.GaussianBlur(one.width / 100)).resize((64, 64)).save(packed, "JPEG", quality=30)
    return Image.open(packed)


_EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "crop 12 % a side": _part(0.12, 0.12, 0.88, 0.88),
    "crop at a corner": _part(0.12, 0, 1, 0.88),
    "border": lambda one: ImageOps.expand(one, one.width // 8, (20, 20, 20)),
    "mirror": ImageOps.mirror,
    "turn 8": lambda one: one.rotate(8, Image.Resampling.BICUBIC, fillcolor=one.getpixel((0, 0))),
    "turn 90": lambda one: one.rotate(90),
    "other hue": _hue,
    "grey and brighter": lambda one: ImageEnhance.Brightness(ImageOps.grayscale(one)).enhance(1.3),
    "blur, small, JPEG": _jpeg,
    "round mask": _round,
    "badge": _over("badge"),
    "ribbon": _over("ribbon"),
    "text stamp": _over("stamp"),
}


def _pictures(folder: Path | None, half: str, count: int) -> list[Image.Image]:
    """Return that many pictures of one half: drawn, or from a folder in an order that does not change."""
    odd = half == "report"
    if folder is None:
        return [drawn(2 * seed + odd) for seed in range(count)]
    paths = sorted(folder.glob("*.png"))
    random.Random(5).shuffle(paths)
    return [Image.open(path).convert("RGB") for path in paths[odd::2][:count]]


@click.command(cls=BilingualCommand)
@click.option(
    "--pictures",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of logos, PNG. / 标志图片（PNG）所在目录",
)
@click.option(
    "--half", type=click.Choice(["tune", "report"]), default="report", help="Which half is measured. / 测哪一半"
)
@click.option("--official", "n_official", default=300, help="How many official pictures. / 官方图片数")
@click.option("--others", "n_others", default=1000, help="How many other pictures. / 其他图片数")
@click.option(
    "--asked", "n_asked", default=60, help="How many official pictures are edited in each way. / 每种改法改多少张"
)
def main(folder: Path | None, half: str, n_official: int, n_others: int, n_asked: int) -> None:
    """Recall by edit at the engine's own limits, false matches, time and memory.

    改过的标志认出多少、误认多少、用多少时间与内存。
    """
    every = [one for one in _pictures(folder, half, n_official + n_others) if not is_plain(one)]
    official, others = every[:n_official], every[n_official:]
    index, began = AvatarIndex(), time.process_time()
    for number, picture in enumerate(official):
        index.add(str(number), picture)
    index.judge(official[0])
    built, began = time.process_time() - began, time.process_time()
    alarms = sum(index.judge(picture).decision != "clear" for picture in others)
    spent = time.process_time() - began
    step = max(1, len(official) // n_asked)
    figures: dict[str, Any] = {}
    for name, edit in _EDITS.items():
        asked = range(0, len(official), step)
        figures[name] = round(sum(index.judge(edit(official[at])).official == str(at) for at in asked) / len(asked), 3)
    figures["mean"] = round(sum(figures.values()) / len(_EDITS), 4)
    figures |= {"false matches": f"{alarms} of {len(others)}", "ms a picture": round(1000 * spent / len(others), 1)}
    figures |= {"built in s": round(built, 1), "memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    print(f"lookalike avatars on {platform.machine()}, Python {platform.python_version()}")
    for name, figure in figures.items():
        print(f"  {name:32} {figure!s:>12}   baseline {0.785 if name == 'mean' else '–'}")
    print(json.dumps({"benchmark": "lookalike avatars", **figures}))


if __name__ == "__main__":
    main(prog_name="xinka bench avatars")
