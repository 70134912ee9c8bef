"""What is said to Alipay, as data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import urlencode

from xinka.kernel.errors import BadInput
from xinka.kernel.money import plain_amount
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig, Desktop, Phone
from xinka.payments.providers.alipay.signing import SIGN_TYPE, sign_request
from xinka.payments.providers.epay.wire import plain_title
from xinka.payments.providers.http import Call
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest

#: Alipay's own clock and calendar.
BEIJING = timezone(timedelta(hours=8))
PRECREATE, PAGE, WAP = "alipay.trade.precreate", "alipay.trade.page.pay", "alipay.trade.wap.pay"
QUERY, CLOSE, REFUND = "alipay.trade.query", "alipay.trade.close", "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
BILL = "alipay.data.dataservice.bill.downloadurl.query"
_PRODUCTS = {PAGE: "FAST_INSTANT_TRADE_PAY", WAP: "QUICK_WAP_WAY"}
#: As long as goods are kept for an unpaid order.
_OPEN_FOR = "15m"
_NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
#: The day's bill is a table with the titles in it: a quote at the beginning of one would swallow the lines behind it.
_UNLIKE_CSV = str.maketrans({'"': "”", ",": "，"})


def product_for(config: AlipayConfig, device: str) -> str:
    """Return the call by which a buyer on such a device pays."""
    if device in ("mobile", "wechat") and config.phone is Phone.WAP:
        return WAP
    return PRECREATE if config.desktop is Desktop.QR else PAGE


def payment_url(config: AlipayConfig, payment: PaymentRequest, product: str, now: float) -> str:
    """Return the signed address of Alipay's page; raises ``BadInput``."""
    addresses = {"notify_url": payment.notify_url, "return_url": payment.return_url}
    fields = _signed(config, product, _payment(config, payment, product), now, addresses)
    return f"{config.gateway_url}?{urlencode(fields)}"


def precreate_call(config: AlipayConfig, payment: PaymentRequest, now: float) -> Call:
    """Return the call that answers with a QR code; raises ``BadInput``."""
    content = _payment(config, payment, PRECREATE)
    return _call(config, PRECREATE, content, now, {"notify_url": payment.notify_url})


def query_call(config: AlipayConfig, now: float, out_trade_no: str, trade_no: str = "") -> Call:
    """Return the question about one payment."""
    return _call(config, QUERY, _numbers(out_trade_no, trade_no), now)


def close_call(config: AlipayConfig, now: float, out_trade_no: str, trade_no: str = "") -> Call:
    """Return the request to close an unpaid payment."""
    return _call(config, CLOSE, _numbers(out_trade_no, trade_no), now)


def refund_call(config: AlipayConfig, refund: RefundRequest, now: float) -> Call:
    """Return the request to give money back, once for each ``out_request_no``."""
    content = {
        **_numbers(refund.out_trade_no, refund.trade_no),
        "refund_amount": _amount(refund.amount_minor, refund.currency),
        "out_request_no": request_no(refund),
    }
    return _call(config, REFUND, content, now)


def refund_query_call(config: AlipayConfig, refund: RefundRequest, now: float) -> Call:
    """Return the question about one refund."""
    content = {**_numbers(refund.out_trade_no, refund.trade_no), "out_request_no": request_no(refund)}
    return _call(config, REFUND_QUERY, content, now)


def bill_call(config: AlipayConfig, day: date, now: float) -> Call:
    """Return the question where the bill of a day can be fetched."""
    return _call(config, BILL, {"bill_type": "trade", "bill_date": day.isoformat()}, now)


def plain_call(config: AlipayConfig, method: str, content: Mapping[str, object], now: float) -> Call:
    """Return any other call."""
    return _call(config, method, content, now)


def request_no(refund: RefundRequest) -> str:
    """Return the number that makes a refund happen once."""
    return number(refund.refund_no or refund.out_trade_no)


def number(text: str) -> str:
    """Return an order number in Alipay's alphabet; raises ``BadInput``."""
    if not _NUMBER.fullmatch(text):
        raise BadInput(field="out_trade_no", why_zh="订单号里有不允许的字符", why_en="it holds characters not allowed")
    return text


def _payment(config: AlipayConfig, payment: PaymentRequest, product: str) -> dict[str, object]:
    content: dict[str, object] = {
        "out_trade_no": number(payment.out_trade_no),
        "total_amount": _amount(payment.amount_minor, payment.currency),
        "subject": plain_title(payment.title.translate(_UNLIKE_CSV)),
        "timeout_express": _OPEN_FOR,
    }
    if product in _PRODUCTS:
        content["product_code"] = _PRODUCTS[product]
    if config.profit_sharing:
        content["extend_params"] = {"royalty_freeze": "true"}
    return content


def _numbers(out_trade_no: str, trade_no: str) -> dict[str, object]:
    return {"trade_no": number(trade_no)} if trade_no else {"out_trade_no": number(out_trade_no)}


def _amount(amount_minor: int, currency: str) -> str:
    if amount_minor <= 0 or currency != CURRENCY:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    return plain_amount(amount_minor, currency)


def _call(
    config: AlipayConfig, method: str, content: Mapping[str, object], now: float, more: Mapping[str, str] | None = None
) -> Call:
    return Call("POST", config.api, form=_signed(config, method, content, now, more or {}))


def _signed(
    config: AlipayConfig, method: str, content: Mapping[str, object], now: float, more: Mapping[str, str]
) -> dict[str, str]:
    fields = {
        "app_id": config.app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": SIGN_TYPE,
        "timestamp": f"{datetime.fromtimestamp(now, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        **more,
    }
    if config.certificates is not None:
        fields["app_cert_sn"] = config.certificates.app_serial
        fields["alipay_root_cert_sn"] = config.certificates.root_serial
    return sign_request(config, fields)
