"""Reads bopomofo (ㄏㄠˋ) and pinyin with tones (hào) as the characters that make the likeliest words.

Somebody who writes so among Han writes for readers and not for machines. To the model letters among Han look like a
contact, so it is given the characters; rules hear them, and a hit in them counts as one by sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from xinka.engines.textguard.plausible import rarity, word_costs
from xinka.engines.textguard.sounds import syllables_of
from xinka.engines.textguard.tables import load
from xinka.engines.textguard.views import View

_INITIALS = dict(zip("bpmfdtnlgkhjqxrzcs", "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄖㄗㄘㄙ", strict=True))
_INITIALS |= {"zh": "ㄓ", "ch": "ㄔ", "sh": "ㄕ"}
_VOWELS = dict(
    zip(
        ("a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "er"), "ㄚㄛㄜㄞㄟㄠㄡㄢㄣㄤㄥㄦ", strict=True
    )
)
_FINALS = _VOWELS | {
    "i": "ㄧ",
    "u": "ㄨ",
    "v": "ㄩ",
    "ie": "ㄧㄝ",
    "iu": "ㄧㄡ",
    "in": "ㄧㄣ",
    "ing": "ㄧㄥ",
    "ui": "ㄨㄟ",
}
_FINALS |= {"un": "ㄨㄣ", "ong": "ㄨㄥ", "iong": "ㄩㄥ", "ve": "ㄩㄝ", "van": "ㄩㄢ", "vn": "ㄩㄣ"}
_FINALS |= {"i" + vowels: "ㄧ" + _VOWELS[vowels] for vowels in ("a", "ao", "an", "ang")}
_FINALS |= {"u" + vowels: "ㄨ" + _VOWELS[vowels] for vowels in ("a", "o", "ai", "an", "ang")}
#: Syllables without an initial are spelled with y and w; these are not simply the final with y for i, or w for u.
_WITHOUT_INITIAL = {"yi": "i", "you": "iu", "yin": "in", "ying": "ing", "yong": "iong", "wu": "u", "wei": "ui"}
_WITHOUT_INITIAL |= {"wen": "un", "weng": "ong", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn"}
_BUZZING = ("zhi", "chi", "shi", "ri", "zi", "ci", "si")

_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_TONED = re.compile(f"[{_TONES}]")
_BOPOMOFO = re.compile("[ㄅ-ㄩ]")
_LETTERS = re.compile("[a-z]{2,12}")
_HAN = re.compile("[\u3400-\u9fff]+").fullmatch
#: Longer texts keep what is written: choosing words takes time.
_LONGEST_TEXT = 1_000
_LONGEST_WORD = 4
#: In a word with so many syllables to choose for, as many of the commonest characters of each are tried.
_TRIED = {0: 1, 1: 40, 2: 12, 3: 4}


class _Token(NamedTuple):
    """A character as it stands, or the characters that a syllable may stand for, the commonest first."""

    start: int
    end: int
    may_be: str
    is_syllable: bool = False


class _Way(NamedTuple):
    """The cheapest way to read the tokens up to one: the cost, and the characters of its last word."""

    cost: int
    word: str


def is_transcribed(written: str) -> bool:
    """Say whether some of a text, as it was written, is in bopomofo or in pinyin with tones."""
    return _BOPOMOFO.search(written) is not None or _TONED.search(written) is not None


def as_characters(written: str, clean: View) -> View:
    """Return the clean view of what was written with transcribed syllables as characters; itself if there are none."""
    if len(clean.text) > _LONGEST_TEXT or not is_transcribed(written):
        return clean
    tokens = list(_tokens(clean.text, [*_in_bopomofo(clean.text), *_in_pinyin(written, clean)]))
    if not any(token.is_syllable for token in tokens) or not any(_HAN(token.may_be) for token in tokens):
        return clean
    spans = [token.start for token in tokens], [token.end for token in tokens]
    return clean.derive(clean.name, _likeliest(tokens), lambda: spans)


@cache
def _syllables() -> re.Pattern[str]:
    """Find syllables in bopomofo, the longest first, with their tone; a lone sign without one is a sigh (ㄛ)."""
    longest_first = sorted(_of_bopomofo(), key=len, reverse=True)
    return re.compile(f"({'|'.join(longest_first)})(?:[ˊˇˋ˙]|(?<=[ㄅ-ㄩ]{{2}}))")


@cache
def _of_bopomofo() -> dict[str, str]:
    return {_bopomofo(syllable): syllable for syllable in load("sounds") if _bopomofo(syllable)}


def _bopomofo(syllable: str) -> str:
    """Return a syllable of pinyin in bopomofo; nothing for what is none (hm, ng)."""
    if syllable in _BUZZING:
        return _INITIALS[syllable[:-1]]
    initial = next((i for i in (syllable[:2], syllable[:1]) if i in _INITIALS), "")
    final = syllable[len(initial) :]
    if not initial:
        final = _WITHOUT_INITIAL.get(final, final.replace("y", "i", 1).replace("w", "u", 1))
    elif initial in "jqx" and final.startswith("u"):
        final = "v" + final[1:]
    return _INITIALS.get(initial, "") + _FINALS[final] if final in _FINALS else ""


@cache
def _may_be(syllable: str) -> str:
    """Return the characters of a syllable, the commonest first."""
    return "".join(sorted(load("sounds")[syllable], key=rarity)[: _TRIED[1]])


def _tokens(text: str, transcribed: Sequence[tuple[int, int, str]]) -> Iterator[_Token]:
    """Yield the characters of a text and its transcribed syllables, without the spaces beside those."""
    begin = 0
    for start, end, syllable in sorted(transcribed):
        yield from _as_written(text, begin, start, after_syllable=begin > 0, before_syllable=True)
        yield _Token(start, end, _may_be(syllable), is_syllable=True)
        begin = end
    yield from _as_written(text, begin, len(text), after_syllable=begin > 0, before_syllable=False)


def _as_written(text: str, start: int, end: int, *, after_syllable: bool, before_syllable: bool) -> Iterator[_Token]:
    while after_syllable and start < end and text[start] == " ":
        start += 1
    while before_syllable and start < end and text[end - 1] == " ":
        end -= 1
    return (_Token(at, at + 1, text[at]) for at in range(start, end))


def _in_bopomofo(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the syllables in bopomofo, each with its place."""
    for match in _syllables().finditer(text):
        yield match.start(), match.end(), _of_bopomofo()[match[1]]


