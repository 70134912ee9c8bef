"""Takes the disguise off a name: from what was written to what a reader reads, in one or a few ways."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from xinka.engines.lookalike import roles, tables

_MOST_STEPS = 8
#: No name is longer; of a longer text only the beginning and the end are looked at.
LONGEST = 400

_BIDI = re.compile("[\u202d\u202e\u2067\u2066\u2068\u202a\u202b]")
_RIGHT_TO_LEFT = re.compile("[\u202e\u2067\u202b]([^\u202c\u2069\u202e\u202d]*)[\u202c\u2069]?")
_LETTER_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f170-\U0001f189\U0001f130-\U0001f169\U0001f150-\U0001f169Ⓐ-ⓩ㊣®™©℠🆎🆑-🆚🈁-🈺㊀-㊰]"
)
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TOKEN = re.compile(r"[a-z0-9@$+|!]+|[^\sa-z0-9@$+|!]+")
_NUMBER_AFTER = re.compile(r"(?<=[a-z]{3})(?=\d+(?![a-z0-9]))")
_DIGIT = re.compile("[0-9]")
_NUMBER = re.compile("(?:no)?[oilsz]{0,2}[0-9][0-9oilsz]*")
_APART = re.compile(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])")
_SIGNS = re.compile(r"[@$+|!丨]")
_TURNED = re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ].*[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]", re.DOTALL)
#: Letters and small letters as they look when the page is turned by half, beside those ``tables`` folds.
_TURNS = str.maketrans("bdnpquwmBDNPQUWM", "qpudbnmwqpudbnmw")
_TONED = re.compile(r"(?:(?<![a-z])[a-z]{1,6}[1-5](?![0-9])[^a-z0-9]*|(?<=[1-5])[a-z]{1,6}[1-5](?![0-9])[^a-z0-9]*){2}")
_TONE = re.compile("(?<=[a-z])[1-5](?![0-9])")
_RUN = re.compile(r"([^\W\d_])\1\1+")
_NUMERALS = str.maketrans("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两", "001234567891234567892")
_NUMERAL = re.compile("[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖][零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖点]")
_BACKWARDS = re.compile("服客|方官|troppus|pleh$|^pleh")


class View(NamedTuple):
    """One way to read a name.

    Attributes:
        tokens: its words in folded letters.
        how: what had to be undone for this reading, a key of ``reasons``; empty for the plain one.
        name: the name as it was written.
    """

    tokens: list[str]
    how: str
    name: str = ""


def shorten(name: str) -> str:
    """Return at most ``LONGEST`` characters: of a longer text its two ends without what shows nothing."""
    if len(name) <= LONGEST:
        return name
    ends = name[: 20 * LONGEST] + name[max(20 * LONGEST, len(name) - 20 * LONGEST) :]
    seen = re.sub(r"\s+", " ", ends.translate(tables.fold()))
    return seen if len(seen) <= LONGEST else seen[: LONGEST // 2] + " " + seen[-LONGEST // 2 :]


def views(name: str) -> list[View]:
    """Return the ways a name may be read, the plainest first; the name is at most ``LONGEST`` long."""
    seen = name
    if not name.isascii() and _BIDI.search(name):
        seen = _RIGHT_TO_LEFT.sub(lambda found: found.group(1)[::-1], name)
    folded = fold(seen)
    plain = folded
    found = []
    if _SIGNS.search(folded):
        plain = folded.translate(_NO_SIGNS)
        found.append((folded.replace("丨", "l"), "leet"))
    if len(plain) - len(set(plain)) > 1 and _RUN.search(plain):
        found.append((_RUN.sub(r"\1", plain), "repeated"))
    if _DIGIT.search(folded) and _TONED.search(seen.lower()):
        found.append((fold(_TONE.sub(" ", seen.lower())).translate(_NO_SIGNS), "tones"))
    if not name.isascii():
        found += _foreign_views(seen, plain)
    if _BACKWARDS.search(plain):
        found.append((plain[::-1], "reversed"))
    return [View(_tokens(text), how, name) for text, how in [(plain, ""), *found]]


def _tokens(folded: str) -> list[str]:
    """Return the words of a folded text; letters that stand alone in a row are joined."""
    if not folded.isascii():
        folded = _APART.sub("", folded)
    found = _TOKEN.findall(folded)
    if len(found) > 3 and sum(len(token) == 1 for token in found) * 2 > len(found):
        joined = _ALONE.sub(r"\1", " ".join(found))
        found = _TOKEN.findall(joined)
    return found


_ALONE = re.compile(r"(?<!\S)(\S) (?=\S(?!\S))")
_NO_SIGNS = str.maketrans(dict.fromkeys(tables.SIGNS_FOR_LETTERS + "丨", " "))


def fold(name: str) -> str:
    """Return a name in folded letters, its words apart."""
    if not name.islower():
        name = _CAMEL.sub(" ", name)
    folded = name.translate(tables.fold())
    return _NUMBER_AFTER.sub(" ", folded) if _DIGIT.search(folded) else folded


def _foreign_views(name: str, plain: str) -> list[tuple[str, str]]:
    found = []
    if _LETTER_EMOJI.search(name):
        found.append((fold(_LETTER_EMOJI.sub(" ", name)).translate(_NO_SIGNS), "decoration"))
        emoji = letters_of_emoji(name)
        if emoji != name:
            found.append((fold(emoji).translate(_NO_SIGNS), "emoji"))
    compact = plain.replace(" ", "")
    if not _parts().isdisjoint(compact):
        pairs = [compact[at : at + 2] for at in range(len(compact) - 1)]
        if not tables.table().split.keys().isdisjoint(pairs):
            found.append((recomposed(compact), "split"))
    if _NUMERAL.search(compact):
        found.append((compact.replace("点", "").translate(_NUMERALS), "numerals"))
    if _TURNED.search(name):
        found.append((plain[::-1], "reversed"))
        found.append((fold(name.translate(_TURNS)).translate(_NO_SIGNS)[::-1], "turned"))
    return found


@cache
def _parts() -> frozenset[str]:
    """Return the parts of two that a split character begins with: a quick look that lets most names go."""
    return frozenset(parts[0] for parts in tables.table().split if len(parts) == 2)


def letters_of_emoji(name: str) -> str:
    """Return a name with regional indicators and squared letters as letters."""
    return "".join(
        chr(ord("a") + code - first) if (first := _first_of(code := ord(letter))) else letter for letter in name
    )


def _first_of(code: int) -> int:
    for first in (0x1F1E6, 0x1F170, 0x1F150, 0x1F130):
        if first <= code < first + 26:
            return first
    return 0


def recomposed(text: str) -> str:
    """Return a text with parts in a row put together: 亻寸 → 付; longer rows first."""
    split = tables.table().split
    made, at = [], 0
    while at < len(text):
        for length in (3, 2):
            whole = split.get(text[at : at + length])
            if whole is not None:
                made.append(whole)
                at += length
                break
        else:
            made.append(text[at])
            at += 1
    return "".join(made)


class Peeled(NamedTuple):
    """What is left of a name when words were taken off its ends.

    Attributes:
        core: the letters left, light.
        claims: whether a role word was taken off.
        added: how many added words were taken off as well.
        roles: the role words, as they stand in ``roles``.
        written: the same as they were written, light.
    """

    core: str
    claims: bool
    added: int
    roles: tuple[str, ...]
    written: tuple[str, ...]


def peel(tokens: list[str], *, added: bool = True) -> list[Peeled]:
    """Return what is left after each step of taking role words, then added words, off both ends; the whole name first.

    Args:
        tokens: the words of a view.
        added: False takes off role words only, as for official names.
    """
    numbers = [not token.isalpha() and _NUMBER.fullmatch(token) is not None for token in tokens]
    left = [roles.light(token) for token in tokens]
    steps = [Peeled("".join(left), claims=False, added=0, roles=(), written=())]
    claimed: list[str] = []
    written: list[str] = []
    stuffed = 0
    while len(steps) < _MOST_STEPS:
        found = _peel_role(left, numbers)
        if found is not None:
            claimed.append(found[0])
            written.append(found[1])
        elif added and _peel_added(left, numbers):
            stuffed += 1
        else:
            break
        steps.append(Peeled("".join(left), bool(claimed), stuffed, tuple(claimed), tuple(written)))
    return steps


def _peel_role(left: list[str], numbers: list[bool]) -> tuple[str, str] | None:
    known = roles.words()
    for at in (-1, 0) if len(left) > 1 else ():
        for count in range(min(3, len(left) - 1), 0, -1):
            if count > 1:
                part = "".join(left[-count:] if at else left[:count])
                word = known.roles.get(part)
            else:
                part = left[at]
                word = known.whole(part)
            if word is not None:
                gone = slice(len(left) - count, None) if at else slice(0, count)
                del left[gone], numbers[gone]
                return word, part
    for at in (-1, 0) if left else ():
        cut = known.cut(left[at], front=at == 0)
        if cut is not None:
            token = left[at]
            left[at] = token[cut[0] :] if at == 0 else token[: -cut[0]]
            return cut[1], token[: cut[0]] if at == 0 else token[-cut[0] :]
    return None


def _peel_added(left: list[str], numbers: list[bool]) -> bool:
    known = roles.words()
    fillers = known.fillers
    for at in (0, -1) if left else ():
        token = left[at]
        if len(left) > 1 and (numbers[at] or token in fillers):
            del left[at], numbers[at]
            return True
        if at and left[at] == "号" and len(left) > 2 and numbers[-2]:
            del left[-2:], numbers[-2:]
            return True
        if not token[at].isascii() and token[at] in known.filler_ends[at]:
            for length in range(min(6, len(token) - 1), 0, -1):
                if (token[:length] if at == 0 else token[-length:]) in fillers:
                    left[at] = token[length:] if at == 0 else token[:-length]
                    return True
    return False
