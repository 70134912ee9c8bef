"""Takes the disguise off a name: from what was written to what a reader reads, in one or a few ways."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from operator import concat
from typing import NamedTuple

from xinka.engines.lookalike import drawn, roles, tables
from xinka.engines.lookalike.persons import without_person

_MOST_STEPS = 8
#: No name is longer; of a longer text only the beginning and the end are looked at.
LONGEST = 400

_BIDI = re.compile("[\u202d\u202e\u2067\u2066\u2068\u202a\u202b]")
_CONJOINING = re.compile("[\u1100-\u11ff]")
_RIGHT_TO_LEFT = re.compile("[\u202e\u2067\u202b]([^\u202c\u2069\u202e\u202d]*)[\u202c\u2069]?")
_LETTER_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f170-\U0001f189\U0001f130-\U0001f169\U0001f150-\U0001f169Ⓐ-ⓩ㊣®™©℠🆎🆑-🆚🈁-🈺㊀-㊰]"
)
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: What stands behind the number of a desk, a shift or a month: 8号, A组, 3月.
_COUNTED = frozenset("号组部班台线月")
#: Role words that claim nothing before a name: whoever is called "team HSBC" cheers for it.
_ONLY_BEHIND = frozenset(["team"])
_TOKEN = re.compile(r"[a-z0-9@$+|!]+|[^\sa-z0-9@$+|!]+")
_NUMBER_AFTER = re.compile(r"(?<=[a-z]{3})(?=\d+(?![a-z0-9]))")
#: Role words of which one character is spelled: 客fu, k服, 官fang.
_HALF = frozenset("客服官方")
_HALF_FU = re.compile("客 ?fu?(?![a-z])|(?<![a-z])ke? ?服")
_HALF_FANG = re.compile("官 ?f(?:ang)?(?![a-z])|(?<![a-z])g(?:uan)? ?方")
#: From this letter on nothing is Latin, a Korean letter to be put together, or runs from right to left.
_FIRST_PLAIN = "\u2e80"
_DIGIT = re.compile("[0-9]")
_NUMBER = re.compile("(?:no|lv)?[oilsz]{0,2}[0-9][0-9oilsz]*")
#: Numbers that everybody knows as a firm's or an office's telephone: whoever writes one behind its name speaks for it.
_HOTLINE = re.compile("100(?:00|10|86)|95[0-9]{3}|12306|12315|12321|12377|12381|96110|[48]00[0-9]{7}")
#: 0 and O written for Q, beside letters of another script: 00安全中心.
_ROUND = re.compile("(?<![A-Za-z0-9])(?!QQ)[0OQ]{2}(?![A-Za-z0-9])")
_APART = re.compile(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])")
_SIGNS = re.compile(r"[@$+|!丨]")
_TURNED_LETTERS = "ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ"
_TURNED = re.compile(f"[{_TURNED_LETTERS}][^{_TURNED_LETTERS}]*[{_TURNED_LETTERS}]")
#: What bidi, letter emoji and letters on their head are made of: a quick look that lets most names go.
_ODD = frozenset(_TURNED_LETTERS + "\u202d\u202e\u2066\u2067\u2068\u202a\u202b㊣®™©℠").union(
    drawn.PICTURES,
    (
        chr(code)
        for first, last in (
            ("\u1100", "\u11ff"),
            ("ㄅ", "ㄩ"),
            ("ㄱ", "ㅣ"),
            ("Ⓐ", "ⓩ"),
            ("㊀", "㊰"),
            ("\U0001f130", "\U0001f23a"),
        )
        for code in range(ord(first), ord(last) + 1)
    ),
)
#: Letters and small letters as they look when the page is turned by half, beside those ``tables`` folds.
_TURNS = str.maketrans("bdnpquwmBDNPQUWMʃſɓƐ∀ƆƎℲ⅁˥ԀᴚΛ⅄ꓘ", "qpudbnmwqpudbnmwljgeacefglprvyk")
_TONED = re.compile(r"(?:(?<![a-z])[a-z]{1,6}[1-5](?![0-9])[^a-z0-9]*|(?<=[1-5])[a-z]{1,6}[1-5](?![0-9])[^a-z0-9]*){2}")
_TONE = re.compile("(?<=[a-z])[1-5](?![0-9])")
_READINGS = ((drawn.spelled_out, "bopomofo"), (drawn.syllabled, "jamo"), (drawn.said, "pictured"))
_RUN = re.compile(r"([^\W\d_])\1\1+")
#: Split characters of which one part is on no keyboard, as they are typed: with a part that looks like it.
_TYPED_PARTS = {
    **dict.fromkeys(("月反", "月及", "月又"), "服"),
    **dict.fromkeys(("宀吕", "宀目", "冖吕"), "官"),
    **dict.fromkeys(("冖各", "穴各"), "客"),
    **dict.fromkeys(("入王", "亼王", "个王"), "全"),
    "冖女": "安",
    "竹宫": "管",
    "口才": "团",
    "贝音": "赔",
    "马佥": "验",
    "之艮": "退",
    **dict.fromkeys(("月艮", "月𠬝"), "服"),
    "林夕": "梦",
    "テ亍": "行",
    "ノレ": "ル",
}
_DIGITS_HAN = "零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖"
_NUMERALS = str.maketrans(_DIGITS_HAN + "两", "001234567891234567892")
_NUMERAL = re.compile(f"[{_DIGITS_HAN}][{_DIGITS_HAN}点]")


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


def plain_tokens(name: str) -> list[str]:
    """Return the words of the plainest way to read a name of at most ``LONGEST`` characters."""
    if name.isalpha() and min(name) >= _FIRST_PLAIN:
        folded = name.translate(tables.fold())
        if folded.isalpha() and min(folded) >= _FIRST_PLAIN and "丨" not in folded:
            return [folded]
    folded = fold(_as_seen(name))
    return _tokens(folded.translate(_NO_SIGNS) if _SIGNS.search(folded) else folded)


def _as_seen(name: str) -> str:
    """Return a name with what runs from right to left turned, and Korean letters put together."""
    if name.isascii():
        return name
    if _CONJOINING.search(name):
        name = unicodedata.normalize("NFC", name)
    if not _BIDI.search(name):
        return name
    return _RIGHT_TO_LEFT.sub(lambda found: found.group(1)[::-1], name)


def visible(name: str) -> str:
    """Return a name as it is seen: what runs from right to left turned, without what shows nothing."""
    if name.isascii() and name.isprintable():
        return name
    fold_of = tables.fold()
    return "".join(letter for letter in _as_seen(name) if fold_of[ord(letter)])


def views(name: str) -> Iterator[View]:
    """Yield the ways a name may be read, the plainest first; the name is at most ``LONGEST`` long."""
    odd = not name.isascii() and not _ODD.isdisjoint(name)
    seen = _as_seen(name) if odd else name
    folded = fold(seen)
    if folded.isalpha() and "丨" not in folded:
        plain = folded
        yield View(_tokens(plain), "", name)
    else:
        signs = _SIGNS.search(folded)
        plain = folded.translate(_NO_SIGNS) if signs else folded
        yield View(_tokens(plain), "", name)
        if signs:
            yield View(_tokens(folded.replace("丨", "l")), "leet", name)
        if _DIGIT.search(folded) and _TONED.search(seen.lower()):
            tones = fold(_TONE.sub(" ", seen.lower())).translate(_NO_SIGNS)
            yield View(_tokens(tones), "tones", name)
    if len(plain) - len(set(plain)) > 1 and _RUN.search(plain):
        yield View(_tokens(_RUN.sub(r"\1", plain)), "repeated", name)
    if odd or not plain.isascii() or "troppus" in plain or plain.startswith("pleh") or plain.endswith("pleh"):
        for text, how in _further_views(seen, plain, odd=odd):
            yield View(_tokens(text), how, name)
    if "ς" in seen:
        yield View(_tokens(fold(seen.replace("ς", "s")).translate(_NO_SIGNS)), "foreign", name)
    if _ROUND.search(seen):
        as_q = _ROUND.sub(lambda found: "q" * len(found[0]), seen)
        yield View(_tokens(fold(as_q).translate(_NO_SIGNS)), "round", name)
    for rest in without_person(seen):
        yield View(_tokens(fold(rest).translate(_NO_SIGNS)), "person", name)


def _further_views(seen: str, plain: str, *, odd: bool) -> Iterator[tuple[str, str]]:
    if odd and _LETTER_EMOJI.search(seen):
        yield fold(_LETTER_EMOJI.sub(" ", seen)).translate(_NO_SIGNS), "decoration"
        emoji = letters_of_emoji(seen)
        if emoji != seen:
            yield fold(emoji).translate(_NO_SIGNS), "emoji"
    compact = plain.replace(" ", "")
    if not plain.isascii() and not _pairs().isdisjoint(map(concat, compact, compact[1:])):
        if not _split().keys().isdisjoint(map(concat, compact, compact[1:])):
            yield recomposed(compact), "split"
        if _NUMERAL.search(compact):
            yield compact.replace("点", "").translate(_NUMERALS), "numerals"
    if odd and _TURNED.search(seen):
        yield plain[::-1], "reversed"
        turned = fold(seen.translate(_TURNS)).translate(_NO_SIGNS)
        yield turned[::-1], "turned"
        yield turned, "turned"
    half = _completed(plain)
    if half != plain:
        yield half, "half"
    yield from _read_otherwise(seen, odd=odd)
    if "服客" in plain or "方官" in plain or "troppus" in plain or plain.startswith("pleh") or plain.endswith("pleh"):
        yield plain[::-1], "reversed"


def _read_otherwise(seen: str, *, odd: bool) -> Iterator[tuple[str, str]]:
    """Yield what a name is when its bopomofo, its Korean letters, its pictures or its fancy alphabet are read."""
    for read, how in _READINGS if odd else ():
        text = read(seen)
        if text != seen:
            yield _completed(fold(text).translate(_NO_SIGNS)), how
    bare = drawn.undressed(seen)
    if bare is not None:
        yield fold(bare).translate(_NO_SIGNS), "dressed"


def _completed(plain: str) -> str:
    """Return a folded text with role words of which one character is spelled in characters: 客fu → 客服."""
    if _HALF.isdisjoint(plain):
        return plain
    return _HALF_FU.sub("客服", _HALF_FANG.sub("官方", plain))


def _tokens(folded: str) -> list[str]:
    """Return the words of a folded text; letters that stand alone in a row are joined."""
    if not folded.isascii():
        if folded and min(folded) > "|":
            return [folded]
        folded = _APART.sub("", folded)
    elif folded.isalpha():
        return [folded]
    found = _TOKEN.findall(folded)
    if len(found) > 3 and sum(len(token) == 1 for token in found) * 2 > len(found):
        joined = _ALONE.sub(r"\1", " ".join(found))
        found = _TOKEN.findall(joined)
    return found


_ALONE = re.compile(r"(?<!\S)(\S) (?=\S(?!\S))")
_NO_SIGNS = tables.Letters(dict.fromkeys(map(ord, tables.SIGNS_FOR_LETTERS + "丨"), ord(" ")))


def fold(name: str) -> str:
    """Return a name in folded letters, its words apart."""
    if name != name.lower():
        name = _CAMEL.sub(" ", name)
    folded = name.translate(tables.fold())
    return folded if folded.isalpha() or not _DIGIT.search(folded) else _NUMBER_AFTER.sub(" ", folded)


@cache
def _split() -> dict[str, str]:
    """Return rows of parts with the character they make, also those typed with a part that only looks right.

    What is a piece of a role word is no row of parts: 中心 is not read as 忠.
    """
    words = f"{roles.HAN_ROLES} {roles.HAN_FILLERS}"
    return {parts: whole for parts, whole in (_TYPED_PARTS | tables.table().split).items() if parts not in words}


@cache
def _pairs() -> frozenset[str]:
    """Return the pairs of letters that are a split character or two numerals: a quick look that lets most names go."""
    numerals = (one + other for one in _DIGITS_HAN for other in _DIGITS_HAN + "点")
    return frozenset(parts[:2] for parts in _split()) | frozenset(numerals)


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
    split = _split()
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
    known = roles.words()
    whole = roles.light(" ".join(tokens))
    if len(tokens) == 1 and known.has_plain_ends(whole):
        return [Peeled(whole, False, 0, (), ())]
    left = whole.split(" ")
    steps = [Peeled("".join(left), False, 0, (), ())]
    if not tokens:
        return steps
    numbers = [not token.isalpha() and _NUMBER.fullmatch(token) is not None for token in tokens]
    hotline = added and (_HOTLINE.fullmatch(tokens[-1]) or _HOTLINE.fullmatch(tokens[0]))
    claimed: list[str] = []
    written: list[str] = []
    stuffed = 0
    while len(steps) < _MOST_STEPS:
        found = _peel_role(left, numbers)
        if found is not None and not added and found[0] in roles.offices():
            break
        if found is not None:
            claimed.append(found[0])
            written.append(found[1])
        elif added and _peel_added(left, numbers):
            stuffed += 1
        else:
            break
        core = "".join(left) if len(left) > 1 else left[0]
        steps.append(Peeled(core, bool(claimed), stuffed, tuple(claimed), tuple(written)))
        if len(left) == 1 and known.has_plain_ends(core):
            break
    if added and claimed and len(left) > 1 and _is_abbreviation(left):
        steps.append(Peeled("".join(left[1:]), True, stuffed + 1, tuple(claimed), tuple(written)))
    if hotline and not claimed and stuffed:
        steps.append(steps[-1]._replace(claims=True, roles=("热线",), written=("热线",)))
    return steps


def _is_abbreviation(left: list[str]) -> bool:
    """Say whether the first word is one in letters before a name in Han characters: HSBC汇丰银行."""
    return left[0].isalpha() and left[0].isascii() and 1 < len(left[0]) <= 8 and not any(map(str.isascii, left[1:]))


def _peel_role(left: list[str], numbers: list[bool]) -> tuple[str, str] | None:
    known = roles.words()
    for at in (-1, 0) if len(left) > 1 else ():
        for count in range(min(4, len(left) - 1), 0, -1):
            if count > 1:
                part = "".join(left[-count:] if at else left[:count])
                word = known.roles.get(part)
            else:
                part = left[at]
                word = known.whole(part)
            if word is not None and (at or part not in _ONLY_BEHIND):
                gone = slice(len(left) - count, None) if at else slice(0, count)
                del left[gone], numbers[gone]
                return word, part
        word = known.slip(left[at])
        if word is not None:
            written = left.pop(at)
            del numbers[at]
            return word, written
    for at in (-1, 0):
        token = left[at]
        cut = known.cut(token, front=at == 0)
        if cut is not None:
            left[at] = token[cut[0] :] if at == 0 else token[: -cut[0]]
            return cut[1], token[: cut[0]] if at == 0 else token[-cut[0] :]
    return None


def _peel_added(left: list[str], numbers: list[bool]) -> bool:
    known = roles.words()
    fillers = known.fillers
    for at in (0, -1):
        token = left[at]
        if len(left) > 1 and (numbers[at] or token in fillers):
            del left[at], numbers[at]
            if len(left) > 1 and at and left[at] == "no":  # No. 3
                del left[at], numbers[at]
            return True
        if not at and left[0] == "no" and len(left) > 2 and numbers[1]:
            del left[:2], numbers[:2]
            return True
        if at and left[at] in _COUNTED and len(left) > 2 and (numbers[-2] or len(left[-2]) == 1):
            del left[-2:], numbers[-2:]
            return True
        if not token[at].isascii() and known.may_be_filled(token, front=at == 0):
            for length in range(min(6, len(token) - 1), 0, -1):
                if (token[:length] if at == 0 else token[-length:]) in fillers:
                    left[at] = token[length:] if at == 0 else token[:-length]
                    return True
    return False
