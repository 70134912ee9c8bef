"""Reads digits however they are said: in words, by sound, in pictures."""

from __future__ import annotations

import re
from functools import cache

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


@cache
def _heard() -> dict[str, str]:
    """Map every Han character that sounds like a digit to it."""
    table = load("sounds")
    return {c: digit for digit, names in _SYLLABLES.items() for name in names.split() for c in table.get(name, "")}


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


_ROW = re.compile(rf"(?:[0-9](?:{GAP}{{0,2}})){{6,}}")


@cache
def _digit_map() -> dict[int, str]:
    table = {k: v for k, v in digits_table().items() if v}
    table = {**{ord(c): d for c, d in _heard().items()}, **table}
    table.update({ord(c): d for c, d in _EMOJI.items()})
    return table


@cache
def _said_digits() -> Kept:
    return Kept(digits_table, "digits")


@cache
def _marks() -> Kept:
    return Kept(lambda: dict(_digit_map()), "digit_marks")


def mark_digits(text: str) -> str:
    """Return a clean text with a digit for each character that may be one however it is said, same length."""
    return _marks().change(text)


def read_digits(text: str, marked: str) -> str:
    """Return a clean text with digits for words of digits, same length; by sound only within a number-like row.

    ``marked`` is the text with its likely digits marked.
    """
    digits = _said_digits().change(text)
    for row in _ROW.finditer(marked):
        written, start, end = digits[row.start() : row.end()], row.start(), row.end()
        heard = _heard()
        said = sum(c in heard or c in _EMOJI for c in written)
        if sum(c.isdigit() for c in written) <= said:  # else a word beside a number is no digit of it
            digits = digits[:start] + written.translate(_digit_map()) + digits[end:]
    return digits
