"""What is said to an epusdt gateway, as data: JSON whose amount is a number in its shortest form, as it is signed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from xinka.kernel.errors import BadInput
from xinka.kernel.money import plain_amount
from xinka.payments.providers.epusdt.config import COINS, GMPAY_COINS, EpusdtConfig
from xinka.payments.providers.epusdt.signing import SIGNATURE, Dialect
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Call
from xinka.payments.providers.protocol import PaymentRequest

_CREATE = "api/v1/order/create-transaction"
_CREATE_GMPAY = "payments/gmpay/v1/order/create-transaction"
_CANCEL = "api/v1/order/cancel-transaction"
_TRADE = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)
_MOST_NUMBER = 32
_SECONDS = 900


def create_call(config: EpusdtConfig, payment: PaymentRequest) -> Call:
    """Return the request for a payment.

    Raises:
        MethodUnavailable: if this dialect does not take the coin.
        BadInput: if an amount, a currency or a number is not possible here.
    """
    if payment.amount_minor <= 0 or payment.currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    if len(payment.out_trade_no) > _MOST_NUMBER or not _TRADE.fullmatch(payment.out_trade_no):
        raise BadInput(field="out_trade_no", why_zh="订单号太长", why_en="the number is too long")
    fields = {
        "order_id": payment.out_trade_no,
        "amount": shortest(payment.amount_minor, payment.currency),
        "notify_url": payment.notify_url,
        "redirect_url": f"{payment.return_url}?{urlencode({'out_trade_no': payment.out_trade_no})}",
        **_coin(config, payment.method),
    }
    path = _CREATE_GMPAY if config.dialect is Dialect.GMPAY else _CREATE
    return _post(config, path, fields)


def _coin(config: EpusdtConfig, method: str) -> dict[str, str]:
    """Return how a dialect names a coin; the original knows but one."""
    name = method or "usdt-trc20"
    if config.dialect is Dialect.GMPAY and name in GMPAY_COINS:
        token, network = GMPAY_COINS[name]
        return {"pid": config.pid, "currency": config.currency.lower(), "token": token, "network": network}
    if config.dialect is Dialect.BEPUSDT and name in COINS:
        return {"trade_type": COINS[name], "fiat": config.currency, "timeout": str(_SECONDS)}
    if config.dialect is Dialect.EPUSDT and name == "usdt-trc20":
        return {}
    raise MethodUnavailable(method=method)


def status_call(config: EpusdtConfig, trade_id: str) -> Call:
    """Return the question about a trade, which this family answers to anybody."""
    return Call("GET", config.address(f"pay/check-status/{_trade(trade_id)}"))


def cancel_call(config: EpusdtConfig, trade_id: str) -> Call:
    """Return the request to cancel a trade (BEpusdt)."""
    return _post(config, _CANCEL, {"trade_id": _trade(trade_id)})


def probe_call(config: EpusdtConfig) -> Call:
    """Return a request that no gateway can carry out, but whose signature it judges first."""
    fields = {"order_id": "probe", "amount": "0", "notify_url": config.base_url, "redirect_url": config.base_url}
    path = _CREATE_GMPAY if config.dialect is Dialect.GMPAY else _CREATE
    return _post(config, path, fields | _coin(config, ""))


def shortest(minor: int, currency: str) -> str:
    """Return an amount as a number in its shortest form: ``100.00`` is ``100``, ``28.80`` is ``28.8``."""
    text = plain_amount(minor, currency)
    return text.rstrip("0").rstrip(".") if "." in text else text


#: These are numbers in JSON; everything else is text.
_NUMBERS = ("amount", "timeout")


def _post(config: EpusdtConfig, path: str, fields: Mapping[str, str]) -> Call:
    sealed = {**fields, SIGNATURE: config.signer.sign(fields)}
    # Numbers are written as the very text that was signed, which a float would not promise.
    parts = [f'"{name}":{value if name in _NUMBERS else json.dumps(value)}' for name, value in sealed.items()]
    return Call("POST", config.address(path), content=("{" + ",".join(parts) + "}").encode())


def _trade(text: str) -> str:
    if not _TRADE.fullmatch(text) or set(text) == {"."}:
        raise BadInput(field="trade_no", why_zh="流水号里有不允许的字符", why_en="it holds characters not allowed")
    return text
