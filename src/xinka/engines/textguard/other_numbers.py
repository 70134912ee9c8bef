"""Tells numbers that only look like a phone: orders and keys by their names, results, sums, numbers of programs."""

from __future__ import annotations

import re

#: What numbers are called that are no contact.
_NAMES = (
    r"激活码|序列号|卡密|密钥|兑换码|cdk|cdkey|key|订单|单号|运单|快递|流水号?|交易号|编号|货号|型号|isbn|条码|批次|版本"
    r"|uid|房间号|端口|ip|提取码|口令|卡号尾号|合同|税号|发票|凭证|票号|案号|保单|学号|工号|会员号|准考证|代码"
    r"|(?:游戏|角色|玩家|用户|商品|店铺) ?id|(?<![a-z])(?:orders?|tracking|invoice|ticket|serial)"
)
#: One of these near a long number says that it is no card.
NAMED_KEY = re.compile(rf"(?:{_NAMES})[^0-9a-z]{{0,8}}$")
#: One of these right before a number, perhaps with a carrier's letters, says that it is no phone (订单有问题打 is not).
_NAMED = re.compile(
    rf"(?:{_NAMES}) ?(?:号码?|编码|编号|id|no\.?|number)?(?:是|为|is)?[^0-9a-z\u4e00-\u9fff]{{0,4}}(?:[a-z]{{2,4}}-?)?$"
)
#: How far back a name is looked for. In characters.
_NAMED_WITHIN = 20
#: Results of a match or times of day (13:8 11:13 13:11), and a number in thousands (13,812,345,678).
_TALLY = re.compile(
    r"(?:[1-9]?[0-9][:\-][0-9]{1,2}[ ,;/、]{1,3}){2,}[1-9]?[0-9][:\-][0-9]{1,2}"
    r"|[1-9][0-9]{0,2}(?:,[0-9]{3})+"
)
#: What a large sum is called, what stands behind one, and how a round one ends.
_SUM = re.compile(r"(?:营收|收入|融资|市值|利润|投资|预算|亏损|净利|资产|总额|gdp)[^0-9a-z\u4e00-\u9fff]{0,3}$")
_UNIT = re.compile(r" {0,2}(?:元|円|日元|韩元|美元|美金|欧元|港币|人民币|usd|krw|jpy|rmb)")
_ROUND = "000000"
#: What makes a number a program's: 0x or 0. (a fraction) before it, letters of a check sum around it, a size behind it.
_OF_A_PROGRAM = re.compile(r"(?:(?<![a-z0-9])(?:0x|u\+|\\x)[0-9a-f]{0,16}|(?<![0-9.])0\.)$")
_SUM_HEAD = re.compile(r"(?<![a-z0-9])[0-9a-f]+$")
_SUM_TAIL = re.compile(r"[0-9a-f]+(?![a-z0-9])")
_FEWEST_SUM_LETTERS = 3
_SIZE = re.compile(r"(?:\.[0-9]{1,3})? {0,2}(?:[mnμu]s(?![a-z])|毫秒|微秒|纳秒|字节|bytes?(?![a-z])|[km]b(?![a-z]))")
#: A time of day or a date, as what follows a word for QQ or WeChat may be.
WHEN = re.compile(
    r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?![0-9])|20[0-3][0-9]([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"
)


def is_named(text: str, start: int) -> bool:
    """Say whether what begins here is called something that is no contact."""
    return _NAMED.search(text[max(0, start - _NAMED_WITHIN) : start]) is not None


def is_other_number(text: str, start: int, end: int) -> bool:
    """Say whether what could be a phone has a name of another thing, or is a sum, a row of results or of times."""
    if is_named(text, start) or _TALLY.fullmatch(text[start:end]) or _is_of_a_program(text, start, end):
        return True
    if not _UNIT.match(text, end):
        return False
    return text[start:end].endswith(_ROUND) or _SUM.search(text[max(0, start - _NAMED_WITHIN) : start]) is not None


def _is_of_a_program(text: str, start: int, end: int) -> bool:
    """Say whether a number is a program's: hexadecimal, a fraction, a piece of a check sum, a size."""
    before = text[max(0, start - _NAMED_WITHIN) : start]
    if _OF_A_PROGRAM.search(before) or _SIZE.match(text, end):
        return True
    head, tail = _SUM_HEAD.search(before), _SUM_TAIL.match(text, end)
    if head is None or tail is None:
        return False
    return sum(c.isalpha() for c in head[0] + tail[0]) >= _FEWEST_SUM_LETTERS
