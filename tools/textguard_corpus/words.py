"""How common words and characters are and how they are read: from jieba's dictionary and pypinyin's table (MIT)."""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate
from pathlib import Path

import jieba
from pypinyin.constants import Style
from pypinyin.pinyin_dict import pinyin_dict
from pypinyin.style import convert

#: Syllables that many people do not tell apart are one.
_FUZZY = (("zh", "z"), ("ch", "c"), ("sh", "s"))


class Words:
    """Frequencies of words and characters, and readings of characters."""

    def __init__(self) -> None:
        self.words: list[str] = []
        counts: list[float] = []
        self.characters: Counter[str] = Counter()
        for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines():
            word, count, *_ = line.split(" ")
            for char in word:
                self.characters[char] += int(count)
            if len(word) <= 4:
                self.words.append(word)
                counts.append(int(count) ** 0.8)
        self._until = list(accumulate(counts))
        self.readings = {
            chr(code): _plain(marked) for code, marked in sorted(pinyin_dict.items()) if 0x4E00 <= code <= 0x9FFF
        }

    def salad(self, chance: random.Random) -> str:
        """Return words in a row as often as they are in books: what harmless text is made of, without a sense."""
        picked = chance.choices(self.words, cum_weights=self._until, k=chance.choice((1, 2, 2, 3, 3, 4, 5, 6, 8, 12)))
        marks = chance.choices(
            ("", "", "", "", "，", "的", "了", "是", "我", "就", "不", "也", "有", "你", "在"), k=len(picked)
        )
        return "".join(word + mark for word, mark in zip(picked, marks, strict=True)) + chance.choice(
            ("", "", "", "。", "！", "？", "吧", "啊")
        )


def _plain(marked: str) -> str:
    return str(convert(marked.split(",", maxsplit=1)[0], Style.NORMAL, strict=False)).replace("ü", "v")


def fuzzy(syllable: str) -> str:
    """Return a syllable without what many people do not tell apart (zh/z, ch/c, sh/s, ng/n)."""
    for long, short in _FUZZY:
        if syllable.startswith(long):
            syllable = short + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") else syllable
