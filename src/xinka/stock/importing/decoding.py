"""From bytes to lines, whatever editor wrote the file: UTF-8, UTF-16 with its mark, GBK and its successor GB18030.

The whole file is looked at before a line of it is believed: a file that is UTF-8 up to its last line is not UTF-8. It
is read in blocks, twice, so that memory stays flat.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from xinka.kernel.errors import Refusal

BLOCK = 1 << 18


class Encoding(StrEnum):
    """The encodings told apart; the values are Python's names of them."""

    UTF_8 = "utf-8"
    UTF_8_BOM = "utf-8-sig"
    UTF_16 = "utf-16"
    GB18030 = "gb18030"

    @property
    def shown(self) -> str:
        """The name people know."""
        return _SHOWN[self]


_SHOWN = {
    Encoding.UTF_8: "UTF-8",
    Encoding.UTF_8_BOM: "UTF-8 (BOM)",
    Encoding.UTF_16: "UTF-16",
    Encoding.GB18030: "GBK / GB18030",
}
#: How a web page begins that calls itself a table, within so many bytes.
_MARKUP, _HEAD = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta"), 1024
#: How ZIP archives begin, which .xlsx and .ods are, and OLE2 containers, which .xls is.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableFile(Refusal):
    """The bytes are in no encoding we know."""

    code = "unreadable_file"
    status = 422
    zh = "读不出这个文件的文字。请存成 UTF-8 或 GBK 的 TXT、CSV 再传。"
    en = "The text of this file cannot be read. Save it as TXT or CSV in UTF-8 or GBK and send it again."


class IsWebPage(UnreadableFile):
    """A table as HTML or XML, which many systems call .xls: each line of its source would become a code."""

    code = "is_web_page"
    zh = "这个文件其实是网页（HTML 或 XML）里的表格，不是文本。请用表格软件打开，另存为 CSV（UTF-8）再传。"
    en = (
        "This file is really a table in a web page (HTML or XML), not text. Open it in a spreadsheet, save it as CSV "
        "(UTF-8) and send that."
    )


class IsWorkbook(UnreadableFile):
    """A workbook of a spreadsheet program, .xlsx or the older .xls: a container, not text."""

    code = "is_workbook"
    zh = "这是表格软件的工作簿（XLSX、XLS）或压缩包，不是文本。请在表格软件里另存为 CSV（UTF-8）再传。"
    en = (
        "This is a spreadsheet's workbook (XLSX, XLS) or an archive, not text. Save it as CSV (UTF-8) in the "
        "spreadsheet and send that."
    )


@dataclass(frozen=True, slots=True)
class Examined:
    """What one look at the whole file tells."""

    encoding: Encoding
    sha256: bytes
    size: int


def examine(blocks: Iterable[bytes]) -> Examined:
    """Find the encoding, the hash and the size of a file.

    Raises:
        UnreadableFile: if it is not text in an encoding of ours, is the source of a web page, or a workbook.
    """
    digest, size = hashlib.sha256(), 0
    candidates: dict[Encoding, codecs.IncrementalDecoder] = {}
    for block in blocks:
        if not size:
            if block[:_HEAD].removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_MARKUP):
                raise IsWebPage
            if block.startswith(_WORKBOOKS):
                raise IsWorkbook
            candidates = {encoding: codecs.getincrementaldecoder(encoding)() for encoding in _possible(block)}
        digest.update(block)
        size += len(block)
        _drop_refuted(candidates, block)
    _drop_refuted(candidates, b"", final=True)
    if size and not candidates:
        raise UnreadableFile
    return Examined(next(iter(candidates), Encoding.UTF_8), digest.digest(), size)


def _possible(head: bytes) -> list[Encoding]:
    if head.startswith(codecs.BOM_UTF8):
        return [Encoding.UTF_8_BOM]
    if head.startswith(_UTF_16_MARKS):
        return [Encoding.UTF_16]
    if b"\0" in head:
        return []  # no text of these encodings has one; UTF-16 without its mark is a guess we do not make
    return [Encoding.UTF_8, Encoding.GB18030]


def _drop_refuted(candidates: dict[Encoding, codecs.IncrementalDecoder], block: bytes, *, final: bool = False) -> None:
    for encoding, decoder in list(candidates.items()):
        try:
            decoder.decode(block, final)
        except UnicodeDecodeError:
            del candidates[encoding]


def decode(blocks: Iterable[bytes], encoding: Encoding) -> Iterator[str]:
    """Yield the text in blocks whose line ends are all a single LF."""
    decoder = codecs.getincrementaldecoder(encoding)()
    held = ""
    for block in blocks:
        text = held + decoder.decode(block)
        held = "\r" if text.endswith("\r") else ""  # its LF may come with the next block
        yield _one_line_end(text[: len(text) - len(held)])
    yield _one_line_end(held + decoder.decode(b"", True))


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def split_lines(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines in lists, as they become whole; LF alone ends a line (U+2028 and the like are text)."""
    rest = ""
    for text in texts:
        lines = (rest + text).split("\n") if text else [rest]
        rest = lines.pop()
        yield lines
    if rest:
        yield [rest]


def blocks_of(data: bytes) -> Iterator[bytes]:
    """Yield what is already in memory in blocks."""
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]
