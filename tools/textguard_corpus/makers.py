"""Numbers, names and links that sentences need: drawn anew each time, so that no model can learn one by heart."""

from __future__ import annotations

import random
import string

_WORDS = [
    "star",
    "moon",
    "cloud",
    "happy",
    "lucky",
    "super",
    "fast",
    "good",
    "best",
    "king",
    "gold",
    "silver",
    "red",
    "blue",
    "sky",
    "sea",
    "sun",
    "mini",
    "ok",
    "pro",
    "max",
    "top",
    "one",
    "plus",
    "city",
    "home",
    "love",
    "baby",
    "nice",
    "cool",
    "game",
    "play",
    "shop",
    "card",
    "pay",
    "mall",
    "club",
    "live",
]
_FIRST = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂文辉玲志建国红梅英华玉兰飞宇浩欣怡子轩梓涵佳雨晨思琪晓婷"
    "俊博天乐家豪诗雅欢凯鑫鹏云海燕雪莹倩琳萍慧颖嘉宁瑞峰龙阳林波斌东成康"
)


def _digits(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(string.digits, k=length))


def phone(chance: random.Random) -> str:
    """A mobile number of the Chinese shape."""
    return chance.choice(("13", "15", "17", "18", "19")) + _digits(chance, 9)


def hotline(chance: random.Random) -> str:
    """A service line of a company."""
    return chance.choice(
        (f"400{_digits(chance, 7)}", f"95{_digits(chance, 3)}", f"0{_digits(chance, 2)}-{_digits(chance, 8)}")
    )


def qq(chance: random.Random) -> str:
    """A QQ number."""
    return str(chance.randint(1, 9)) + _digits(chance, chance.randint(6, 9))


def handle(chance: random.Random) -> str:
    """A user name of Latin letters and digits."""
    kind = chance.random()
    if kind < 0.4:
        return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 5))) + _digits(
            chance, chance.randint(2, 6)
        )
    if kind < 0.7:
        return chance.choice(_WORDS) + chance.choice(_WORDS) + _digits(chance, chance.randint(0, 4))
    return "".join(chance.choices(string.ascii_lowercase + string.digits, k=chance.randint(5, 11)))


def code3(chance: random.Random) -> str:
    """Three capital letters and three digits, as chat spam signs itself."""
    return "".join(chance.choices(string.ascii_uppercase, k=chance.randint(2, 4))) + _digits(
        chance, chance.randint(2, 5)
    )


def link(chance: random.Random) -> str:
    """A web address that looks thrown away."""
    name = handle(chance)
    end = chance.choice(("com", "cn", "top", "xyz", "vip", "cc", "net", "me", "club", "io", "link"))
    return chance.choice(
        (
            f"http://{name}.{end}",
            f"www.{name}.{end}",
            f"{name}.{end}/{handle(chance)}",
            f"https://{name}.{end}/{_digits(chance, 3)}",
        )
    )


def telegram(chance: random.Random) -> str:
    """An invitation of a Telegram group, or a handle."""
    token = "".join(chance.choices(string.ascii_letters + string.digits, k=16))
    return chance.choice(
        (
            f"https://t.me/+{token}",
            f"https://t.me/{handle(chance)}",
            f"t.me/{handle(chance)}",
            f"@{handle(chance)}",
            f"@{handle(chance)}",
            f"@{handle(chance)}",
        )
    )


def person(chance: random.Random) -> str:
    """A Chinese name."""
    return chance.choice(_FIRST) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))


def surname(chance: random.Random) -> str:
    """A Chinese family name."""
    return chance.choice(_FIRST)


def digit(chance: random.Random) -> int:
    """A number from 1 to 9."""
    return chance.randint(1, 9)


def few(chance: random.Random) -> int:
    """A number from 2 to 30."""
    return chance.randint(2, 30)


def hundreds(chance: random.Random) -> int:
    """A round number from 50 to 3,000."""
    return chance.choice(
        (
            50,
            80,
            100,
            120,
            150,
            180,
            200,
            260,
            300,
            388,
            400,
            500,
            600,
            680,
            800,
            888,
            999,
            1000,
            1288,
            1500,
            2000,
            3000,
        )
    )


def thousands(chance: random.Random) -> int:
    """A round number from 1,000 to 500,000."""
    return chance.randint(1, 50) * chance.choice((1000, 1000, 5000, 10000))


def price(chance: random.Random) -> str:
    """A price as a shop writes it."""
    return chance.choice(
        (
            f"{chance.randint(1, 300)}",
            f"{chance.randint(0, 99)}.{chance.randint(1, 9)}",
            f"{chance.randint(1, 99)}.{chance.choice(('90', '99', '80', '50'))}",
        )
    )


def amount(chance: random.Random) -> str:
    """An amount with cents."""
    return f"{chance.randint(10, 9999)}.{_digits(chance, 2)}"


def percent(chance: random.Random) -> str:
    """A share in per cent or a discount."""
    return f"{chance.randint(1, 99)}%"


def order(chance: random.Random) -> str:
    """An order number."""
    return chance.choice(("", "DD", "XK", "2026", "E")) + _digits(chance, chance.randint(8, 16))


def tail(chance: random.Random) -> str:
    """The last four digits of a card or phone."""
    return _digits(chance, 4)


def code(chance: random.Random) -> str:
    """A one-time code of four or six digits."""
    return _digits(chance, chance.choice((4, 6, 6)))


def card(chance: random.Random) -> str:
    """A bank card number."""
    return "62" + _digits(chance, chance.choice((14, 17)))


def clock(chance: random.Random) -> str:
    """A time of the day."""
    return f"{chance.randint(0, 23)}:{chance.randint(0, 59):02d}"


def day(chance: random.Random) -> str:
    """A date without a year."""
    return chance.choice(
        (
            f"{chance.randint(1, 12)}月{chance.randint(1, 28)}日",
            f"{chance.randint(1, 12)}月{chance.randint(1, 28)}号",
            f"{chance.randint(1, 12)}.{chance.randint(1, 28)}",
        )
    )


def key(chance: random.Random) -> str:
    """An activation key."""
    return "-".join(
        "".join(chance.choices(string.ascii_uppercase + string.digits, k=5)) for _ in range(chance.choice((3, 5)))
    )


def junk(chance: random.Random) -> str:
    """A few letters without a meaning."""
    letters = chance.choice((string.ascii_lowercase, string.ascii_uppercase, string.ascii_letters))
    return "".join(chance.choices(letters, k=chance.randint(1, 4)))


def emoji(chance: random.Random) -> str:
    """A small picture."""
    return chance.choice("😀😂🤣😊😍😘😭😅👍🙏💪🔥❤🌹🎉✨🎁💰💵🧧📢⭐🌟💎🚀✅👉👇☀🌸🍎🐶")


def han(chance: random.Random) -> str:
    """One character as names have them."""
    return chance.choice(_GIVEN + _FIRST)


def spaced(chance: random.Random) -> str:
    """A contact number written in groups."""
    number, at = str(qq(chance)), chance.randint(3, 5)
    return chance.choice((" ", " ", "  ", "-", "+", ".", " Q ")).join(
        number[i : i + at] for i in range(0, len(number), at)
    )
