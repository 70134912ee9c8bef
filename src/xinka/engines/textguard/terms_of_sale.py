"""Leaves out of a listing what every shop says of how one pays, by how much and until when it is cheaper.

Lawful and forbidden trade advertise with the same words. In the corpus mostly forbidden listings name their ways to
pay, so those alone would lead a lawful promotion to a person; what is for sale is judged by the rest.
"""

from __future__ import annotations

import re

#: In longer texts such words are few beside the rest.
_LONGEST = 80
_WAY = "(?:支付宝|微信|银联|云闪付|花呗|信用卡|银行卡|paypal|数字人民币)(?:支付|付款)?"
#: Two ways and more; a single one may be a contact, or what is for sale.
_WAYS = f"{_WAY}(?:(?:[、/,，和与或 ]|以及)*{_WAY})+"
_PAYING = (
    rf"(?:全店|本店|店铺|我们)?(?:支持|可用|用|付款方式[:：]?|收款)?{_WAYS}"
    r"(?:都能付|都能用|都收|都支持|都行|均可|都可以|任选|通用|也收|付款|结账)*"
)
_CHEAPER = r"(?:全店|全场)[一二三四五六七八九0-9]{1,2}(?:\.[0-9])?折起?"
_UNTIL = r"(?:今晚|明晚|今天|周[一二三四五六日末])(?:[0-9一二三四五六七八九十零]{1,3}点)?(?:截止|结束)"
_WHILE_STOCKS_LAST = "(?:拍完即止|先到先得|送完为止|售完即止|卖完即止|抓紧时间?)"
_TERMS = re.compile(f"{_PAYING}|{_CHEAPER}|{_UNTIL}|{_WHILE_STOCKS_LAST}")
#: Each of them holds one of these.
_MAYBE = re.compile("[付信银花l币折截束止得紧]").search


def without_terms_of_sale(clean: str) -> str:
    """Return a clean listing without the terms that goods of any kind are sold on."""
    return _TERMS.sub("", clean) if len(clean) <= _LONGEST and _MAYBE(clean) else clean
