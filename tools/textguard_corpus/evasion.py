"""The tricks people hide words with, and the harmless noise of honest people, so that neither passes for the other."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Mapping

_HAN = re.compile("[\u4e00-\u9fff]")
_DIGITS = re.compile(r"\d{4,}")
_BETWEEN = (
    "",
    " ",
    "  ",
    "+",
    "++",
    "-",
    "~",
    ".",
    "。",
    "、",
    "*",
    "_",
    "|",
    "/",
    "^",
    "☀",
    "❤",
    "✿",
    "🔥",
    "丶",
    "→",
    "=",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_EDGES = ("ᚠ", "☀☀", "✿", "❤", "🔥", "☎", "【", "】", "←", "→", "丶", "♥", "🌸", "+", "++", "~~", "!!", "。。", "…")
#: Own pairs of characters that look or read as written in two.
_SPLIT = {
    word[0]: word[1:]
    for word in [
        "好女子",
        "加力口",
        "信亻言",
        "群君羊",
        "看手目",
        "的白勺",
        "你亻尔",
        "片丿片",
        "视礻见",
        "频步页",
        "博十尃",
        "彩采彡",
        "赌贝者",
        "码石马",
        "银钅艮",
        "行彳亍",
        "转车专",
        "账贝长",
        "钱钅戋",
        "贷代贝",
        "款士示欠",
        "股月殳",
        "做亻故",
        "爱爫友",
        "妹女未",
        "裸衤果",
        "聊耳卯",
        "播扌番",
        "网冂乂",
        "站立占",
        "微彳山攵",
        "鹅我鸟",
        "扣扌口",
        "联耳关",
        "收丩攵",
        "购贝勾",
        "招扌召",
        "粉米分",
        "引弓丨",
        "刷尸巾刂",
        "单丷日十",
        "挂扌圭",
        "外夕卜",
        "号口丂",
        "话讠舌",
        "汇氵匚",
        "利禾刂",
        "投扌殳",
        "资次贝",
        "源氵原",
        "骗马扁",
        "诈讠乍",
        "证讠正",
        "实宀头",
        "名夕口",
        "税禾兑",
        "票覀示",
        "黄艹由八",
        "色刀巴",
        "情忄青",
    ]
}
#: Own list of characters that look like those which advertisements need.
_SHAPE = {
    word[0]: word[1:]
    for word in [
        "微徽溦薇",
        "信僖芯伩",
        "加伽珈枷迦咖茄",
        "看刊砍",
        "群裙峮羣",
        "片爿㸞",
        "企仝乞",
        "鹅蛾娥",
        "扣叩抠",
        "买卖头",
        "赌睹堵",
        "博搏傅",
        "彩踩采",
        "码妈玛",
        "贷货",
        "账帐",
        "联朕",
        "系係",
        "收牧",
        "号昊",
        "免兔",
        "费弗沸",
        "网罔纲",
        "址祉扯",
        "资姿咨",
        "源原塬",
        "黄璜簧",
        "色涩铯",
        "盘盆磐",
        "私厶",
        "聊卿",
        "妹妺昧",
        "裸祼粿",
        "操澡",
        "逼福",
        "票嫖漂",
        "发犮",
        "税脱悦",
        "代伐",
        "开幵",
        "办为",
        "证征",
        "刷涮",
        "单箪",
        "兼謙",
        "职耳只",
        "日曰",
        "结佶",
        "赚嫌",
        "钱浅",
        "米咪",
        "粉份",
    ]
}


class Tricks:
    """Evasions over a table of readings; the same seed gives the same text.

    Args:
        readings: character → toneless pinyin.
        weight: character → how common it is.
    """

    def __init__(self, readings: Mapping[str, str], weight: Mapping[str, float]) -> None:
        self._readings = readings
        self._common: dict[str, list[str]] = defaultdict(list)
        self._rare: dict[str, list[str]] = defaultdict(list)
        for char in sorted(readings):
            (self._common if weight.get(char, 0) > 2000 else self._rare)[readings[char]].append(char)

    def homophone(self, text: str, chance: random.Random, share: float = 0.4) -> str:
        """Write some characters with others that are read alike, common or rare ones."""

        def other(found: re.Match[str]) -> str:
            char = found.group()
            if chance.random() > share or char not in self._readings:
                return char
            pool = self._common if chance.random() < 0.6 else self._rare
            return chance.choice(pool.get(self._readings[char]) or [char])

        return _HAN.sub(other, text)

    def shape(self, text: str, chance: random.Random) -> str:
        """Write characters with others that look alike."""
        return "".join(chance.choice(_SHAPE[c]) if c in _SHAPE and chance.random() < 0.6 else c for c in text)

    def split(self, text: str, chance: random.Random) -> str:
        """Write characters as their two halves."""
        return "".join(_SPLIT[c] if c in _SPLIT and chance.random() < 0.6 else c for c in text)

    def spread(self, text: str, chance: random.Random) -> str:
        """Put the same small thing between all characters, or between some."""
        mark, share = chance.choice(_BETWEEN[1:]), chance.choice((0.2, 0.5, 1.0))
        return "".join(c + (mark if chance.random() < share else "") for c in text)

    def pinyin(self, text: str, chance: random.Random) -> str:
        """Write some characters by sound or by first letter."""
        short = chance.random() < 0.5
        return "".join(
            (self._readings[c][:1] if short else self._readings[c])
            if c in self._readings and chance.random() < 0.3
            else c
            for c in text
        )

    def digits(self, text: str, chance: random.Random) -> str:
        """Space long numbers out, or cut them."""
        mark = chance.choice((" ", "  ", "-", "+", " Q ", "︹", ".", "*"))

        def spaced(found: re.Match[str]) -> str:
            number, at = found.group(), chance.randint(2, 5)
            return mark.join(number[i : i + at] for i in range(0, len(number), at))

        return _DIGITS.sub(spaced, text)

    def edges(self, text: str, chance: random.Random) -> str:
        """Put letters, signs or a rare character before and after."""
        rare = chance.choice(self._rare.get(chance.choice(list(self._rare))) or [""])
        letters = "".join(chance.choices(_LETTERS, k=chance.randint(1, 4)))
        front = chance.choice(("", "", letters, rare, rare + " ", chance.choice(_EDGES)))
        back = chance.choice(("", letters, rare, " " + chance.choice(_EDGES), chance.choice(_EDGES)))
        return front + text + back

    def repeat(self, text: str, chance: random.Random) -> str:
        """Say the same thing again."""
        return chance.choice(("", " ", "！", "++")).join([text] * chance.randint(2, 4)) if len(text) < 20 else text

    def drop(self, text: str, chance: random.Random) -> str:
        """Leave a character out, or swap two."""
        if len(text) < 4:
            return text
        at = chance.randrange(len(text) - 1)
        return (
            text[:at] + text[at + 1 :]
            if chance.random() < 0.5
            else text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        )

    def evade(self, text: str, chance: random.Random) -> str:
        """Apply one to three tricks."""
        tricks: list[Callable[[str, random.Random], str]] = [self.homophone, self.edges] * 2
        tricks += [self.shape, self.split, self.spread, self.pinyin, self.digits, self.repeat, self.drop]
        for trick in chance.sample(tricks, chance.choice((1, 1, 2, 2, 3))):
            text = trick(text, chance)
        return text

    def noise(self, text: str, chance: random.Random) -> str:
        """What honest people do to a text: a slip, a small picture, an exclamation, a repetition."""
        kind = chance.random()
        if kind < 0.15:
            return self.homophone(text, chance, 0.08)
        if kind < 0.4:
            return text + chance.choice("😂😭👍❤🐶🙏😅🤣🌹🎉☀ᚠ✨🔥🌸") * chance.randint(1, 4)
        if kind < 0.5:
            return self.drop(text, chance)
        if kind < 0.6:
            return text + chance.choice(("！！", "。。。", "???", "~", "~~~", "……", "？", "!"))
        if kind < 0.68:
            return chance.choice((" ", "，", "  ", "\n")).join(text[i : i + 6] for i in range(0, len(text), 6))
        if kind < 0.76:
            return text + text[-1:] * chance.randint(2, 6)
        return text
