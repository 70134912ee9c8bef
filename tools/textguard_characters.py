"""What Unicode's data does not say: look-alikes across scripts, letters in boxes, forms of radicals."""

from __future__ import annotations

import re
import unicodedata

_CYRILLIC = dict(zip("авеокмнрстухіјѕԁԛԝѵгпьёєүһҫқңөғҳицӏ", "abeokmhpctyxijsdqwvrnbeeyhckhofhunl", strict=True))
_GREEK = dict(zip("αβγεζηικμνορτυχωσςδλπθ", "abyeznikuvoptuxwosdlno", strict=True))
_LATIN = dict(
    zip(
        "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡıłøđɐɓɔɖɗəɛɠɦɩɭɯɲɵɽɾʂʈʉʋʐħŧƀŋɴ",
        "abcdefghijklmnoprstuvwyzagilodabcddeeghilmnorrstuvzhtbnn",
        strict=True,
    )
)
_ARMENIAN = dict(zip("աոսհցօյ", "wnuhgoj", strict=True))
#: A letter of another script, in its small form, and the Latin letter it is taken for.
LOOK_ALIKES = {**_CYRILLIC, **_GREEK, **_LATIN, **_ARMENIAN, "æ": "ae", "œ": "oe", "ß": "ss", "ĸ": "k"}

#: Forms of radicals that Unicode does not unify with the character they stand for.
RADICAL_FORMS = dict(
    zip(
        "⺅⺉⺋⺌⺍⺗⺘⺡⺣⺤⺥⺨⺩⺪⺫⺬⺭⺮⺯⺶⺷⺼⺽⺾⺿⻀⻁⻂⻃⻅⻈⻉⻊⻋⻌⻍⻎⻏⻐⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻱",
        "亻刂卩小小小扌氵灬爪爪犭王疋目示礻竹糸羊羊月臼艹艹艹虎衤覀见讠贝足车辶辶辶阝钅长门阝雨青韦页风飞食饣饣马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)

#: Parts that so many characters share that sharing one says nothing about likeness.
COMMON_PARTS = frozenset(
    "一丨丶丿乙亅乚乀亠人亻儿入八冂冖冫几凵刀刂力勹匕匚十卜卩厂厶又口囗土士夂夕大女子宀寸小尸山川工己巾干幺广廴廾弋弓彐彡彳心忄忑手扌攵文斗斤方日曰月木欠止歹殳毛气水氵火灬爪父片牛犬犭王田疒白皮皿目矛矢石示礻禾穴立竹米糸纟缶羊羽老耳聿肉臣自至臼舌舟艮艹虍虫血行衣衤西覀见角言讠谷豆豕贝走足车辛辰辶邑酉里金钅长门阝隹雨青非面革韦音页风飞食饣首香马骨高鬼鱼鸟鹿麦麻黄黑齐齿龙"
)

_NUMBERS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN")
_DIGITS = {w: str(n) for n, w in enumerate(_NUMBERS)}
_LETTER = re.compile(
    r"(?:NEGATIVE |CROSSED )?(?:CIRCLED|SQUARED|REGIONAL INDICATOR SYMBOL)(?: LATIN)?(?: CAPITAL)?(?: LETTER) ([A-Z])$"
)
_DIGIT = re.compile(r"(?:DINGBAT )?(?:NEGATIVE |DOUBLE )?CIRCLED (?:SANS-SERIF )?(?:DIGIT|NUMBER) ([A-Z]+)$")
_MARKS = {
    "💯": "100",
    "❌": "x",
    "➕": "+",
    "➖": "-",
    "✖": "x",
    "⭕": "o",
    "🅰": "a",
    "🅱": "b",
    "🅾": "o",
    "🆎": "ab",
    "🆔": "id",
    "🅿": "p",
    "Ⓜ": "m",
}
_EMPTY = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0\ufffc"


def symbols() -> dict[str, str]:
    """Map letters and digits in circles, boxes and flags to plain ones, and signs that show nothing to nothing."""
    found = dict.fromkeys(_EMPTY, "") | {chr(c): "" for c in range(0x1F3FB, 0x1F400)}
    for cp in (*range(0x2460, 0x2800), *range(0x1F100, 0x1F200)):
        name = unicodedata.name(chr(cp), "")
        if match := _LETTER.search(name):
            found[chr(cp)] = match[1].lower()
        elif (match := _DIGIT.search(name)) and match[1] in _DIGITS:
            found[chr(cp)] = _DIGITS[match[1]]
    return found | {k: v for k, v in _MARKS.items() if k not in "➕➖⭕❌"}
