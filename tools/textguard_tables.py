"""Builds the tables that textguard's views read.

``python -m tools.textguard_tables --chaizi DIR --words FILE --emoji FILE``

Sources, all free to ship: Unicode data as Python carries it (Unicode licence), OpenCC's traditional-to-simplified
characters (Apache-2.0), pypinyin (MIT), kfcd/chaizi (CC BY 3.0; the two ``chaizi-*.txt``), the word list of jieba
0.42.1 (MIT; ``dict.txt``), CLDR's Chinese emoji names as emojibase-data 17 packs them (MIT; ``zh/compact.json``).
The result is small, sorted and the same on every run.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import unicodedata
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import msgspec

from tools.textguard_characters import COMMON_PARTS, LOOK_ALIKES, RADICAL_FORMS, symbols

PLACE = Path(__file__).parent.parent / "src/xinka/engines/textguard/tables"
_YOUNG_WORD = 2_000
HAN = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x2FA20))


def _is_han(text: str) -> bool:
    return all("\u3400" <= c <= "\u9fff" or c >= "\U00020000" for c in text)


def clean_map() -> dict[str, str]:
    """Map each character that is not its own plain form to that form; an empty one means it is dropped."""
    import opencc_pyo3

    to_simplified = opencc_pyo3.OpenCC("t2s").convert
    simple = {chr(cp): s for cp in HAN if len(s := to_simplified(chr(cp))) == 1 and s != chr(cp)}
    special = {**symbols(), **RADICAL_FORMS}
    result: dict[str, str] = {}
    for cp in range(sys.maxunicode + 1):
        c = chr(cp)
        plain = special.get(c)
        if plain is None:
            plain = _plain(c)
        plain = "".join(simple.get(x, x) for x in "".join(LOOK_ALIKES.get(x, x) for x in plain))
        if plain != c:
            result[c] = plain
    return result


def _plain(c: str) -> str:
    """Return the compatibility form of one character, in small letters, without marks, brackets and dots around it."""
    category = unicodedata.category(c)
    if category in {"Cs", "Cf", "Mn", "Me"} or (category == "Cc" and c not in "\n\t\r"):
        return ""
    if category == "Zs" or c in "\t\r\x0b\x0c":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(c))
    if c == "\n" or (c.isascii() and not c.isupper()):
        return c
    if 0xAC00 <= ord(c) <= 0xD7A3:
        return c  # a Korean syllable is plain already
    wide = unicodedata.normalize("NFKD", c)
    bare = "".join(x for x in wide if unicodedata.category(x) not in {"Mn", "Me"}) or wide
    if len(bare) > 1 and ord(c) >= 0x2460:
        bare = bare.strip("().,〔〕") or bare  # ⑴, ⒈, ㈠, 〔本〕
    folded = unicodedata.normalize("NFKC", bare.casefold())
    return folded if len(folded) <= 4 else c


def sounds(costs: dict[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the characters of each toneless syllable (first readings), and the further readings of a character.

    A further reading of a usual character counts if one phrase in twelve has it.
    """
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    spoken: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, readings in PHRASES_DICT.items():
        for c, reading in zip(phrase, readings, strict=False):
            spoken[c][to_normal(reading[0]).replace("ü", "v")] += 1
    first: defaultdict[str, list[str]] = defaultdict(list)
    more: dict[str, str] = {}
    for cp, readings in sorted(PINYIN_DICT.items()):
        if not (0x3400 <= cp <= 0x9FFF):
            continue
        plain = list(dict.fromkeys(to_normal(r).replace("ü", "v").replace("ê", "e") for r in readings.split(",")))
        plain = [p for p in plain if p.isascii() and p.isalpha()]
        if not plain:
            continue
        first[plain[0]].append(chr(cp))
        used = spoken.get(chr(cp), Counter())
        living = [p for p in plain[1:] if used[p] * 12 >= used.total() or costs.get(chr(cp), 99) >= 34]
        if living and cp >= 0x4E00:
            more[chr(cp)] = " ".join(living[:2])
    return {k: "".join(v) for k, v in sorted(first.items())}, more


