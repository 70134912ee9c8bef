"""What is said to TokenPay, as data, and how it is signed: MD5 over the sorted fields with the token behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from xinka.kernel.errors import BadInput
from xinka.kernel.money import plain_amount
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Call
from xinka.payments.providers.protocol import PaymentRequest
from xinka.payments.providers.scalars import joined, md5_of
from xinka.payments.providers.tokenpay.config import COINS, TokenPayConfig

SIGNATURE = "Signature"
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)


def sign(fields: Mapping[str, str], token: str) -> str:
    """Return the signature of fields in lower-case hexadecimal."""
    return md5_of(joined(fields, SIGNATURE), token)


def create_call(config: TokenPayConfig, payment: PaymentRequest) -> Call:
    """Return the request for a payment; each has an address of its own, since the buyer's key is its number.

    Raises:
        MethodUnavailable: if the channel does not take the coin.
        BadInput: if the amount or currency is not possible here.
    """
    coin = config.coin or COINS.get(payment.method or "usdt-trc20", "")
    if not coin:
        raise MethodUnavailable(method=payment.method)
    if payment.amount_minor <= 0 or payment.currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    fields = {
        "OutOrderId": payment.out_trade_no,
        "OrderUserKey": payment.out_trade_no,
        "ActualAmount": _shortest(payment.amount_minor, payment.currency),
        "Currency": coin,
        "NotifyUrl": payment.notify_url,
        "RedirectUrl": f"{payment.return_url}?{urlencode({'out_trade_no': payment.out_trade_no})}",
    }
    sealed = {**fields, SIGNATURE: sign(fields, config.token)}
    # The amount is written as the very text that was signed, which a float would not promise.
    parts = [f'"{name}":{value if name == "ActualAmount" else json.dumps(value)}' for name, value in sealed.items()]
    return Call("POST", config.address("CreateOrder"), content=("{" + ",".join(parts) + "}").encode())


def query_call(config: TokenPayConfig, trade_no: str) -> Call:
    """Return the question about one payment, by TokenPay's number."""
    if not is_number(trade_no):
        raise BadInput(field="trade_no", why_zh="流水号写得不对", why_en="it is not a number of TokenPay's")
    query = {"Id": trade_no}
    return Call("GET", config.address("Query"), query=query | {SIGNATURE: sign(query, config.token)})


def is_number(text: str) -> bool:
    """Whether a text is one of TokenPay's numbers."""
    return bool(_GUID.fullmatch(text))


def _shortest(minor: int, currency: str) -> str:
    text = plain_amount(minor, currency)
    return text.rstrip("0").rstrip(".") if "." in text else text
