"""The three character tables the model reads a text through, made from pypinyin and jieba."""

from __future__ import annotations

import unicodedata

from tools.textguard_corpus.words import Words, fuzzy
from xinka.engines.textguard.model.features import (
    COMMON,
    DIGIT,
    FIRST_SOUND,
    LATIN,
    LESS,
    OTHER,
    POINT,
    RARE,
    SEPARATOR,
    SPACE,
    SYMBOL,
    Tables,
)

_N_COMMON, _N_LESS = 2500, 4500
_PLANE = 0x10000


def character_tables(words: Words) -> Tables:
    """Return what each character of the first plane folds to, how it sounds and what shape it has."""
    ranked = [
        char
        for char, _ in sorted(words.characters.items(), key=lambda pair: (-pair[1], pair[0]))
        if "一" <= char <= "鿿"
    ]
    ranks = {char: rank for rank, char in enumerate(ranked)}
    syllables = sorted({fuzzy(reading) for reading in words.readings.values()})
    number = {syllable: at for at, syllable in enumerate(syllables)}
    plane = [chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd" for code in range(_PLANE)]  # no lone surrogates
    fold = "".join(_folded(char) for char in plane)
    sound = "".join(chr(FIRST_SOUND + number[fuzzy(words.readings[c])]) if c in words.readings else c for c in plane)
    return Tables(fold, sound, "".join(_shape(char, ranks) for char in plane))


def _folded(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return "0"
    if kind[0] in "PZCM" or kind in {"Sk", "Sm"}:
        return SEPARATOR if kind != "Co" else char
    return char


def _shape(char: str, ranks: dict[str, int]) -> str:
    kind = unicodedata.category(char)
    if kind == "Lo" and ("㐀" <= char <= "鿿" or "豈" <= char <= "\ufaff"):
        rank = ranks.get(char, _PLANE)
        return COMMON if rank < _N_COMMON else LESS if rank < _N_LESS else RARE
    if kind == "Nd":
        return DIGIT
    if "a" <= char.lower() <= "z":
        return LATIN
    if kind[0] == "Z" or char in "\n\t\r":
        return SPACE
    if kind[0] in "PM":
        return POINT
    return SYMBOL if kind[0] in "SC" else OTHER
