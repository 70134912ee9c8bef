"""What of a text the model is told: not the signs of program code and formulas, nor numbers that are lawful by name.

The model has learnt talk. A row of signs, or of digits, looks to it as if somebody hid a contact, which a line of code,
a parcel's number and the telephone of a hospital do not. Words are never left out, and rules and masks read the whole
text, so nothing can be hidden in what is left out here.
"""

from __future__ import annotations

import re

from xinka.engines.textguard.other_numbers import is_named

_CODE_SIGN = re.compile(r"[(){}\[\]=<>;*/^\\|&$`]")
#: A subscript (``[i-1]``) is a sign as a whole.
_SIGNS = re.compile(r"(?:\[[a-z](?:[-+][0-9a-z])?\]|[^a-z0-9])+")
#: An address of the web keeps its signs: where somebody is sent to matters.
_ADDRESS = re.compile(r"://|www\.|[a-z0-9]\.(?:com|cn|net|org|me|cc|top|xyz|vip|info|io|co|link|shop|site|app)\b|@")
#: A run of letters and signs in a text in Chinese, and how many signs of how many kinds make it code.
_RUN = re.compile(r"[\x20-\x7e]{10,}")
_FEWEST_SIGNS, _FEWEST_KINDS = 3, 2

_LANDLINE = re.compile(
    r"(?:(?<![0-9a-z])(?:\(0[1-9][0-9]{1,2}\)|0[1-9][0-9]{1,2})[- ]{0,2}[2-8][0-9]{6,7}"
    r"|(?<![0-9a-z])[48]00[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}"
    r"|(?<=总机|物业|座机|前台|门卫|报修|电话)[ :：]{0,2}[2-8][0-9]{6,7})"
    r"(?: {0,2}(?:转|-) {0,2}[0-9]{1,5})?(?![0-9])"
)
_NUMBER = re.compile(r"(?<![0-9a-z-])[a-z]{0,4}-?[0-9](?:-?[0-9a-z]){5,24}(?![0-9a-z])")
_CARRIER = re.compile(
    r"(?:顺丰|圆通|中通|申通|韵达|极兔|邮政|(?<![a-z])ems|京东物流|德邦|百世|天天)(?:快递|速递|速运|快运)?[ :：]{0,2}$"
)
_CARRIED = re.compile(r"[a-z]{0,4}[0-9]{9,15}(?:cn)?")
_FEWEST_DIGITS = 6
#: In a longer message a number outweighs no words, and swindlers' messages have telephones and orders too.
_LONGEST = 40


def told(clean: str) -> str:
    """Return what of a clean text the model is asked about."""
    if clean.isascii():
        if _CODE_SIGN.search(clean) and not _ADDRESS.search(clean):
            clean = _SIGNS.sub(" ", clean)
    elif _CODE_SIGN.search(clean):
        clean = _RUN.sub(_words_of_code, clean)
    return _without_numbers(clean) if len(clean) <= _LONGEST and _HAS_NUMBER.search(clean) else clean


_HAS_NUMBER = re.compile(rf"[0-9](?:[- a-z]{{0,2}}[0-9]){{{_FEWEST_DIGITS - 1}}}")


def _words_of_code(run: re.Match[str]) -> str:
    signs = _CODE_SIGN.findall(run[0])
    if len(signs) < _FEWEST_SIGNS or len(set(signs)) < _FEWEST_KINDS or _ADDRESS.search(run[0]):
        return run[0]
    return _SIGNS.sub(" ", run[0])


def _without_numbers(clean: str) -> str:
    return _NUMBER.sub(_unless_named, _LANDLINE.sub("", clean))


def _unless_named(number: re.Match[str]) -> str:
    """Return nothing for a number that the words before it name (单号, 税号), or that a carrier gave a parcel."""
    text, start = number.string, number.start()
    is_carried = _CARRIED.fullmatch(number[0]) and _CARRIER.search(text[max(0, start - 10) : start])
    if not is_carried and not is_named(text, start):
        return number[0]
    return "" if sum(c.isdigit() for c in number[0]) >= _FEWEST_DIGITS else number[0]
