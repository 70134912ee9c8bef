"""Letters that stand for others by how they are drawn, spelled or pictured: own tables beside the shipped one."""

from __future__ import annotations

import re
from functools import cache

_ABC = "abcdefghijklmnopqrstuvwxyz"


def _pairs(text: str) -> dict[str, str]:
    """Return what each word's first letter stands for: its other letters."""
    return {word[0]: word[1:] for word in text.split()}


#: Letters of scripts in which hardly anybody writes a name, and money signs; they are folded everywhere.
ALONE = _pairs(
    "ᗩa ᗅa ᐱa ᗷb ᗸb ᑕc ᑢc ᗪd ᗫd ᙓe ᗴe ᘿe ᗕe ᖴf ᘜg ᕼh ᓮi ᓰi ᒍj ᒎj ᛕk ᒪl ᒺl ᗰm ᘻm ᙢm ᑎn ᘉn ᙁn ᗝo ᓍo ᓎo ᑭp ᕵp ᑫq ᕴq"
    " ᖇr ᖆr ᔕs ᔓs ᖶt ᑌu ᑘu ᐯv ᐻv ᗯw ᘺw ᙎw ᙭x ᖻy ᘔz ᗱz ₳a ฿b ₵c ₣f ₲g ₭k ₥m ₱p ₴s ₮t ₩w Ⱨh Ⱬz Ӿx Ҝk Ⴎu ⴎu Ⴝs Ⴑs Ꮖi Ꮑn"
    " Ꮛe Ꮀo Ꮂf Ꮄo Ꮦt Ꮧj Ꮸc Ꮹg 𐌀a 𐌄e 𐌊k 𐌋l 𐌌m 𐌍n 𐌓p 𐌔s 𐌖v 𐌘o 𐌙y ᚠf ᚱr ᚺh ᚾn ᛁi ᛋs ᛏt ᛒb ᛖm ᛚl ᛟo ᛞm ᚲc ȝz ĸk ᴫn"
    " ↄc Ↄc ɘe ꟼp ƨs Ƨs ɿr"
)
_STYLES = (
    "ค๒ς๔єŦﻮђเןкɭ๓ภ๏קợгรՇยשฬאץչ",
    "ልጌርዕቿቻኗዘጎጋጕረጠክዐየዒዪነፕሁሀሠሸሃጊ",
    "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙",
    "ﾑ乃cd乇ｷgんﾉﾌズﾚﾶ刀oｱq尺丂ｲu√wﾒﾘ乙",
    "ąცƈɖɛʄɠɧıʝƙƖɱŋơ℘զཞʂɬųνῳҳყʑ",
    "ǟɮƈɖɛʄɢɦɨʝӄʟʍռօքզʀֆȶʊʋաӼʏʐ",
    "ДБCDΞFGHIJҜLMИФPǪЯSΓЦVЩЖУZ",
    "ДБСДЄҒGЊІЈКLМИОРQЯЅТЏVШХЧZ",
    "მხcძეfgჩიjკlოიoрqгsтuvwxყz",
    "מבכדהfגחijkלמnoפqרשtטvwxצז",
)
#: Letters that pass for Latin ones only where the whole name is written in them, for in their own script they are
#: ordinary; as people's fancy alphabets have them, the first that has a letter deciding.
_DRESSED = {
    sign: meant
    for style in reversed(_STYLES)
    for sign, meant in zip(style, _ABC, strict=True)
    if not sign.isascii() and sign not in ALONE
}
_DRESSED_SIGNS = frozenset(_DRESSED) | frozenset(ALONE) | frozenset(map(chr, range(32, 127)))
_DRESS = str.maketrans(_DRESSED)
#: At least so many letters must be dressed up.
_LEAST_DRESSED = 3


def undressed(name: str) -> str | None:
    """Return a name written in one of the fancy alphabets in Latin letters, None where it is not."""
    if not _DRESSED_SIGNS.issuperset(name) or sum(sign in _DRESSED for sign in name) < _LEAST_DRESSED:
        return None
    return name.translate(_DRESS)