def parts(chaizi: Path, common: set[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return how a common character is written in parts, and the parts of every character (for likeness of shape)."""
    split: dict[str, list[str]] = {}
    shape: dict[str, str] = {}
    for name in ("chaizi-ft.txt", "chaizi-jt.txt"):
        for line in (chaizi / name).read_text(encoding="utf-8").splitlines():
            char, *ways = line.split("\t")
            found = [w.split() for w in ways]
            found = [w for w in found if all(len(p) == 1 for p in w) and len(w) > 1]
            if len(char) != 1 or not found:
                continue
            if name == "chaizi-jt.txt" and char in common:
                split[char] = sorted({"".join(w) for w in found if len(w) <= 5})
            shape[char] = "".join(sorted({p for w in found if len(w) <= 3 for p in w}))
    return split, shape


def ways(split: dict[str, list[str]], costs: dict[str, int]) -> dict[str, str]:
    """Return the character that each way of writing stands for: the commonest of those written alike."""
    whole: dict[str, str] = {}
    for character, found in sorted(split.items()):
        for way in found:
            if way not in whole or costs.get(character, 99) < costs.get(whole[way], 99):
                whole[way] = character
    return dict(sorted(whole.items()))


def words(path: Path) -> dict[int, dict[int, str]]:
    """Return words by length and by how seldom they are (twice the binary logarithm of 1/frequency)."""
    counts: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, count, *_ = line.split(" ")
        if _is_han(word) and len(word) <= 4 and int(count) >= {1: 1, 2: 5, 3: 12, 4: 20}[len(word)]:
            counts[word] = int(count)
    for word in (Path(__file__).parent / "textguard_words.txt").read_text(encoding="utf-8").split():
        if len(word) <= 4:  # younger than the list, and common in shops and chats
            counts[word] = max(counts.get(word, 0), _YOUNG_WORD)
    total = sum(counts.values())
    table: defaultdict[int, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for word, count in sorted(counts.items()):
        table[len(word)][round(2 * math.log2(total / count))].append(word)
    return {n: {c: "".join(w) for c, w in sorted(levels.items())} for n, levels in sorted(table.items())}


def emoji(path: Path, known: set[str]) -> dict[str, str]:
    """Return, for each emoji of one code point, the characters of its Chinese names and short keywords."""
    result: dict[str, str] = {}
    for entry in json.loads(path.read_text(encoding="utf-8")):
        sign = entry["unicode"].replace("\ufe0f", "")
        if len(sign) != 1 or sign.isascii():
            continue
        names = [entry.get("label", ""), *(t for t in entry.get("tags") or [] if len(t) <= 3)]
        result[sign] = "".join(dict.fromkeys(c for name in names for c in name if c in known))[:24]
    own = (Path(__file__).parent / "textguard_emoji.txt").read_text(encoding="utf-8").split()
    for sign, first in zip(own[::2], own[1::2], strict=True):
        result[sign] = "".join(dict.fromkeys(first + result.get(sign, "")))
    return {k: v for k, v in sorted(result.items()) if v}


def martian(first: dict[str, str], shape: dict[str, str], costs: dict[str, int]) -> dict[str, str]:
    """Return, for a common character, the rare ones that hold it and sound like it (浍 for 会), and our own list."""
    sound = {c: s for s, characters in first.items() for c in characters}
    plain: dict[str, str] = {}
    for rare, held in shape.items():
        if costs.get(rare, 99) < 48:
            continue
        same = [p for p in held if sound.get(p) == sound.get(rare) and costs.get(p, 99) <= 32]
        if len(same) == 1 and rare in sound:
            plain[rare] = same[0]
    for line in (Path(__file__).parent / "textguard_martian.txt").read_text(encoding="utf-8").splitlines():
        common, rare_ones = line.split()
        plain.update(dict.fromkeys(rare_ones, common))
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for rare, common in sorted(plain.items()):
        grouped[common].append(rare)
    return {k: "".join(v) for k, v in sorted(grouped.items())}


def _write(name: str, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=0, separators=(",", ":"))
    (PLACE / name).write_text(text + "\n", encoding="utf-8")


def write_words(table: dict[int, dict[int, str]]) -> None:
    """Write what single characters cost as JSON, and longer words as one text with a byte of cost for each."""
    _write("rarity.json", {str(cost): joined for cost, joined in table[1].items()})
    costs = {
        joined[at : at + length]: cost
        for length, levels in table.items()
        for cost, joined in levels.items()
        for at in range(0, len(joined), length)
        if length > 1
    }
    packed = msgspec.msgpack.encode(("\n".join(costs), bytes(costs.values())))
    (PLACE / "words.bin").write_bytes(zlib.compress(packed, 9))


def main() -> None:
    """Write every table anew."""
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("chaizi", "words", "emoji"):
        options.add_argument(f"--{name}", type=Path, required=True)
    given = options.parse_args()
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for c, plain in clean_map().items():
        if not "\ud800" <= c <= "\udfff":
            grouped[plain].append(c)
    _write("clean.json", {k: "".join(sorted(v)) for k, v in sorted(grouped.items())})
    table = words(given.words)
    costs = {c: cost for cost, chars in table[1].items() for c in chars}
    first, more = sounds(costs)
    _write("sounds.json", first)
    common = {c for cost, chars in table[1].items() if cost <= 46 for c in chars}
    _write("readings.json", {c: r for c, r in sorted(more.items()) if c in common})
    split, shape = parts(given.chaizi, common)
    _write("parts.json", {c: p for c, p in sorted(shape.items()) if not set(p) <= COMMON_PARTS or c in common})
    _write("split.json", ways(split, costs))
    _write("common.json", {"characters": "".join(sorted(c for c, cost in costs.items() if cost < 44))})
    _write("martian.json", martian(first, shape, costs))
    _write("emoji.json", emoji(given.emoji, common))
    write_words(table)


if __name__ == "__main__":
    main()
