"""Tells in words that a person can check why a name was taken for an imitation, in both languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from xinka.engines.lookalike import prepare, roles, tables
from xinka.engines.lookalike.align import swap_cost
from xinka.engines.lookalike.matching import Match
from xinka.engines.lookalike.verdict import Reason

_MOST = 8
_NO_SIGNS = tables.Letters(dict.fromkeys(map(ord, tables.SIGNS_FOR_LETTERS + "丨"), ord(" ")))
_DISCLAIMERS = re.compile(
    "非官方|不是|并非|假冒|曝光|防骗|反诈|粉丝|后援会|吐槽|维权|自助群|骗子|打假|辟谣"
    "|非公式|ファン|ではありません|비공식|팬|아님|아닙니다|неофициал|фанат|мошенник|không chính thức"
    r"|\b(?:un-?official|not|fake|fans?|parody|scam|scams|memes|satire|anti)\b"
    r"|\b(?:inoffiziell\w*|no oficial|non officiel\w*|non ufficiale|nieoficjaln\w*|не)\b",
    re.IGNORECASE,
)
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_STEPS = {
    "shape": ("“{written}”形似“{official}”", "{written} looks like {official}"),
    "variant": ("“{written}”是“{official}”的另一种写法", "{written} is another way to write {official}"),
    "sound": ("“{written}”与“{official}”读音相同或相近", "{written} sounds like {official}"),
    "pinyin": ("“{written}”是“{official}”的拼音", "{written} is {official} in pinyin"),
    "initial": ("“{written}”是“{official}”读音的首字母", "{written} is the first letter of how {official} sounds"),
    "slip": ("“{official}”写成了键盘上相邻的“{written}”", "{written} is next to {official} on the keyboard"),
    "letter": ("“{official}”被换成“{written}”", "{written} stands in place of {official}"),
    "swapped": ("“{official}”的顺序被调换", "the letters {official} are swapped"),
    "missing": ("少了“{official}”", "{official} is missing"),
    "more": ("多了“{written}”", "{written} is added"),
}
_HOW = {
    "leet": ("用符号代替字母", "signs stand for letters"),
    "round": ("用 0 或 O 代替 Q", "0 or O stands for Q"),
    "person": ("官方名称加上了人名", "a person's name is added to the official one"),
    "decoration": ("用带圈或装饰字符隔开", "decorated signs are put between the letters"),
    "emoji": ("用表情字母拼写", "it is spelled in letter emoji"),
    "split": ("把字拆成了部件", "characters are split into their parts"),
    "numerals": ("用汉字数字代替数字", "digits are written as Chinese numerals"),
    "repeated": ("同一个字重复多次", "a letter is written many times"),
    "tones": ("拼音带声调数字", "it is pinyin with tone digits"),
    "half": ("职务词有一半写成拼音", "half of the role word is spelled in pinyin"),
    "bopomofo": ("用注音符号拼写", "it is spelled in bopomofo"),
    "jamo": ("把韩文拆成了字母", "Korean syllables are split into letters"),
    "pictured": ("用表情图代替文字", "pictures stand for characters"),
    "dressed": ("用其他文字的字母拼成拉丁字母的样子", "letters of another script are drawn like Latin ones"),
    "turned": ("文字被上下颠倒", "the text stands on its head"),
    "reversed": ("文字被倒写", "the text runs backwards"),
}


def disclaims(name: str, official: str) -> bool:
    """Say whether a name says of itself that it is not official, or warns of those who pretend to be.

    What the official name says as well is no disclaimer: 国家反诈中心官方 passes for 国家反诈中心.
    """
    said = {found[0].lower() for found in _DISCLAIMERS.finditer(official)}
    return any(found[0].lower() not in said for found in _DISCLAIMERS.finditer(prepare.visible(name)))


def reasons_for(name: str, official: str, match: Match) -> tuple[Reason, ...]:
    """Return why a name passes for an official one, the most telling first, each with its place where it has one."""
    if name == official:
        return (Reason("copy", "与官方名称完全相同", "it is the official name itself", 0, len(name)),)
    places = _places(name, match)
    found = [
        *_hidden(name),
        *_foreign(name, official, match),
        *_by_view(match),
        *_by_step(name, match, places),
        *_stand_ins(name, official, match, places),
    ]
    found += _by_words(match)
    if not found:
        found = [Reason("same", "只有大小写、空格或标点不同", "only case, spaces or punctuation differ")]
    return tuple(found[:_MOST])


_HIDDEN = {
    "bidi": ("藏有改变文字方向的字符", "a character that turns the direction of the text is inside"),
    "mark": ("字母上加了附加符号", "a mark is put on a letter"),
    "invisible": ("藏有看不见的字符", "an invisible character is inside"),
}


def _hidden(name: str) -> list[Reason]:
    if name.isascii() and name.isprintable():
        return []
    kinds = list(map(_hides, name[: prepare.LONGEST]))
    return [
        Reason(kind, *_HIDDEN[kind], at, at + 1) for at, kind in enumerate(kinds) if kind and at == kinds.index(kind)
    ]


@lru_cache(maxsize=20_000)
def _hides(letter: str) -> str:
    """Return the reason a character that shows little or nothing gives; empty for others."""
    if _BIDI.match(letter):
        return "bidi"
    if unicodedata.category(letter) in {"Mn", "Me"} and not _is_variation(letter):
        return "mark"
    return "" if tables.fold()[ord(letter)] else "invisible"


def _is_variation(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or letter == "\u034f"


def _foreign(name: str, official: str, match: Match) -> list[Reason]:
    """Return the letters that are another script's, or another form, of those the official name has.

    Those of a role word in that script and large or small ones of the official name's own pass for nothing.
    """
    if name.isascii():
        return []
    own = "".join((official, *match.peeled.roles))
    found, known, fold = [], {*own, *own.lower(), *own.upper()}, tables.fold()
    for at, letter in enumerate(name[: prepare.LONGEST]):
        folded = fold[ord(letter)]
        if letter.isascii() or letter in known or not folded.strip() or folded == letter.lower():
            continue
        if "\u1100" <= letter <= "\u11ff":  # a part of a Korean syllable
            continue
        text = f"“{letter}”冒充“{folded}”", f"{letter} (U+{ord(letter):04X}) passes for {folded}"
        found.append(Reason("foreign", *text, at, at + 1))
    return found[:4]


def _by_view(match: Match) -> list[Reason]:
    how = match.view.how
    return [Reason(how, *_HOW[how])] if how in _HOW else []


def _by_step(name: str, match: Match, places: list[int] | None) -> list[Reason]:
    found = []
    for step in match.alignment.steps:
        start = end = None
        written = step.written
        if places is not None and step.at is not None and step.written:
            start, end = places[step.at], places[step.at + len(step.written) - 1] + 1
            written = name[start:end]
        chinese, english = (text.format(official=step.official, written=written) for text in _STEPS[step.kind])
        found.append(Reason(step.kind, chinese, english, start, end))
    return found


def _places(name: str, match: Match) -> list[int] | None:
    """Return for each letter of the compared core where it stands in the name; None where a view moved the letters."""
    if match.view.how not in {"", "leet"}:
        return None
    shown = name if match.view.how else name.translate(_NO_SIGNS)
    letters = [letter.replace(" ", "") for letter in map(tables.fold().__getitem__, map(ord, shown))]
    start = roles.light("".join(letters)).find(match.peeled.core)
    if start < 0:
        return None
    places = [at for at, folded in enumerate(letters) for _ in folded]
    return places[start : start + len(match.peeled.core)]


def _stand_ins(name: str, official_name: str, match: Match, places: list[int] | None) -> list[Reason]:
    """Return digits and letters that stand for others where the texts are equal once this is undone."""
    start = match.shape.full.find(match.peeled.core)
    if places is None or start < 0:
        return []
    official = "".join(prepare.plain_tokens(prepare.shorten(official_name)))
    found = []
    for at, meant in zip(places, official[start : start + len(places)], strict=False):
        written = name[at]
        if written.isascii() and written.lower() != meant and roles.light(written.lower()) == roles.light(meant):
            found.append(Reason("leet", f"“{written}”代替“{meant}”", f"{written} stands for {meant}", at, at + 1))
    return found


def _disguised(word: str, written: str) -> list[Reason]:
    if len(word) != len(written) or word.isascii():
        return [Reason("claim", f"“{written}”冒充“{word}”", f"{written} passes for {word}")]
    found = []
    for meant, letter in zip(word, written, strict=True):
        if meant != letter:
            kind = swap_cost(meant, letter)[1]
            chinese, english = (text.format(official=meant, written=letter) for text in _STEPS[kind])
            found.append(Reason(kind, chinese, english))
    return found


def _by_words(match: Match) -> list[Reason]:
    found = []
    for word, written in zip(match.peeled.roles, match.peeled.written, strict=True):
        if written not in roles.forms(word):
            found += _disguised(word, written)
    if match.peeled.added:
        found.append(Reason("added", "加了显得可信的字眼", "words are added to look trustworthy"))
    claimed = [word for word in match.peeled.roles if word not in match.shape.roles]
    if claimed and not match.alignment.cost:
        text = f"自称“{claimed[0]}”", f"it claims to be “{claimed[0]}”"
        found.append(Reason("role", *text))
    return found
