"""How well imitations in further ways are found, of brands and in ways the development data does not have.

更多仿冒手法、更多品牌认出多少。

``python -m benchmarks.lookalike_families [--show]`` makes them by rule and prints the share found by family, and how
many harmless names are taken for imitations. Nothing is read but the engine's own tables.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

import click

from benchmarks.arguments import BilingualCommand
from xinka.engines.lookalike import NameIndex, tables

_HAN = (
    "携程旅行 马蜂窝 拍拍贷 识货 哔哩哔哩 脉脉 果壳 盒马鲜生 顺丰速运 极兔速递 华夏银行 广发银行 浦发银行 邮储银行 "
    "兴业银行 招联金融 蚂蚁财富 腾讯视频 芒果台 优酷视频 高德地图 货拉拉 哈啰出行 完美世界 米哈游 莉莉丝 斗鱼直播 "
    "企鹅电竞 转转二手 贝壳找房"
)
_LATIN = (
    "Typeform Deezer Coinbase Kraken Expedia Shopify Patreon Roblox Fortnite Epicgames Payoneer Mastercard Vodafone "
    "Lufthansa Mailchimp Cloudflare Namecheap Salesforce Atlassian Evernote"
)
_HARMLESS_HAN = [
    "爱吃",
    "的猫",
    "小屋",
    "旅行日记",
    "妈妈",
    "同学会",
    "读书",
    "摄影",
    "手作",
    "花店",
    "面馆",
    "球迷",
    "车友",
    "工作室",
    "电台",
]
_HARMLESS_LATIN = ["lover", "daily", "user_", "runner", "kitchen", "garden", "band", "studio", "cats", "photos"]
_PINYIN_MARKS = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "v": "ǖǘǚǜ"}
_CYRILLIC = str.maketrans("aceopxyi", "асеорхуі")
_SMALL_CAPITALS = str.maketrans("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ")
_BRAILLE = dict(zip("abcdefghijklmnopqrstuvwxyz", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", strict=True))
_UPSIDE_DOWN = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz")

Make = Callable[[random.Random, str], str]


def _readings(core: str) -> list[str]:
    return [tables.sounds_of(letter)[0] if tables.sounds_of(letter) else letter for letter in core]


def _marked(reading: str) -> str:
    tone, sound = reading[-1], reading[:-1]
    vowel = next((one for one in "aoe" if one in sound), None) or next(one for one in reversed(sound) if one in "iuv")
    return sound.replace(vowel, _PINYIN_MARKS[vowel]["1234".index(tone)], 1) if tone in "1234" else sound


def _one_alike(chance: random.Random, core: str, *, near: bool) -> str:
    """Return a core with one character replaced by one that looks (near) or sounds alike."""
    for at in chance.sample(range(len(core)), len(core)):
        known = tables.table().near.get(core[at])
        if near and known and (alike := [one for one, how in zip(*known, strict=True) if how >= 60]):
            return core[:at] + chance.choice(alike) + core[at + 1 :]
        if not near:
            sound = _readings(core)[at]
            alike = [one for one in tables.table().near if tables.sounds_of(one)[:1] == [sound] and one != core[at]]
            if alike:
                return core[:at] + chance.choice(alike) + core[at + 1 :]
    return core


def _vowel_dropped(chance: random.Random, core: str) -> str:
    at = chance.choice([at for at, letter in enumerate(core) if at and letter in "aeiou"])
    return core[:at] + core[at + 1 :]


def _repeated(chance: random.Random, core: str) -> str:
    at = chance.randrange(len(core))
    return core[:at] + core[at] * chance.randrange(2, 4) + core[at:]


def _zalgo(chance: random.Random, core: str) -> str:
    return "".join(letter + "".join(chr(chance.randrange(0x300, 0x370)) for _ in range(3)) for letter in core)


FAMILIES_HAN: dict[str, Make] = {
    "pinyin with tone digits": lambda _, core: " ".join(_readings(core)) + " 客服",
    "pinyin with tone marks": lambda _, core: "".join(map(_marked, _readings(core))) + " kefu",
    "brackets round each": lambda _, core: "".join(f"【{letter}】" for letter in core + "客服"),
    "upright, a line each": lambda _, core: "\n".join(core + "客服"),
    "dots and lines between": lambda chance, core: chance.choice("·-_.~、|").join(core + "客服"),
    "sound alike and added": lambda chance, core: _one_alike(chance, core, near=False) + "官方客服24h在线",
    "shape alike and added": lambda chance, core: "总部" + _one_alike(chance, core, near=True) + "人工客服专员",
    "number and headquarters": lambda _, core: f"{core}总部人工客服8号专员",
    "repeated Han": lambda chance, core: _repeated(chance, core) + "客服",
    "doubtful word": lambda chance, core: core + chance.choice(["官放客服", "愘服", "客箙", "KF", "客f", "ke服"]),
    "zalgo Han": lambda chance, core: _zalgo(chance, core + "客服"),
}
FAMILIES_LATIN: dict[str, Make] = {
    "Cyrillic inside": lambda _, core: core.lower().translate(_CYRILLIC) + " Suppоrt",
    "small capitals": lambda _, core: core.lower().translate(_SMALL_CAPITALS) + " ꜱᴜᴘᴘᴏʀᴛ",
    "double-struck": lambda _, core: "".join(chr(0x1D552 + ord(one) - 97) for one in core.lower()) + " Help",
    "Braille": lambda _, core: "".join(_BRAILLE[letter] for letter in core.lower()) + " support",
    "upside down": lambda _, core: (core.lower() + " support").translate(_UPSIDE_DOWN)[::-1],
    "vowel dropped": lambda chance, core: _vowel_dropped(chance, core) + " Support",
    "repeated letter": lambda chance, core: _repeated(chance, core.lower()) + "_support",
    "dots and dashes": lambda chance, core: chance.choice("._-").join(core + "Support"),
    "zalgo": lambda chance, core: _zalgo(chance, core) + " Support",
    "around the clock": lambda chance, core: f"{chance.choice(['24h', '24/7', 'HQ', 'Live'])} {core} Support Desk №1",
    "Chinese office": lambda chance, core: f"{core}{chance.choice(['中国区客服', '人工客服', '在线客服专员'])}",
    "one emoji letter": lambda _, core: f"{chr(0x1F170 + ord(core[0].lower()) - 97)}{core[1:]} Support",
}


def harmless(chance: random.Random) -> Iterator[str]:
    """Yield names that mention a brand or an office and are nobody's imitation."""
    for core in _HAN.split():
        yield f"{chance.choice(_HARMLESS_HAN)}{core}{chance.choice(_HARMLESS_HAN)}"
        yield f"{core}{chance.choice(_HARMLESS_HAN)}"
        yield f"在{core}上班的{chance.choice('张王李赵')}"
    for core in _LATIN.split():
        yield f"{core} {chance.choice(_HARMLESS_LATIN)}"
        yield f"{chance.choice(_HARMLESS_LATIN)}{chance.randrange(1000)}{core.lower()}"
    for one in _HARMLESS_HAN:
        yield from (f"{one}客服", f"{one}在线人工客服", f"{one}{chance.choice(_HARMLESS_HAN)}")
    for word in _HARMLESS_LATIN:
        yield from (f"{word} support", f"{word} help desk", f"24h {word}", f"{word.upper()} Official")


