"""The shipped table of letters: what stands for what, how it sounds, what looks alike (see ``tables/NOTICE``)."""

from __future__ import annotations

import unicodedata
import zlib
from functools import cache
from pathlib import Path

import msgspec

from xinka.engines.lookalike import drawn

#: Signs that are written for letters as often as between words; ``prepare`` tries both.
SIGNS_FOR_LETTERS = "@$+|!"
#: Letters of the world that show nothing.
_BLANK = frozenset(map(ord, "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f"))
#: Folded letters kept for the next time; more would let a stranger fill the memory.
_MOST_KEPT = 60_000


#: Braille cells of a to z; nobody writes a name in them but to be read as these letters.
_BRAILLE = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz", strict=True))


_TO_KATAKANA = ord("ァ") - ord("ぁ")
#: Small kana to the large ones.
_SMALL_KANA = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))


class Table(msgspec.Struct, frozen=True):
    """One file, see ``tools.lookalike``.

    Attributes:
        fold: letter → the letters it stands for.
        sound: Han character → readings in pinyin with tone digits, the commonest first.
        split: two or three parts in a row → the character they make.
        near: Han character → the common characters it looks like, with the chance of each in per cent.
    """

    fold: dict[str, str]
    sound: dict[str, str]
    split: dict[str, str]
    near: dict[str, tuple[str, bytes]]


@cache
def table() -> Table:
    """Return the shipped table, read once (tens of milliseconds)."""
    packed = (Path(__file__).parent / "tables" / "letters.bin").read_bytes()
    return msgspec.msgpack.decode(zlib.decompress(packed), type=Table)


class Disguises(msgspec.Struct, frozen=True):
    """The other file: how role words and added words are disguised, see ``disguises``.

    Attributes:
        written: characters that look or sound like one of a role word, in one text.
        likeliest: that one for each of them.
        next: the next likely one, or the likeliest again.
        disguised: a misspelt role word → the word.
        fillers: added words, exact and misspelt.
        beginnings: the first letters of every role word, four, or two where it begins with a Chinese character.
        ends: the last letters likewise.
    """

    written: str
    likeliest: str
    next: str
    disguised: dict[str, str]
    fillers: list[str]
    beginnings: list[str]
    ends: list[str]

    def alike(self) -> dict[int, int]:
        """Return the translation of each character to the likeliest of a role word."""
        return str.maketrans(self.written, self.likeliest)

    def second(self) -> dict[int, int]:
        """Return the translation of each character to the next likely one."""
        return str.maketrans(self.written, self.next)


@cache
def disguises() -> Disguises:
    """Return the shipped disguises, read once (some milliseconds)."""
    packed = (Path(__file__).parent / "tables" / "roles.bin").read_bytes()
    return msgspec.msgpack.decode(zlib.decompress(packed), type=Disguises)


class Fold(dict[int, str]):
    """For ``str.translate``: letters to small plain ones, what shows nothing to nothing, all else to a space."""

    def __missing__(self, code: int) -> str:
        folded = self._of(code)
        if len(self) < _MOST_KEPT:
            self[code] = folded
        return folded

    @staticmethod
    def _of(code: int) -> str:
        letter = chr(code)
        category = unicodedata.category(letter)
        if category in {"Cf", "Cc", "Mn", "Me", "Cn", "Co", "Cs"} or code in _BLANK:
            return " " if letter in "\t\n\r\v\f\x85" else ""
        if letter in SIGNS_FOR_LETTERS:
            return letter
        if "가" <= letter <= "힣":  # its parts are in Unicode's list of what looks like Latin letters
            return letter
        if letter in _BRAILLE:
            return _BRAILLE[letter]
        if letter in drawn.ALONE:
            return drawn.ALONE[letter]
        if "ぁ" <= letter <= "ゖ" and letter != "の":  # read as the other kana, which passes for it in a name
            letter = chr(ord(letter) + _TO_KATAKANA)
        if letter in _SMALL_KANA:
            letter = _SMALL_KANA[letter]
        known = table().fold
        if letter in known:
            return known[letter]
        plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", letter).casefold())
        folded = "".join(known.get(one, one) for one in plain if unicodedata.category(one) not in {"Mn", "Me", "Cf"})
        folded = unicodedata.normalize("NFC", folded)
        return "".join(one if one.isalnum() or one in SIGNS_FOR_LETTERS else " " for one in folded) or " "


class Letters(dict[int, int]):
    """For ``str.translate``: like a plain dictionary, but quick with letters that stay as they are."""

    def __missing__(self, code: int) -> int:
        if len(self) < _MOST_KEPT:
            self[code] = code
        return code


@cache
def fold() -> Fold:
    """Return the one folding dictionary."""
    found = Fold()
    for code in range(128):
        found[code]
    return found


def sounds_of(letter: str) -> list[str]:
    """Return a Han character's readings with tone digits, the commonest first; nothing for other letters."""
    return table().sound.get(letter, "").split()


@cache
def _holders() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for parts, whole in table().split.items():
        for part in parts:
            found.setdefault(part, set()).add(whole)
    return {part: frozenset(wholes) for part, wholes in found.items()}


def holders_of(letter: str) -> frozenset[str]:
    """Return the Han characters that a letter is a part of: 吣, 沁 … of 心."""
    return _holders().get(letter, frozenset())


def looks_like(letter: str) -> str:
    """Return the Han characters that one looks like, the likest first."""
    known = table().near.get(letter)
    return known[0] if known else ""


def likeness(one: str, other: str) -> float:
    """Return the chance from 0 to 1 that a reader takes one Han character for the other."""
    return max(_taken_for(one, other), _taken_for(other, one)) / 100


def _taken_for(letter: str, other: str) -> int:
    """Return the chance in per cent that a reader takes a Han character for the other one."""
    known = table().near.get(letter)
    at = known[0].find(other) if known else -1
    return known[1][at] if known and at >= 0 else 0
