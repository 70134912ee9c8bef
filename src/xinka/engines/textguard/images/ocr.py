"""Reading what is written in a picture, where the extra ``ocr`` is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from PIL import Image

#: A line that the engine itself believes less than this is left out.
_BELIEVED = 0.5


class OcrNotInstalled(RuntimeError):
    """The optional engine is missing."""

    def __init__(self) -> None:
        super().__init__("reading text in pictures needs the extra `ocr` / 识别图片文字需要安装附加组件 ocr")


def is_installed() -> bool:
    """Tell whether pictures can be read here."""
    return find_spec("rapidocr") is not None


def reader() -> Callable[[Image.Image], list[str]]:
    """Load the engine once and return what reads the lines of a picture, from top to bottom.

    Raises:
        OcrNotInstalled: the extra is not installed.
    """
    if not is_installed():
        raise OcrNotInstalled
    engine: Any = import_module("rapidocr").RapidOCR()

    def read(picture: Image.Image) -> list[str]:
        import numpy as np  # here, because only who reads pictures needs it

        found = engine(np.asarray(picture))
        texts, scores = found.txts or (), found.scores or ()
        return [text for text, score in zip(texts, scores, strict=True) if score >= _BELIEVED]

    return read
