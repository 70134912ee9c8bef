"""Finds what a picture says besides showing it: QR codes and where they lead, and text where OCR is installed."""

from xinka.engines.textguard.images.pictures import CodeFound, PictureVerdict, judge_picture
from xinka.engines.textguard.images.targets import Target, judge_target

__all__ = ["CodeFound", "PictureVerdict", "Target", "judge_picture", "judge_target"]
