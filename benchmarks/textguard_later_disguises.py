"""Further disguises for the blind sets, later than the eight of ``textguard_disguises``.

They were written with ``blind10``, before a look at the guard's tables or views: what sellers may do next. Each writes
only some characters otherwise, so that a reader still understands the text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Disguise = Callable[[str, random.Random], str]

#: Character, pinyin with its tone, bopomofo, Cantonese (jyutping), kana that sound alike.
_READINGS = """
号 hào ㄏㄠˋ hou6 ハオ|账 zhàng ㄓㄤˋ zoeng3 ジャン|微 wēi ㄨㄟ mei4 ウェイ|信 xìn ㄒㄧㄣˋ seon3 シン
证 zhèng ㄓㄥˋ zing3 ジェン|卡 kǎ ㄎㄚˇ kaa1 カ|码 mǎ ㄇㄚˇ maa5 マー|租 zū ㄗㄨ zou1 ズー
收 shōu ㄕㄡ sau1 ショウ|卖 mài ㄇㄞˋ maai6 マイ|赌 dǔ ㄉㄨˇ dou2 ドゥ|彩 cǎi ㄘㄞˇ coi2 ツァイ
票 piào ㄆㄧㄠˋ piu3 ピャオ|挂 guà ㄍㄨㄚˋ gwaa3 グァ|脚 jiǎo ㄐㄧㄠˇ goek3 ジャオ|透 tòu ㄊㄡˋ tau3 トウ
资 zī ㄗ zi1 ズ|银 yín ㄧㄣˊ ngan4 イン|刷 shuā ㄕㄨㄚ caat3 シュア|粉 fěn ㄈㄣˇ fan2 フェン
实 shí ㄕˊ sat6 シ|名 míng ㄇㄧㄥˊ ming4 ミン|脸 liǎn ㄌㄧㄢˇ lim5 リェン|黑 hēi ㄏㄟ hak1 ヘイ
贷 dài ㄉㄞˋ taai3 ダイ|注 zhù ㄓㄨˋ zyu3 ジュ|册 cè ㄘㄜˋ caak3 ツェ|破 pò ㄆㄛˋ po3 ポ
解 jiě ㄐㄧㄝˇ gaai2 ジェ|激 jī ㄐㄧ gik1 ジ|活 huó ㄏㄨㄛˊ wut6 フオ|查 chá ㄔㄚˊ caa4 チャ
款 kuǎn ㄎㄨㄢˇ fun2 クァン|数 shù ㄕㄨˋ sou3 シュ|据 jù ㄐㄩˋ geoi3 ジュ|代 dài ㄉㄞˋ doi6 ダイ
出 chū ㄔㄨ ceot1 チュ|开 kāi ㄎㄞ hoi1 カイ|外 wài ㄨㄞˋ ngoi6 ワイ|辅 fǔ ㄈㄨˇ fu6 フ
助 zhù ㄓㄨˋ zo6 ジュ|盘 pán ㄆㄢˊ pun4 パン|跑 pǎo ㄆㄠˇ paau2 パオ|分 fēn ㄈㄣ fan1 フェン
洗 xǐ ㄒㄧˇ sai2 シ|钱 qián ㄑㄧㄢˊ cin4 チェン|转 zhuǎn ㄓㄨㄢˇ zyun3 ジュアン|付 fù ㄈㄨˋ fu6 フ
接 jiē ㄐㄧㄝ zip3 ジェ|验 yàn ㄧㄢˋ jim6 イェン|身 shēn ㄕㄣ san1 シェン|份 fèn ㄈㄣˋ fan6 フェン
私 sī ㄙ si1 ス|料 liào ㄌㄧㄠˋ liu6 リャオ|机 jī ㄐㄧ gei1 ジ|免 miǎn ㄇㄧㄢˇ min5 ミェン
密 mì ㄇㄧˋ mat6 ミ|视 shì ㄕˋ si6 シ|频 pín ㄆㄧㄣˊ pan4 ピン|片 piàn ㄆㄧㄢˋ pin3 ピェン
木 mù ㄇㄨˋ muk6 ム|马 mǎ ㄇㄚˇ maa5 マ|病 bìng ㄅㄧㄥˋ beng6 ビン|毒 dú ㄉㄨˊ duk6 ドゥ
攻 gōng ㄍㄨㄥ gung1 ゴン|发 fā ㄈㄚ faat3 ファ|章 zhāng ㄓㄤ zoeng1 ジャン|业 yè ㄧㄝˋ jip6 イェ
考 kǎo ㄎㄠˇ haau2 カオ|单 dān ㄉㄢ daan1 ダン|群 qún ㄑㄩㄣˊ kwan4 チュン|充 chōng ㄔㄨㄥ cung1 チョン
抖 dǒu ㄉㄡˇ dau2 ドウ|音 yīn ㄧㄣ jam1 イン|快 kuài ㄎㄨㄞˋ faai3 クァイ|手 shǒu ㄕㄡˇ sau2 ショウ
老 lǎo ㄌㄠˇ lou5 ラオ|小 xiǎo ㄒㄧㄠˇ siu2 シャオ|批 pī ㄆㄧ pai1 ピ|包 bāo ㄅㄠ baau1 バオ
"""
_READ = [entry.split() for line in _READINGS.strip().splitlines() for entry in line.split("|")]
_TONED, _BOPOMOFO, _CANTONESE, _KANA = ({row[0]: row[n] for row in _READ} for n in (1, 2, 3, 4))
_HOKKIEN = {"钱": "tsînn", "卖": "bē", "号": "hō", "买": "bé", "人": "lâng", "证": "tsìng", "查": "tshâ", "收": "siu", "开": "khui", "手": "tshiú", "机": "ki", "卡": "khah", "银": "gîn", "票": "phiò", "代": "tāi", "假": "ké", "黑": "oo", "货": "huè", "实": "si̍t", "名": "miâ"}  # fmt: skip  # noqa: E501 - a table
_SHINJITAI = {"号": "號", "卖": "売", "实": "実", "发": "発", "钱": "銭", "转": "転", "图": "図", "验": "験", "检": "検", "团": "団", "价": "価", "变": "変", "广": "広", "黑": "黒", "单": "単", "关": "関", "气": "気", "带": "帯", "满": "満", "脑": "脳", "处": "処", "假": "仮", "读": "読", "权": "権", "证": "証", "收": "収", "微": "溦", "群": "羣", "账": "帐", "粉": "紛", "码": "碼", "脸": "瞼", "银": "艮", "彩": "綵", "窃": "竊", "数": "数", "资": "資", "赌": "賭", "贷": "貸", "压": "圧", "两": "両", "艺": "芸", "币": "幣", "铁": "鉄"}  # fmt: skip  # noqa: E501 - a table
_SHAPES = {"微": "徽", "信": "倍", "收": "攸", "证": "怔", "账": "胀", "码": "妈", "密": "蜜", "挂": "桂", "银": "垠", "粉": "纷", "刷": "涮", "代": "伐", "租": "祖", "卡": "咔", "透": "诱", "贷": "货", "赌": "睹", "彩": "采", "盘": "盆", "洗": "冼", "跑": "刨", "身": "射", "名": "各", "群": "郡", "款": "歉", "马": "乌", "木": "本", "毒": "毐", "拟": "似", "破": "坡", "注": "往", "册": "删", "接": "按", "验": "险", "抖": "科", "快": "块", "手": "毛", "辅": "铺", "助": "肋", "网": "冈", "票": "漂", "数": "擞"}  # fmt: skip  # noqa: E501 - a table
_PICTURES = {"码": "🐴", "马": "🐴", "机": "🐔", "激": "🐔", "数": "🌳", "车": "🚗", "单": "🥚", "查": "🍵", "收": "🤚", "手": "✋", "水": "💧", "币": "🪙", "火": "🔥", "伙": "🔥", "货": "🔥", "号": "📣", "信": "✉️", "微": "🥣", "卡": "💳", "包": "👜", "开": "🔓", "脸": "😀", "群": "👗", "裙": "👗", "刷": "🪥", "药": "💊", "粉": "🍜", "电": "⚡", "飞": "✈️", "票": "🎫", "书": "📖", "钱": "💰", "银": "🥈", "金": "🥇", "红": "🔴", "黑": "⬛", "白": "⬜", "小": "🤏", "老": "👴", "快": "⚡", "跑": "🏃", "洗": "🧼", "挂": "🪝", "鱼": "🐟", "狗": "🐶", "鸡": "🐔", "锁": "🔒", "门": "🚪", "看": "👀", "听": "👂", "脚": "🦶", "眼": "👁️", "刀": "🔪", "枪": "🔫", "毒": "☠️", "木": "🪵"}  # fmt: skip  # noqa: E501 - a table
_ENGLISH = {"号": "how", "卖": "my", "微": "way", "信": "sing", "码": "mar", "买": "my", "开": "kite", "密": "me", "付": "full", "包": "bow", "收": "show", "秀": "show", "发": "far", "代": "die", "贷": "die", "赌": "do", "办": "ban", "证": "jean", "黑": "hey", "破": "pour", "查": "char", "卡": "car", "租": "zoo", "粉": "fun", "钱": "chen", "老": "low", "跑": "pow", "洗": "she", "透": "toe", "外": "why", "挂": "gua", "脸": "lian", "片": "pian", "票": "peel", "考": "cow"}  # fmt: skip  # noqa: E501 - a table
_NUMBERS = {"发": "8", "就": "9", "久": "9", "是": "4", "我": "5", "无": "5", "流": "6", "要": "1", "一": "1", "气": "7", "期": "7", "起": "7", "不": "8", "三": "3", "二": "2", "零": "0", "领": "0", "拟": "2", "吧": "8", "酒": "9", "死": "4", "实": "4", "识": "4", "商": "3", "武": "5", "溜": "6", "企": "7", "器": "7", "破": "8", "包": "8", "号": "10"}  # fmt: skip  # noqa: E501 - a table
_PARTS = {"号": "口+丂", "证": "讠+正", "码": "石+马", "银": "钅+艮", "账": "贝+长", "租": "禾+且", "挂": "扌+圭", "脚": "月+却", "赌": "贝+者", "洗": "氵+先", "跑": "足+包", "粉": "米+分", "源": "氵+原", "贷": "代+贝", "脸": "月+佥", "接": "扌+妾", "破": "石+皮", "助": "且+力", "注": "氵+主", "件": "亻+牛", "信": "亻+言", "代": "亻+弋", "验": "马+佥", "骗": "马+扁", "收": "丩+攵", "群": "君+羊", "款": "士+示+欠", "视": "礻+见", "频": "步+页", "抖": "扌+斗", "快": "忄+夬", "机": "木+几", "钱": "钅+戋", "转": "车+专", "付": "亻+寸", "料": "米+斗", "资": "次+贝", "解": "角+刀+牛"}  # fmt: skip  # noqa: E501 - a table
_PADDING = (
    "正品保障",
    "学习资料",
    "二手图书",
    "今日好天气",
    "祝您生活愉快",
    "家居日用",
    "欢迎光临",
    "支持正版",
    "顺丰包邮",
    "新鲜水果",
)
_JOINERS = "\u200d\u034f\u3164\u2800\u2060\ufe0f\u115f\U000e0020"
_MATHS = (0x1D400, 0x1D5D4, 0x1D670, 0x1D56C)
_INITIALS = {row[0]: row[1][0].translate(str.maketrans("āáǎàēéěèōóǒò", "aaaaeeeeoooo")) for row in _READ}


def _written(table: dict[str, str], share: float, around: str = "") -> Disguise:
    """Return a disguise that writes a share of the characters of a table otherwise, with a sign around each."""

    def write(text: str, chance: random.Random) -> str:
        return "".join(f"{around}{table[c]}{around}" if c in table and chance.random() < share else c for c in text)

    return write


def _number_tones(text: str, chance: random.Random) -> str:
    """Write some characters in pinyin with the tone as a mark or, every other time, left to the reader."""
    bare = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔù", "aaaaeeeeiiiioooouuuu")
    words = {c: (s if chance.random() < 0.6 else s.translate(bare)) for c, s in _TONED.items()}
    return _written(words, 0.6, " ")(text, chance)


def _vertical(text: str, _chance: random.Random) -> str:
    """Write one character a line."""
    return "\n".join(c for c in text if c != " ")


def _columns(text: str, _chance: random.Random) -> str:
    """Write from top to bottom in columns, the first column on the left, as a poster does."""
    letters = [c for c in text if c != " "]
    height = 3 if len(letters) < 15 else 4
    return "\n".join(" ".join(letters[row::height]) for row in range(height))


def _table(text: str, _chance: random.Random) -> str:
    """Write as a table of four cells a row."""
    cells = [c for c in text if c != " "]
    lines = ["| " + " | ".join(cells[n : n + 4]) + " |" for n in range(0, len(cells), 4)]
    return "\n+---+---+---+---+\n".join(lines)


def _ruled(text: str, chance: random.Random) -> str:
    """Cut the text in pieces of two or three characters with a line of signs between them."""
    rule = chance.choice(("\n————————\n", "\n......\n", "\n~~~~~~\n", "\n=====\n"))
    return rule.join(re.findall(f".{{1,{chance.randint(2, 3)}}}", text.replace(" ", "")))


def _backward_words(text: str, _chance: random.Random) -> str:
    """Write the words between spaces in reverse order, and where there is one word only, its halves."""
    words = re.split(r"[ ，。；：]+", text)
    if len(words) > 2:
        return " ".join(reversed(words))
    half = len(text) // 2
    return text[half:] + " " + text[:half]


def _decoys(text: str, chance: random.Random) -> str:
    """Write some characters as the first letter of their sound, with signs that mean nothing behind them."""
    marks = ("", ".", "✿", "°", "、", "_")
    return "".join(
        _INITIALS[c] + chance.choice(marks) if c in _INITIALS and chance.random() < 0.35 else c for c in text
    )


def _maths(text: str, chance: random.Random) -> str:
    """Write letters as mathematical ones, and some characters in pinyin of such letters."""
    start = chance.choice(_MATHS)
    bare = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔù", "aaaaeeeeiiiioooouuuu")
    spelt = _written({c: s.translate(bare) for c, s in _TONED.items()}, 0.4)(text, chance)
    return "".join(_mathematical(c, start) for c in spelt)


def _mathematical(letter: str, start: int) -> str:
    if "a" <= letter <= "z":
        return chr(start + 26 + ord(letter) - ord("a"))
    if "A" <= letter <= "Z":
        return chr(start + ord(letter) - ord("A"))
    return chr(0x1D7CE + int(letter)) if letter in "0123456789" else letter


def _turned(text: str, chance: random.Random) -> str:
    """Write pieces from the back between marks of direction, so that a screen shows them right."""
    pieces = re.findall(r".{1,4}", text)
    return "".join(f"\u202e{p[::-1]}\u202c" if chance.random() < 0.6 else p for p in pieces)


def _between(signs: str, share: float) -> Disguise:
    def write(text: str, chance: random.Random) -> str:
        return "".join(c + (chance.choice(signs) if chance.random() < share else "") for c in text)

    return write


def _padded(text: str, chance: random.Random) -> str:
    """Put lawful words in brackets into the text, before, in and behind it."""
    places = sorted(chance.sample(range(len(text) + 1), min(3, len(text))), reverse=True)
    for place in places:
        text = f"{text[:place]}（{chance.choice(_PADDING)}）{text[place:]}"
    return f"{chance.choice(_PADDING)} {text} {chance.choice(_PADDING)}"


def _boxed(text: str, chance: random.Random) -> str:
    """Put each character between brackets."""
    left, right = chance.choice(("【】", "()", "「」", "[]", "〖〗"))
    return "".join(c if c == " " else f"{left}{c}{right}" for c in text)


def _doubled(text: str, _chance: random.Random) -> str:
    """Write each character twice."""
    return "".join(c if c == " " else c * 2 for c in text)


def _blanked(text: str, chance: random.Random) -> str:
    """Put a sign in place of one character of every four or five that are Han."""
    written = list(text)
    han = [n for n, c in enumerate(text) if "\u4e00" <= c <= "\u9fff"]
    for place in han[chance.randint(1, 3) :: chance.randint(4, 5)]:
        written[place] = chance.choice("*○x□")
    return "".join(written)


def _everything(text: str, chance: random.Random) -> str:
    """Mix pictures, bopomofo, shapes and new forms, with an invisible joiner here and there."""
    for table, share in ((_PICTURES, 0.25), (_BOPOMOFO, 0.2), (_SHAPES, 0.2), (_SHINJITAI, 0.4)):
        text = _written(table, share)(text, chance)
    return _between(_JOINERS, 0.15)(text, chance)


LATER_FAMILIES: dict[str, Disguise] = {
    "toned pinyin": _number_tones,
    "bopomofo": _written(_BOPOMOFO, 0.6),
    "Cantonese": _written(_CANTONESE, 0.45, " "),
    "Hokkien": _written(_HOKKIEN, 0.8, " "),
    "kana": _written(_KANA, 0.5),
    "pictures": _written(_PICTURES, 0.7),
    "English words": _written(_ENGLISH, 0.6, " "),
    "numbers": _written(_NUMBERS, 0.8),
    "new forms": _written(_SHINJITAI, 0.8),
    "shapes": _written(_SHAPES, 0.5),
    "parts with plus": _written(_PARTS, 0.7),
    "vertical": _vertical,
    "columns": _columns,
    "table": _table,
    "ruled": _ruled,
    "backward words": _backward_words,
    "decoys": _decoys,
    "maths letters": _maths,
    "turned": _turned,
    "joiners": _between(_JOINERS, 0.5),
    "padded": _padded,
    "boxed": _boxed,
    "doubled": _doubled,
    "blanked": _blanked,
    "everything": _everything,
}