_BEGINS = _pairs("ㄅb ㄆp ㄇm ㄈf ㄉd ㄊt ㄋn ㄌl ㄍg ㄎk ㄏh ㄐj ㄑq ㄒx ㄓzh ㄔch ㄕsh ㄖr ㄗz ㄘc ㄙs")
_ENDS = _pairs("ㄚa ㄛo ㄜe ㄝe ㄞai ㄟei ㄠao ㄡou ㄢan ㄣen ㄤang ㄥeng ㄦer")
#: Between the two, and how it and what follows are written in pinyin, behind a beginning and alone.
_GLIDES = {
    "ㄧ": ("i", "y", {"ㄣ": ("in", "yin"), "ㄥ": ("ing", "ying"), "ㄡ": ("iu", "you"), "": ("i", "yi")}),
    "ㄨ": (
        "u",
        "w",
        {"ㄣ": ("un", "wen"), "ㄥ": ("ong", "weng"), "ㄟ": ("ui", "wei"), "": ("u", "wu")},
    ),
    "ㄩ": ("u", "yu", {"ㄣ": ("un", "yun"), "ㄥ": ("iong", "yong"), "": ("u", "yu")}),
}
_BOPOMOFO = re.compile("(?=[ㄅ-ㄩ])([ㄅ-ㄙ]?)([ㄧㄨㄩ]?)([ㄚ-ㄦ]?)[ˉˊˇˋ˙·]?")


def spelled_out(name: str) -> str:
    """Return a name with the signs of bopomofo in pinyin without tones: ㄎㄜˋ服 → ke服."""
    return _BOPOMOFO.sub(lambda found: _in_pinyin(*found.groups()) or found[0], name)


def _in_pinyin(begin: str, glide: str, end: str) -> str:
    first = _BEGINS.get(begin, "")
    if not glide:
        alone = "i" if first in {"zh", "ch", "sh", "r", "z", "c", "s"} else ""
        return first + (_ENDS[end] if end else alone)
    behind, alone, whole = _GLIDES[glide]
    if end in whole:
        return first + whole[end][0] if first else whole[end][1]
    return (first + behind if first else alone) + _ENDS[end]


_LEADS, _VOWELS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_LETTERS = re.compile(f"([{_LEADS}])([{_VOWELS}])((?:[{_TAILS[1:]}](?![{_VOWELS}]))?)")
_FIRST_SYLLABLE, _LAST_SYLLABLE = "가", "힣"


def syllabled(name: str) -> str:
    """Return a name with Korean letters that stand apart put together: ㅋㅏ → 카."""

    def together(found: re.Match[str]) -> str:
        lead, vowel, tail = found.groups()
        number = (_LEADS.index(lead) * 21 + _VOWELS.index(vowel)) * 28 + (_TAILS.index(tail) if tail else 0)
        return chr(ord(_FIRST_SYLLABLE) + number)

    return _LETTERS.sub(together, name)


#: Korean syllables that readers take for each other though their letters are others.
_TAKEN_FOR = "네비 대머 귀커 관판 광팡 유윾 팔괄 며띠 명띵 왕앙 의익 파과 핑쾽"
_SYLLABLES_ALIKE = frozenset(
    one[::step]
    for one in ["네비", "대머", "귀커", "관판", "광팡", "유윾", "팔괄", "며띠", "명띵", "왕앙", "의익", "파과", "핑쾽"]
    for step in (1, -1)
)


@cache
def _letters_of(syllable: str) -> tuple[int, int, int]:
    number = ord(syllable) - ord(_FIRST_SYLLABLE)
    return number // 588, number % 588 // 28, number % 28


def syllables_alike(one: str, other: str) -> bool:
    """Say whether two Korean syllables differ in one letter only, or are taken for each other."""
    if not (_FIRST_SYLLABLE <= one <= _LAST_SYLLABLE and _FIRST_SYLLABLE <= other <= _LAST_SYLLABLE):
        return False
    differ = sum(here != there for here, there in zip(_letters_of(one), _letters_of(other), strict=True))
    return differ == 1 or one + other in _SYLLABLES_ALIKE