def _in_pinyin(written: str, clean: View) -> Iterator[tuple[int, int, str]]:
    """Yield the syllables of words in pinyin, each with its place; only where a word has a tone on each syllable.

    Beside such a word those without any tone are read too, and those with some are not: résumé is none.
    """
    if not _TONED.search(written):
        return
    bare, toned = [], []
    for run in _LETTERS.finditer(clean.text):
        syllables = list(_syllables_in(run[0], run.start()))
        tones = [bool(_TONED.search(written, *clean.span(start, end))) for start, end, _ in syllables]
        if not any(tones):
            bare += syllables
        elif all(tones):
            toned += syllables
    if toned:
        yield from toned + bare


def _syllables_in(run: str, at: int) -> Iterator[tuple[int, int, str]]:
    """Yield the syllables of a run of letters that is nothing but such; ``at`` is where it begins."""
    syllables = syllables_of(run) or ()
    if all(syllable in load("sounds") for syllable in syllables):
        for syllable in syllables:
            yield at, at + len(syllable), syllable
            at += len(syllable)


def _likeliest(tokens: Sequence[_Token]) -> str:
    """Return the characters of the cheapest reading of the tokens as words of the shipped list."""
    ways = [_Way(0, "")]
    for end in range(1, len(tokens) + 1):
        found = (
            _Way(ways[end - length].cost + cost, word)
            for length in range(1, min(_LONGEST_WORD, end) + 1)
            for cost, word in _words(tokens[end - length : end])
        )
        ways.append(min(found, key=lambda way: way.cost))
    words: list[str] = []
    end = len(tokens)
    while end:
        words.append(ways[end].word)
        end -= len(ways[end].word)
    return "".join(reversed(words))


def _words(tokens: Sequence[_Token]) -> Iterator[tuple[int, str]]:
    """Yield the words that some tokens may be, each with its cost; a token alone is always one."""
    if len(tokens) == 1:
        yield rarity(tokens[0].may_be[0]), tokens[0].may_be[0]
        return
    tried = _TRIED.get(sum(token.is_syllable for token in tokens))
    if tried is None or not all(_HAN(token.may_be[0]) for token in tokens):
        return
    known = word_costs()
    for letters in product(*(token.may_be[:tried] for token in tokens)):
        word = "".join(letters)
        if word in known:
            yield known[word], word
