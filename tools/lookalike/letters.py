"""Which letters stand for which: confusables, simplified forms, variants of Han characters, split characters."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from pathlib import Path

import opencc_pyo3

from tools.lookalike import sources

_OWN_PAIRS = """
к=k м=m т=t н=h в=b и=u я=r п=n г=r д=d з=3 ч=4 ь=b л=n ц=u ш=w щ=w б=6 э=e ы=bl ю=lo ж=x ф=o ґ=r є=e ќ=k
ї=i љ=jb њ=hb ћ=h џ=u ђ=h ν=v τ=t κ=k η=n μ=u ω=w ε=e π=n σ=o ς=c ρ=p χ=x δ=d θ=0 λ=a ι=i β=b γ=y υ=u ζ=z
ξ=e ψ=w φ=o ʀ=r ɢ=g ɴ=n ꜱ=s ᴀ=a ʙ=b ᴄ=c ᴅ=d ᴇ=e ꜰ=f ʜ=h ɪ=i ᴊ=j ᴋ=k ʟ=l ᴍ=m ᴏ=o ᴘ=p ᴛ=t ᴜ=u ᴠ=v ᴡ=w ʏ=y ᴢ=z
ø=o đ=d ł=l ħ=h ŧ=t ß=b æ=ae œ=oe þ=p ð=d ı=i ŋ=n ƒ=f ɑ=a ɡ=g ʂ=s ɓ=b ɗ=d ɠ=g ƙ=k ƥ=p ƭ=t ʐ=z ɛ=e ə=e
"""
#: Letters that pass for others though Unicode's list does not say so; our own.
_OWN = dict(pair.split("=") for pair in _OWN_PAIRS.split())
_TURNED = dict(zip("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy", strict=True))
_SIGNS = dict(zip("€£¥¢₩₦₿∂√∆†§¡", "elycwnbdvatsi", strict=True))
_KANA = dict(zip("ロエカタトハニミー", "口工力夕卜八二三一", strict=True))
#: Forms a character takes as a part of another, and the character.
_PARTS = dict(
    zip("亻忄㣺釒钅氵扌犭衤礻糹纟讠訁饣飠艹灬刂爫罒牜阝", "人心心金金水手犬衣示丝丝言言食食草火刀爪网牛邑", strict=True)
)


def plain(text: str) -> str:
    """Return a text in compatible, lower letters without marks: what the engine does before it uses the table."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    marked = unicodedata.normalize("NFD", folded)
    return unicodedata.normalize("NFC", "".join(letter for letter in marked if unicodedata.category(letter) != "Mn"))


def _is_simple(text: str) -> bool:
    return bool(text) and all(
        (letter.isascii() and letter.isalnum()) or "\u4e00" <= letter <= "\u9fff" for letter in text
    )


def folds(confusables: Path) -> dict[str, str]:
    """Return for each letter that needs it the letters it stands for, of those left by ``plain``."""
    found: dict[str, str] = {}
    for letter, prototype in sources.confusables(confusables):
        meant = plain(prototype).replace("rn", "m")
        for form in {letter, plain(letter)}:
            if len(form) == 1 and not form.isascii() and not _is_simple(form) and _is_simple(meant):
                found.setdefault(form, meant)
    common = set(sources.common())
    for letter, _, value in sources.unihan("Variants", "kSimplifiedVariant"):
        meant = [chr(int(code.removeprefix("U+"), 16)) for code in value.split()]
        if letter not in common and letter != meant[0]:
            found[letter] = next((one for one in meant if one in common), meant[0])
    simplify = opencc_pyo3.OpenCC("t2s")
    for code in range(0x4E00, 0xA000):
        if (letter := chr(code)) not in common and (meant_one := simplify.convert(letter)) != letter:
            found[letter] = meant_one
    for own in (_OWN, _TURNED, _SIGNS, _KANA):
        found.update(own)
    return {letter: meant for letter, meant in found.items() if letter != meant}


def variants() -> dict[str, set[str]]:
    """Return for each Han character its other ways of being written, in both directions."""
    found: dict[str, set[str]] = defaultdict(set)
    fields = "kSemanticVariant", "kSpecializedSemanticVariant", "kZVariant", "kSpoofingVariant", "kSimplifiedVariant"
    for letter, _, value in sources.unihan("Variants", *fields):
        for code in value.split():
            other = chr(int(code.partition("<")[0].removeprefix("U+"), 16))
            if other != letter:
                found[letter].add(other)
                found[other].add(letter)
    for part, whole in _PARTS.items():
        found[part].add(whole)
        found[whole].add(part)
    return found


def splits(ways: dict[str, list[str]]) -> dict[str, str]:
    """Return for each two or three parts in a row the common character they make."""
    found: dict[str, str] = {}
    for whole in sources.common():
        for way in ways.get(whole, []):
            if 2 <= len(way) <= 3:
                found.setdefault(way, whole)
                found.setdefault("".join(_PARTS.get(part, part) for part in way), whole)
    return found


def sounds() -> dict[str, str]:
    """Return for each Han character up to three readings in pinyin with tone digits, the commonest first."""
    by_field: dict[str, dict[str, list[str]]] = defaultdict(dict)
    fields = "kHanyuPinlu", "kTGHZ2013", "kMandarin"
    for letter, field, value in sources.unihan("Readings", *fields):
        by_field[letter][field] = _readings(field, value)
    found = {}
    for letter, known in by_field.items():
        if not "\u3400" <= letter <= "\u9fff":
            continue
        ordered = [reading for field in fields for reading in known.get(field, [])]
        found[letter] = " ".join(list(dict.fromkeys(_with_digit(reading) for reading in ordered))[:3])
    return found


def _readings(field: str, value: str) -> list[str]:
    if field == "kHanyuPinlu":
        counted = [(reading.partition("(")[0], int(reading.partition("(")[2][:-1])) for reading in value.split()]
        total = sum(count for _, count in counted)
        return [reading for reading, count in counted if count * 25 >= total]
    if field == "kTGHZ2013":
        return [reading for part in value.split() for reading in part.partition(":")[2].split(",")]
    return value.split()


def _with_digit(reading: str) -> str:
    marks = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
    letters = unicodedata.normalize(
        "NFD", reading.replace("ü", "v").replace("ǘ", "v́").replace("ǚ", "v̌").replace("ǜ", "v̀")
    )
    tone = next((marks[letter] for letter in letters if letter in marks), "5")
    return "".join(letter for letter in letters if letter.isascii()) + tone
