"""What is said to an epay gateway, as data.

There are no sockets here, so the blocking client, the async one and the browser that is sent over all say the same.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from xinka.kernel.errors import BadInput
from xinka.kernel.money import plain_amount
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Call
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest

_NUMBER = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MAX_NAME_BYTES = 127
#: A title is a merchant's text; these two would let it pass for other fields of the signed string.
_HARMLESS = str.maketrans({"&": "＆", "=": "＝"})


def payment_fields(config: EpayConfig, payment: PaymentRequest) -> dict[str, str]:
    """Return the signed fields that ask for a payment.

    Raises:
        MethodUnavailable: if the channel does not offer the way to pay.
        BadInput: if an order number, amount, currency or address would be ambiguous on this wire.
    """
    if payment.method not in config.types:
        raise MethodUnavailable(method=payment.method)
    if payment.amount_minor <= 0 or payment.currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    fields = {
        "pid": config.pid,
        "type": config.types[payment.method],
        "out_trade_no": trade_number(payment.out_trade_no),
        "notify_url": plain_url(payment.notify_url),
        "return_url": plain_url(payment.return_url),
        "name": plain_title(payment.title),
        "money": plain_amount(payment.amount_minor, payment.currency),
    }
    return config.signer.seal(fields)


def create_call(config: EpayConfig, payment: PaymentRequest) -> Call:
    """Return the call of ``mapi.php``, which answers with a QR text or a link."""
    fields = payment_fields(config, payment)
    fields |= {"clientip": payment.client_ip or "127.0.0.1"}
    if payment.device:
        fields["device"] = payment.device
    return Call("POST", config.api_address("mapi.php"), form=config.signer.seal(fields))


def order_call(config: EpayConfig, out_trade_no: str, trade_no: str = "") -> Call:
    """Return the question about one payment, by the gateway's number where there is one."""
    number = {"trade_no": trade_number(trade_no)} if trade_no else {"out_trade_no": trade_number(out_trade_no)}
    query = {"act": "order", **_identity(config), **number}
    return Call("GET", config.api_address("api.php"), query=query)


def merchant_call(config: EpayConfig) -> Call:
    """Return the question about our own account at the gateway, which shows whether number and key are right."""
    return Call("GET", config.api_address("api.php"), query={"act": "query", **_identity(config)})


def refund_call(config: EpayConfig, refund: RefundRequest) -> Call:
    """Return the request to give money back."""
    if refund.amount_minor <= 0 or refund.currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    number = {"trade_no": trade_number(refund.trade_no)} if refund.trade_no else {}
    form = {
        **_identity(config),
        **(number or {"out_trade_no": trade_number(refund.out_trade_no)}),
        "money": plain_amount(refund.amount_minor, refund.currency),
    }
    return Call("POST", config.api_address("api.php"), query={"act": "refund"}, form=form)


def plain_title(title: str) -> str:
    """Return a title that cannot be mistaken for fields: no separators, no control characters, at most 127 bytes."""
    text = _CONTROL.sub(" ", title).translate(_HARMLESS).strip() or "-"
    return text.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip()


def _identity(config: EpayConfig) -> dict[str, str]:
    return {"pid": config.pid, "key": config.key}


def trade_number(text: str) -> str:
    """Return an order number that cannot be mistaken for anything else; raises ``BadInput``."""
    if not _NUMBER.fullmatch(text):
        raise BadInput(field="out_trade_no", why_zh="订单号里有不允许的字符", why_en="it holds characters not allowed")
    return text


def plain_url(url: str) -> str:
    """Return a web address without a query, since notices bring their own; raises ``BadInput``."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or "&" in url or "=" in url:
        raise BadInput(field="url", why_zh="地址不能带参数", why_en="the address must not have a query")
    return url
