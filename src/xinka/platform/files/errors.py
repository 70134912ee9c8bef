"""Why a file was not taken; nothing of it was kept."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class FileTooLarge(Refusal):
    """One file is larger than a file may be."""

    code = "evidence_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    zh = "文件太大：每个不超过 {limit} MB。什么都没有保存。"
    en = "The file is too large: {limit} MB at most each. Nothing was saved."


class TooManyFiles(Refusal):
    """More files at once than are taken."""

    code = "too_many_files"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    zh = "一次最多 {limit} 个文件，合计不超过 {total} MB。什么都没有保存。"
    en = "{limit} files at most at once, {total} MB together. Nothing was saved."


class FileNotTaken(Refusal):
    """What is inside is none of the kinds that are taken, whatever its name says."""

    code = "file_not_taken"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "「{name}」看内容不是图片（PNG、JPEG、WebP）、PDF 或纯文本。截图后再传即可。什么都没有保存。"
    en = "By its content “{name}” is no PNG, JPEG, WebP, PDF or plain text. A screenshot works. Nothing was saved."


class ImageTooLarge(Refusal):
    """A picture has more pixels than are decoded."""

    code = "image_too_large"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "「{name}」像素太多。缩小或截图后再传。什么都没有保存。"
    en = "“{name}” has too many pixels. Make it smaller, or take a screenshot of it. Nothing was saved."


class FileInfected(Refusal):
    """The virus scanner found something in it."""

    code = "file_infected"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "病毒扫描认为「{name}」有问题。检查一下你的设备；截图后再传即可。什么都没有保存。"
    en = "The virus scanner objects to “{name}”. Check your device; a screenshot works. Nothing was saved."


class ScannerSilent(Refusal):
    """A virus scanner is set up, and does not answer; without its word no file is taken."""

    code = "file_scanner_silent"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "现在没法检查文件是否有病毒，所以先不收。什么都没有保存：几分钟后再试，或者先不带文件提交。"
    en = (
        "Files cannot be checked for viruses just now, so none is taken. Nothing was saved: "
        "try again in a few minutes, or send it without files."
    )
