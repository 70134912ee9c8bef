"""Finds mobile numbers with words put between their digits: 138中0013国8000."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What somebody puts between the digits, and two letters where a word before says that a number follows.
_STUFF, _STUFF_OR_LETTERS = r"[^0-9a-z\s]{1,6}", r" {0,2}(?:[^0-9a-z\s]{1,6}|[a-z]{1,2}) {0,2}"
_IN_GROUPS = re.compile(
    rf"(?<![0-9a-z])1[3-9][0-9](?P<first> {{0,2}}{_STUFF} {{0,2}})[0-9]{{4}}(?P<second> {{0,2}}{_STUFF} {{0,2}})"
    r"[0-9]{4}(?![0-9a-z])"
)
_POINTED = re.compile(
    r"(?:电话|手机|号码|联系|微信|薇信|v信|vx|wx|加我|加微|拨打|致电|call|tel)[^0-9a-z]{0,6}"
    rf"(?P<number>1(?:{_STUFF_OR_LETTERS})?[3-9](?:(?:{_STUFF_OR_LETTERS})?[0-9]){{9}})(?![0-9a-z])"
)
#: Where one of these stands between, things are counted, named or compared: 138元0013件8000.
_COUNTS = re.compile(
    "[元块角分钱个件号室页章字节天时秒年月日周度楼层单栋幢座期批箱包袋瓶盒片粒颗支张本册套台部辆条米斤克吨升岁人名位次遍局场关级"
    "折倍点版路届季集回步和与或比到至加减乘除等于为是共约超第]"
)
#: Ten digits after a one, each no farther from the one before than anything here allows.
_LIKE_A_PHONE = re.compile("1(?:[^0-9]{0,10}[0-9]){10}")
_MAYBE = re.compile("1[3-9][0-9][^0-9]{1,10}[0-9]{4}[^0-9]{1,10}[0-9]{4}")


def may_be_stuffed(likely: str) -> bool:
    """Say whether a text, its likely digits marked, may hold such a number: a quick look."""
    return _MAYBE.search(likely) is not None


def stuffed_phones(digits: str) -> Iterator[tuple[int, int]]:
    """Yield where mobile numbers stand that are cut by words: in their three groups, or anyhow after a word for one."""
    if not _LIKE_A_PHONE.search(digits):
        return
    for match in _IN_GROUPS.finditer(digits):
        if not _COUNTS.search(match["first"] + match["second"]):
            yield match.span()
    for match in _POINTED.finditer(digits):
        if not _COUNTS.search(match["number"]):
            yield match.span("number")