_ALIKE = (
    "ソン シツ ンツ クワ クタ ワウ ヌス ラフ スヌ チテ コユ メナ マム アマ ケク リソ りリ ใไ กถ กภ ถภ คด "
    "คต ดต ฎฏ ณน ศส ษส ศษ พผ พภ ผฝ พฟ บป ชซ ขฃ ทธ ลส รธ יו רד הח"
)
_LETTERS_ALIKE = frozenset(pair[::step] for pair in _ALIKE.split() for step in (1, -1))


def letters_alike(one: str, other: str) -> bool:
    """Say whether two letters of one other script are taken for each other by look or sound: ソ and ン, ใ and ไ."""
    return one + other in _LETTERS_ALIKE


#: Pictures and the character a reader says for them.
_PICTURED = _pairs(
    "🔥火 💧水 🌊海 ⛰山 🏔山 🗻山 🌋山 ❄雪 🌨雪 🧊冰 ⭐星 🌟星 ✨星 🌙月 🌛月 🌕月 ☀日 🌞日 ☁云 ⚡电 💨风 🌬风 🌧雨 "
    "☔雨 🌈虹 🌸花 🌺花 🌹花 🌼花 🌱草 🌿草 🍀草 🌲木 🌳树 🌾米 🍚饭 🍜面 🥟饺 🥚蛋 🍯蜜 🍵茶 🍺酒 🍷酒 🥛奶 "
    "🫘豆 🍎果 🍊橙 🍑桃 🍉瓜 🥜花 🍬糖 🧂盐 🐟鱼 🐠鱼 🐱猫 🐈猫 🐶狗 🐕狗 🐴马 🐎马 🐮牛 🐂牛 🐑羊 🐏羊 🐷猪 "
    "🐖猪 🐔鸡 🐓鸡 🦆鸭 🐯虎 🐅虎 🐲龙 🐉龙 🐍蛇 🐭鼠 🐰兔 🐇兔 🐵猴 🐒猿 🦁狮 🐘象 🐻熊 🦊狐 🐺狼 🦐虾 🦀蟹 "
    "🐝蜂 🐧鹅 🐦鸟 🦅鹰 🦢鹅 🐸蛙 🐢龟 🦌鹿 ❤心 💗心 💖心 💙心 💚心 🧡心 💜心 💛心 ♥心 👄口 👁目 👂耳 ✋手 🖐手 "
    "🦶足 🧠脑 🦷牙 👤人 🧍人 👩女 👧女 👨男 👦子 👶子 👑王 🤴王 👸后 👻鬼 🧚仙 👼天 🏠家 🏡家 🏰城 🏯城 🏦行 "
    "🏪店 🏫校 🏥院 ⛪堂 🌉桥 🚪门 🚗车 🚕车 🚙车 🚌车 🚄铁 🚂车 ✈飞 🛩飞 🚀箭 ⛵船 🚢船 🛳船 🌐网 🕸网 💻脑 📱机 "
    "☎电 📞电 📖书 📚书 📕书 📰报 ✉信 📧信 📩信 💰金 🪙币 💵钱 💴钱 💳卡 🃏卡 🎴牌 💎宝 🔔铃 🔑钥 🔒锁 ✂剪 🔪刀 "
    "⚔剑 🏹弓 🛡盾 🔨锤 ⚒铁 ⚽球 🏀球 🎱球 ⚾球 🎮游 🎵音 🎶音 🎤歌 🥁鼓 🎨画 🖼画 🎬影 📷照 📺视 👜包 🎒包 👝包 "
    "👕衣 👗裙 👟鞋 🧢帽 🎩帽 🎁礼 🩺医 💊药 🌍球 🌏球 🧭方 ⏰时 🕐时 ➕加 🆚比 🀄中 🈶有 🈲禁"
)
PICTURES = frozenset(_PICTURED)
_SAY = str.maketrans(_PICTURED | {"\ufe0f": ""})


def said(name: str) -> str:
    """Return a name with the character a reader says in the place of each picture: 🥚仔 → 蛋仔."""
    return name.translate(_SAY)
