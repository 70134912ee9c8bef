"""Disguises for the blind listings: eight families; their pairs were chosen without a look at the guard's tables."""

from __future__ import annotations

import random
from collections.abc import Callable

_SOUND = {"号": "昊", "账": "涨", "出": "处", "微": "威", "信": "欣", "收": "手", "租": "祖", "卖": "迈", "查": "察", "证": "政", "件": "建", "代": "袋", "码": "玛", "款": "宽", "银": "吟", "卡": "喀", "透": "头", "挂": "挂", "辅": "抚", "助": "注", "脚": "角", "本": "苯", "破": "坡", "解": "介", "资": "咨", "源": "圆", "赌": "睹", "彩": "采", "盘": "磐", "洗": "习", "跑": "炮", "实": "食", "名": "铭", "脸": "练", "发": "罚", "票": "飘", "黑": "嘿", "客": "刻", "刷": "唰", "粉": "份", "激": "机", "活": "火", "据": "具", "数": "竖", "贷": "带", "注": "住", "册": "策", "接": "街"}  # fmt: skip  # noqa: E501 - a table
_OLD = {"号": "號", "账": "賬", "户": "戶", "实": "實", "卖": "賣", "发": "發", "证": "證", "码": "碼", "银": "銀", "资": "資", "数": "數", "据": "據", "买": "買", "转": "轉", "开": "開", "辅": "輔", "软": "軟", "钱": "錢", "赌": "賭", "盘": "盤", "贷": "貸", "脸": "臉", "过": "過", "验": "驗", "员": "員", "会": "會", "视": "視", "频": "頻", "电": "電", "龄": "齡"}  # fmt: skip  # noqa: E501 - a table
_PARTS = {"证": "讠正", "码": "石马", "银": "钅艮", "账": "贝长", "款": "士示欠", "租": "禾且", "挂": "扌圭", "脚": "月却", "赌": "贝者", "彩": "采彡", "洗": "氵先", "跑": "足包", "粉": "米分", "刷": "尸巾刂", "激": "氵敫", "源": "氵原", "贷": "代贝", "脸": "月佥", "接": "扌妾", "破": "石皮", "辅": "车甫", "助": "且力", "注": "氵主", "件": "亻牛", "信": "亻言", "代": "亻弋", "验": "马佥", "骗": "马扁"}  # fmt: skip  # noqa: E501 - a table
_PINYIN = {"号": "hao", "账": "zhang", "微": "wei", "证": "zheng", "卡": "ka", "码": "ma", "租": "zu", "收": "shou", "卖": "mai", "赌": "du", "彩": "cai", "票": "piao", "挂": "gua", "脚": "jiao", "透": "tou", "资": "zi", "银": "yin", "刷": "shua", "粉": "fen", "实": "shi", "脸": "lian", "黑": "hei", "贷": "dai", "注": "zhu", "册": "ce", "破": "po", "激": "ji", "活": "huo", "查": "cha", "款": "kuan"}  # fmt: skip  # noqa: E501 - a table
_CIRCLED = {c: chr(0x24D0 + n) for n, c in enumerate("abcdefghijklmnopqrstuvwxyz")}


def _written(table: dict[str, str], share: float) -> Callable[[str, random.Random], str]:
    def write(text: str, chance: random.Random) -> str:
        return "".join(table[c] if c in table and chance.random() < share else c for c in text)

    return write


def _between(signs: str, share: float) -> Callable[[str, random.Random], str]:
    def write(text: str, chance: random.Random) -> str:
        return "".join(c + (chance.choice(signs) if c != " " and chance.random() < share else "") for c in text)

    return write


def _rings(text: str, chance: random.Random) -> str:
    """Write letters in circles and digits in full width, and put a mark over some characters."""
    wide = {str(n): chr(0xFF10 + n) for n in range(10)}
    letters = {**_CIRCLED, **wide}
    return "".join(letters.get(c, c) + ("\u0336" if chance.random() < 0.3 else "") for c in text.lower())


def _mixed(text: str, chance: random.Random) -> str:
    """Write some characters by sound, some in the old form, with a dot here and there."""
    return _between("·.", 0.2)(_written(_OLD, 0.5)(_written(_SOUND, 0.3)(text, chance), chance), chance)


FAMILIES: dict[str, Callable[[str, random.Random], str]] = {
    "sound": _written(_SOUND, 0.6),
    "old form": _written(_OLD, 0.8),
    "parts": _written(_PARTS, 0.7),
    "pinyin": _written(_PINYIN, 0.6),
    "signs": _between("※◆丶=+~`^✦", 0.5),
    "invisible": _between("\u200c\u2062\u180e\u00ad", 0.5),
    "rings": _rings,
    "mixed": _mixed,
}