@click.command(cls=BilingualCommand)
@click.option("--show", is_flag=True, help="Print the imitations that were missed. / 列出漏掉的")
def main(*, show: bool) -> None:
    """Measure the further families.

    测量更多仿冒手法。
    """
    chance, han, latin = random.Random(5), _HAN.split(), _LATIN.split()
    asked = [
        *((name, f"{core}客服", make(chance, core)) for name, make in FAMILIES_HAN.items() for core in han),
        *((name, f"{core} Support", make(chance, core)) for name, make in FAMILIES_LATIN.items() for core in latin),
    ]
    index = NameIndex((official, None) for official in dict.fromkeys(official for _, official, _ in asked))
    found: dict[str, list[bool]] = {}
    for family, official, name in asked:
        verdict = index.judge(name)
        right = verdict.decision != "clear" and verdict.official == official
        found.setdefault(family, []).append(right)
        if show and not right:
            print(f"missed  {family}: {name!r} of {official}, {verdict.official}")
    alarms = [name for name in harmless(chance) if index.judge(name).decision != "clear"]
    shares = {family: round(sum(one) / len(one), 3) for family, one in found.items()}
    for family, share in shares.items():
        print(f"  {family:28} {share}")
    print(f"  false alarms {alarms}")
    print(
        json.dumps({"benchmark": "lookalike families", "mean": round(sum(shares.values()) / len(shares), 4)} | shares)
    )


if __name__ == "__main__":
    main(prog_name="xinka bench lookalike_families")
