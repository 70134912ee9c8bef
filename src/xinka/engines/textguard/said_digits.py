"""Reads digits however they are said: in words, by sound, in pictures."""

from __future__ import annotations

import re
from functools import cache

from xinka.engines.textguard.signs import ranges
from xinka.engines.textguard.tables import load
from xinka.engines.textguard.translating import Kept
from xinka.engines.textguard.views import digits_table

#: How digits are spelled by sound; read as digits only inside a number.
_SYLLABLES = {
    "0": "ling lin dong",
    "1": "yi yao",
    "2": "er liang",
    "3": "san shan",
    "4": "si",
    "5": "wu",
    "6": "liu",
    "7": "qi guai",
    "8": "ba pa",
    "9": "jiu gou",
}


def _heard() -> dict[str, str]:
    """Map every Han character that sounds like a digit to it."""
    table = load("sounds")
    return {c: digit for digit, names in _SYLLABLES.items() for name in names.split() for c in table.get(name, "")}


_HEARD = _heard()
_EMOJI = {"🥚": "0", "🎱": "8", "🐍": "4", "☝": "1", "✌": "2", "👌": "3", "🖐": "5", "🤙": "6"}
WORDS = {
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
SPOKEN = {
    "ling": "0",
    "dong": "0",
    "yao": "1",
    "yi": "1",
    "er": "2",
    "liang": "2",
    "san": "3",
    "si": "4",
    "wu": "5",
    "liu": "6",
    "qi": "7",
    "guai": "7",
    "ba": "8",
    "jiu": "9",
    "gou": "9",
}
#: What may stand between the digits of one number.
GAP = r"[ \t._\-—–~·・,，、。/\\|*+:：()（）\[\]【】<>《》'\"‘’“”=#^&!！?？;；…]"


@cache
def _digit_map() -> dict[int, str]:
    table = {k: v for k, v in digits_table().items() if v}
    table = {**{ord(c): d for c, d in _HEARD.items()}, **table}
    table.update({ord(c): d for c, d in _EMOJI.items()})
    return table


@cache
def _said_digits() -> Kept:
    return Kept(digits_table())


def read_digits(text: str) -> str:
    """Return a clean text with digits for words of digits, same length; by sound only within a number-like row."""
    sure = _said_digits().change(text)
    if not _ROW_START.search(sure):
        return sure
    heard = _digit_map()

    def row(match: re.Match[str]) -> str:
        written = sum(c.isdigit() for c in match[0])
        said = sum(c in _HEARD or c in _EMOJI for c in match[0])
        return match[0] if written > said else match[0].translate(heard)  # a word beside a number is no digit of it

    return _ROW.sub(row, sure)


def _row_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds a row of digits written or heard whole, and what says quickly whether there is one."""
    digit = f"[0-9{ranges([*_HEARD, *_EMOJI])}]"
    return (
        re.compile(rf"(?:{digit}(?:{GAP}{{0,2}})){{6,}}"),
        re.compile(rf"{digit}(?:{GAP}{{0,2}}{digit}){{5}}"),
    )


_ROW, _ROW_START = _row_patterns()


#: The least that a number of any kind begins with, in a text whose digits are not read yet.
_DIGIT = f"[0-9{ranges([*_HEARD, *_EMOJI, *map(chr, digits_table())])}]"
MAYBE_NUMBER = re.compile(rf"{_DIGIT}(?:{GAP}{{0,3}}{_DIGIT}){{4}}")
