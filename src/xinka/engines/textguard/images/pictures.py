"""QR codes and text in a picture. What is too large to look at safely is said to be so, and goes to a person."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from io import BytesIO

import zxingcpp
from PIL import Image, UnidentifiedImageError

from xinka.engines.textguard.images.targets import Decision, Target, judge_target

#: More pixels than this are not decoded: a small file can claim a huge picture.
MOST_PIXELS = 40_000_000
#: Larger pictures are looked at in this size too, since codes in them are usually large.
_COMFORTABLE_SIDE = 1600
_ORDER: tuple[Decision, ...] = ("allow", "review", "block")


@dataclass(frozen=True, slots=True)
class CodeFound:
    """A code in a picture: what it holds, where it leads, and its corners (x, y) in pixels of the original."""

    content: str
    target: Target
    corners: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What a picture leads to.

    Attributes:
        decision: the strictest of all that was found in it.
        codes: every code, in reading order.
        text: what is written in it, line by line; empty where no OCR was asked for.
        problem: why it could not be looked at, in Chinese and English; None where it could.
    """

    decision: Decision
    codes: tuple[CodeFound, ...] = ()
    text: tuple[str, ...] = ()
    problem: tuple[str, str] | None = None


def judge_picture(
    data: bytes, *, own_domains: Collection[str] = (), read_text: Callable[[Image.Image], list[str]] | None = None
) -> PictureVerdict:
    """Find the codes in a picture and judge where they lead.

    Args:
        data: the file as uploaded; any still format that Pillow reads.
        own_domains: domains whose pages are welcome, see ``judge_target``.
        read_text: an OCR engine (``ocr.reader()``), or None to leave written text alone.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(BytesIO(data))
            if opened.width * opened.height > MOST_PIXELS:
                return _unseen("图片尺寸过大，请缩小后上传", "the picture is too large; make it smaller")
            picture = opened.convert("RGB")
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return _unseen("无法识别的图片文件", "not a picture that can be read")
    codes = tuple(_codes(picture, own_domains))
    decision: Decision = max((code.target.decision for code in codes), key=_ORDER.index, default=_ORDER[0])
    return PictureVerdict(decision, codes, tuple(read_text(picture)) if read_text else ())


def _unseen(zh: str, en: str) -> PictureVerdict:
    return PictureVerdict("review", problem=(zh, en))


def _codes(picture: Image.Image, own_domains: Collection[str]) -> list[CodeFound]:
    """Look at the picture as it is and, if it is large, made smaller; each code counts once."""
    found: dict[str, CodeFound] = {}
    for scale, sight in _sights(picture):
        for code in zxingcpp.read_barcodes(sight):
            if code.text and code.text not in found:
                at = code.position
                corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
                places = tuple((round(p.x * scale), round(p.y * scale)) for p in corners)
                found[code.text] = CodeFound(code.text, judge_target(code.text, own_domains), places)
    return list(found.values())


def _sights(picture: Image.Image) -> list[tuple[float, Image.Image]]:
    longest = max(picture.size)
    if longest <= _COMFORTABLE_SIDE:
        return [(1.0, picture)]
    scale = longest / _COMFORTABLE_SIDE
    small = picture.resize((max(1, round(picture.width / scale)), max(1, round(picture.height / scale))))
    return [(1.0, picture), (scale, small)]
