"""Writes a sentence as an evader would: eight families that do not use the guard's own tables where others will do."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

_SOUND = {"号": "好", "出": "初", "售": "寿", "卖": "麦", "微": "薇", "信": "芯", "小": "晓", "老": "佬", "卡": "咔", "挂": "卦", "外": "歪", "洗": "喜", "钱": "前", "代": "带", "办": "扮", "证": "正", "查": "茶", "收": "守", "租": "组", "跑": "泡", "分": "份", "码": "马", "赌": "堵", "博": "薄", "辅": "府", "助": "住", "软": "阮", "件": "见", "破": "颇", "解": "姐", "实": "石", "名": "明", "抖": "斗", "音": "因", "手": "首", "快": "块", "银": "淫", "行": "航", "攻": "工", "击": "鸡", "木": "目", "答": "达", "案": "按", "发": "法", "票": "漂", "资": "姿", "料": "廖"}  # fmt: skip  # noqa: E501 - a table
_TRADITIONAL = dict(
    zip(
        "号卖钱办证码赌软实银击发资户辅开个转账单机网电话红买绑级长铁马龙车门见贝",
        "號賣錢辦證碼賭軟實銀擊發資戶輔開個轉賬單機網電話紅買綁級長鐵馬龍車門見貝",
        strict=True,
    )
)
_PARTS = {"号": "口丂", "卖": "十买", "信": "亻言", "钱": "钅戋", "代": "亻弋", "证": "讠正", "码": "石马", "租": "禾且", "跑": "足包", "洗": "氵先", "他": "亻也", "软": "车欠", "件": "亻牛", "破": "石皮", "解": "角刀牛", "明": "日月", "机": "木几", "收": "丩攵", "助": "且力", "辅": "车甫", "科": "禾斗", "技": "扌支", "群": "君羊", "好": "女子", "体": "亻本", "查": "木旦", "料": "米斗", "骗": "马扁", "封": "圭寸", "控": "扌空", "数": "娄攵", "据": "扌居", "轰": "车双", "炸": "火乍", "期": "其月", "抖": "扌斗", "微": "彳山一几攵"}  # fmt: skip  # noqa: E501 - a table
_PINYIN = {"号": "hao", "出": "chu", "售": "shou", "卖": "mai", "微": "wei", "信": "xin", "外": "wai", "挂": "gua", "洗": "xi", "钱": "qian", "跑": "pao", "分": "fen", "码": "ma", "赌": "du", "博": "bo", "证": "zheng", "办": "ban", "代": "dai", "开": "kai", "破": "po", "解": "jie", "实": "shi", "名": "ming", "查": "cha", "收": "shou", "租": "zu", "辅": "fu", "助": "zhu", "抖": "dou", "音": "yin", "快": "kuai", "手": "shou", "透": "tou", "视": "shi", "数": "shu", "据": "ju", "银": "yin", "行": "hang", "卡": "ka"}  # fmt: skip  # noqa: E501 - a table


def _swapped(table: dict[str, str]) -> Callable[[str, random.Random], str]:
    def write(text: str, chance: random.Random) -> str:
        return "".join(table[c] if c in table and chance.random() < 0.7 else c for c in text)

    return write


def _between(signs: str) -> Callable[[str, random.Random], str]:
    def write(text: str, chance: random.Random) -> str:
        return "".join(c + (chance.choice(signs) if chance.random() < 0.6 else "") for c in text)

    return write


def _wide(text: str, _chance: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _neighbours(text: str, chance: random.Random) -> str:
    letters = list(text)
    at = 0
    while at < len(letters) - 1:
        both_han = all(unicodedata.category(c) == "Lo" for c in letters[at : at + 2])
        if both_han and chance.random() < 0.25:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
            at += 1
        at += 1
    return "".join(letters)


FAMILIES: dict[str, Callable[[str, random.Random], str]] = {
    "sound": _swapped(_SOUND),
    "traditional": _swapped(_TRADITIONAL),
    "parts": _swapped(_PARTS),
    "pinyin": _swapped(_PINYIN),
    "separators": _between(" .-*_·|/~"),
    "invisible": _between("\u200b\u200d\u2060\ufeff"),
    "wide": _wide,
    "neighbours": _neighbours,
}
