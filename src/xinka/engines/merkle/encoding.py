"""The numbers, hashes and base64 of the text formats, each in its one allowed spelling."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error, a2b_base64

from xinka.engines.merkle.errors import BadFormat
from xinka.engines.merkle.hashing import HASH_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LARGEST = 2**63 - 1
_MOST_HASHES = 63


def decimal(text: str, what: str) -> int:
    """Return a number written in ASCII digits without leading zeroes, at most 2⁶³ − 1.

    Raises:
        BadFormat: it is none; ``what`` names the format it stands in.
    """
    if not _DECIMAL.fullmatch(text) or (number := int(text)) > _LARGEST:
        raise BadFormat(what, "a number is wrong", "有一个数字不对")
    return number


def from_base64(text: str, what: str) -> bytes:
    """Return the bytes of standard base64 (RFC 4648 section 4), padded, and in the only spelling they have.

    Raises:
        BadFormat: it is not that.
    """
    try:
        found = a2b_base64(text, strict_mode=True)
    except (Error, ValueError):
        found = None
    # Two spellings of one signature would be two notes to whoever compares bytes.
    if found is None or to_base64(found) != text:
        raise BadFormat(what, "the base64 is wrong", "base64 编码不对")
    return found


def to_base64(data: bytes) -> str:
    """Return standard base64."""
    return b64encode(data).decode("ascii")


def hash_from(text: str, what: str) -> bytes:
    """Return a hash from its base64.

    Raises:
        BadFormat: it is not 32 bytes of base64.
    """
    found = from_base64(text, what)
    if len(found) != HASH_SIZE:
        raise BadFormat(what, "a hash is not 32 bytes", "哈希不是 32 字节")
    return found


def hashes_from(lines: list[str], what: str) -> list[bytes]:
    """Return the hashes of a proof, one a line; more than 63 no tree needs.

    Raises:
        BadFormat: there are more, or one is wrong.
    """
    if len(lines) > _MOST_HASHES:
        raise BadFormat(what, "more than 63 hashes", "哈希超过 63 个")
    return [hash_from(line, what) for line in lines]


def text_of(data: bytes, what: str) -> str:
    """Return UTF-8 text whose only control character is the newline.

    Raises:
        BadFormat: it is not that.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadFormat(what, "not UTF-8", "不是 UTF-8") from None
    if any(character < " " and character != "\n" for character in set(text)):
        raise BadFormat(what, "a control character inside", "含有控制字符")
    return text
