"""Generates texts with contact details, plain and disguised, and texts with numbers that are none."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

_HAN = {"0": "零", "1": "一", "2": "二", "3": "三", "4": "四", "5": "五", "6": "六", "7": "七", "8": "八", "9": "九"}
_RADIO = {"0": "洞", "1": "幺", "2": "两", "3": "三", "4": "四", "5": "五", "6": "六", "7": "拐", "8": "八", "9": "勾"}
_SOUND = {"0": "玲", "1": "衣", "2": "儿", "3": "散", "4": "斯", "5": "舞", "6": "流", "7": "其", "8": "巴", "9": "久"}
_BEFORE = ("有事", "详细聊 ", "咨询请找 ", "", "老板看这里：", "需要的话 ", "在线等，", "【长期】")
_AFTER = ("", " 随时在", "，谢谢", " 秒回", "！", " 晚上也行")


def _luhn_ended(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body + "0")):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def _id_card(chance: random.Random) -> str:
    place = chance.choice(["440306", "330110", "110105", "510104", "420111"])
    born = f"{chance.randint(1955, 2008)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    body = f"{place}{born}{chance.randint(0, 999):03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def _digits(chance: random.Random, n: int) -> str:
    return str(chance.randint(1, 9)) + "".join(chance.choices(string.digits, k=n - 1))


def _disguised(number: str, chance: random.Random) -> str:
    way = chance.randrange(8)
    if way == 0:
        return number
    if way == 1:
        return "".join(chr(ord(c) + 0xFEE0) for c in number)
    if way in {2, 3, 4}:
        table = (_HAN, _RADIO, _SOUND)[way - 2]
        return "".join(table.get(c, c) for c in number)
    if way == 5:
        return " ".join(number)
    if way == 6:
        return "".join(c + (chance.choice("-. ") if i % 4 == 2 else "") for i, c in enumerate(number)).strip("-. ")
    return "".join(c + "\ufe0f\u20e3" if c.isdigit() else c for c in number)


def positives(chance: random.Random, n: int) -> Iterator[tuple[str, int, int, str]]:
    """Yield text, start, end, kind."""
    for _ in range(n):
        kind = chance.choice(("phone", "qq", "wechat", "idcard", "bankcard", "email"))
        name, secret = _contact(kind, chance)
        before = chance.choice(_BEFORE) + name
        yield before + secret + chance.choice(_AFTER), len(before), len(before) + len(secret), kind


def _contact(kind: str, chance: random.Random) -> tuple[str, str]:
    if kind == "phone":
        number = chance.choice(["13", "15", "17", "18", "19"]) + "".join(chance.choices(string.digits, k=9))
        return chance.choice(("手机", "电话 ", "打", "tel:", "")), _disguised(number, chance)
    if kind == "qq":
        return chance.choice(("QQ", "qq：", "扣扣", "企鹅号 ", "Q ", "球球：")), _disguised(
            _digits(chance, chance.randint(6, 10)), chance
        )
    if kind == "wechat":
        word = "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 6)))
        secret = word + chance.choice(("", "_", "-")) + "".join(chance.choices(string.digits, k=chance.randint(3, 5)))
        secret = chance.choice((secret, " ".join(secret) if "_" not in secret else secret, secret.upper()))
        return chance.choice(("微信", "vx：", "薇信 ", "V信", "加微 ", "wechat:", "威 信：", "+V ")), secret
    if kind == "idcard":
        return chance.choice(("身份证", "证件号：", "")), chance.choice(
            (str, lambda s: "".join(chr(ord(c) + 0xFEE0) for c in s))
        )(_id_card(chance))
    if kind == "bankcard":
        card = _luhn_ended(
            chance.choice(("622202", "621700", "411111", "552233")) + "".join(chance.choices(string.digits, k=9))
        )
        return chance.choice(("卡号", "打到 ", "")), chance.choice(
            (card, " ".join(card[i : i + 4] for i in range(0, 16, 4)))
        )
    name = "".join(chance.choices(string.ascii_lowercase, k=6)) + str(chance.randint(1, 999))
    at, dot = chance.choice((("@", "."), (" at ", " dot "), ("艾特", "点"), ("＠", "．"), ("(at)", "(dot)")))
    return chance.choice(("邮箱", "发到 ", "")), f"{name}{at}{chance.choice(('gmail', 'qq', '163', 'outlook'))}{dot}com"


def negatives(chance: random.Random, n: int) -> Iterator[str]:
    """Yield texts with keys, orders, prices, dates, versions and quantities."""
    letters = string.ascii_uppercase + string.digits
    for _ in range(n):
        key = "-".join("".join(chance.choices(letters, k=5)) for _ in range(chance.choice((3, 4, 5))))
        day = f"{chance.randint(2019, 2026)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        yield chance.choice(
            (
                f"激活码 {key}",
                key,
                f"订单号{day.replace('-', '')}{_digits(chance, chance.randint(8, 12))} 已发货",
                f"价格 {chance.randint(1, 9999)}.{chance.randint(0, 99):02} 元 库存 {chance.randint(1, 99999)}",
                f"版本 v{chance.randint(1, 20)}.{chance.randint(0, 99)}.{chance.randint(0, 9999)} 于 {day} 更新",
                f"QQ会员 {chance.randint(1, 36)}个月 官方直充",
                f"微信支付 {chance.randint(1, 999)} 元到账",
                f"流水号 {_digits(chance, chance.randint(14, 20))}",
                f"王者 {chance.randint(60, 64800)} 点券 满{chance.randint(1, 500)}减{chance.randint(1, 50)}",
                f"快递单号 SF{_digits(chance, 13)}",
                f"有效期至{day} 共{chance.randint(1, 400)}天 前{chance.randint(1, 1000)}名",
                f"分辨率 {chance.randint(640, 3840)}x{chance.randint(480, 2160)} 大小 {_digits(chance, 9)} 字节",
            )
        )
